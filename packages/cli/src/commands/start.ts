import { Command, Option } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { StartRequest } from "@perdure/http";
import { optional } from "@perdure/core";
import type { TerminalStatus } from "@perdure/core";
import { payloadOf } from "../arguments/json";
import { durationOf, momentOf } from "../arguments/times";
import { list, tag } from "../arguments/values";
import type { Cli, Work } from "../cli";
import { statusesOf } from "./filter";
import { showEnd, waitForEnd } from "./wait";

const FINISHED: readonly TerminalStatus[] = ["Completed", "Failed", "Terminated"];

export function startCommand(cli: Cli): CommandUnknownOpts {
  return new Command("start")
    .summary("start an instance")
    .description(
      "Starts an instance of an orchestration. Prints its id; with --wait, waits for the end and prints the output.",
    )
    .argument("<orchestration>", "name of the orchestration")
    .argument("[input]", "JSON, @file, or - for standard input")
    .option("--id <id>", "id of the instance (default: a random one)")
    .option("--at <time>", "when it begins")
    .option("--delay <duration>", "how long from now it begins, such as 10m")
    .option("--tag <name=value>", "kept with it, for queries; may be repeated", tag)
    .option("--code-version <text>", "recorded with it, for code that asks for its version")
    .addOption(
      new Option(
        "--if-exists <what>",
        "when the id is taken: fail, or attach to the instance there is",
      ).choices(["fail", "attach"] as const),
    )
    .option(
      "--reuse <list>",
      `statuses in which an instance of this id is replaced: ${FINISHED.join(", ")}`,
      list,
    )
    .option("--idempotency-key <text>", "a repeat with the same key starts nothing")
    .option("--wait", "wait for the end, and print the output")
    .option("--timeout <duration>", "how long --wait waits at most")
    .action(async (orchestration, given, options, command) => {
      const { surroundings } = cli;
      const {
        id,
        at,
        delay,
        tag: tags,
        codeVersion,
        ifExists,
        reuse,
        idempotencyKey,
        wait,
        timeout,
      } = options;
      const now = surroundings.clock.now();
      const timeoutMs = timeout === undefined ? undefined : durationOf(timeout, "--timeout");
      const request: StartRequest = {
        ...optional("instanceId", id),
        ...(at === undefined ? {} : { startAt: momentOf(at, now, "--at", "from now") }),
        ...(delay === undefined ? {} : { delay: durationOf(delay, "--delay") }),
        ...optional("tags", tags),
        ...optional("version", codeVersion),
        ...optional("ifExists", ifExists),
        ...(reuse === undefined ? {} : { reuse: statusesOf(reuse, FINISHED) }),
        ...optional("idempotencyKey", idempotencyKey),
      };
      const input = await payloadOf(given, "input", surroundings);
      const work: Work = async ({ client }, terminal, ending) => {
        const started = await client.start(orchestration, input, request);
        if (wait) {
          showEnd(await waitForEnd(client, started.id, timeoutMs, ending), terminal);
          return;
        }
        terminal.show({ instanceId: started.id, created: started.created }, () => started.id);
        if (!started.created) terminal.say("It was there already; nothing was started.");
      };
      await cli.operate(command, work, { create: true });
    });
}
