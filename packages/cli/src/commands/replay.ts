import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { RUNTIME_STATUSES, isTerminal } from "@perdure/core";
import { readText } from "../arguments/json";
import type { Cli } from "../cli";
import { CommandFailure } from "../failures";
import { countText, printable } from "../output/text";
import type { Terminal } from "../output/terminal";
import { ReplayTally } from "../replaying/tally";
import { loadUserCode, userFileOf } from "../user-code/load";
import { loaded } from "../user-code/load-failure";
import { filterOf, filterOptions, givenFilter, statusesOf } from "./filter";

export function replayCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command("replay")
    .summary("check that code fits recorded histories, before it is deployed")
    .description(
      "Replays recorded histories against your code, and tells which instances it would block. Nothing runs, and nothing is changed. Without ids and files: all instances that have not finished, or those that match. Ends with 8 when code does not fit.",
    )
    .argument("[recorded...]", "ids of instances, or files that 'perdure history --export' wrote")
    .option("--code <file>", "the file that exports your orchestrations (default: a usual one)");
  for (const option of filterOptions()) command.addOption(option);
  return command.action(async (recorded, { code: named }, own) => {
    const { surroundings } = cli;
    const file = userFileOf(named, surroundings);
    const code = await loaded(file, () => loadUserCode(file, surroundings));
    const tally = new ReplayTally(code.orchestrations);
    const { status, ...options } = givenFilter(own);
    const filter = filterOf(options, surroundings);
    const statuses = status === undefined ? UNFINISHED : statusesOf(status, RUNTIME_STATUSES);
    const files = recorded.filter(isFile);
    const ids = recorded.filter((one) => !isFile(one));
    for (const name of files) {
      const source = path.resolve(surroundings.workingFolder, name);
      tally.check(await readText(source, "recorded history"), source);
    }
    if (ids.length > 0 || files.length === 0)
      await cli.operate(own, async ({ client }) => {
        for (const instanceId of ids) await tally.checkInstance(client, instanceId);
        if (ids.length > 0) return;
        for await (const { instanceId, name } of client.list({ ...filter, status: statuses }))
          await tally.checkListed(client, instanceId, name);
      });
    report(tally, cli.terminal(own));
  });
}

const UNFINISHED = RUNTIME_STATUSES.filter((status) => !isTerminal(status));

/** Ids have no slashes and hardly ever this ending. */
function isFile(text: string): boolean {
  return text.endsWith(".json") || /[\\/]/.test(text);
}

/** @throws CommandFailure when something does not fit. */
function report({ checked, divergences, unknown }: ReplayTally, terminal: Terminal): void {
  terminal.show({ checked, divergences, unknown }, () =>
    [
      ...divergences.map(({ message }) => `${printable(message)}\n`),
      ...unknown.map(({ instanceId, name }) =>
        printable(`${instanceId}: your code has no orchestration '${name}'`),
      ),
      `${countText(checked, "instance")} replayed: ${divergences.length === 0 ? "your code fits." : `your code does not fit ${divergences.length} of them.`}`,
    ].join("\n"),
  );
  if (divergences.length > 0) throw new CommandFailure("findings", "");
}
