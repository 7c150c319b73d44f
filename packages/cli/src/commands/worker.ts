import { once } from "node:events";
import { Command, Option } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { optional } from "@perdure/core";
import type { LogLevel } from "@perdure/core";
import { durationOf } from "../arguments/times";
import type { Cli } from "../cli";
import { placeText } from "../connection/place";
import { namesOf, startUserWorker } from "../running/user-worker";
import { userFileOf } from "../user-code/load";
import { loaded } from "../user-code/load-failure";
import { storagePlace } from "./storage-place";

const LEVELS = ["debug", "info", "warn", "error"] as const satisfies readonly LogLevel[];

export function workerCommand(cli: Cli): CommandUnknownOpts {
  return new Command("worker")
    .summary("run your code")
    .description(
      "Runs the orchestrations and activities that a file exports, until Ctrl+C or SIGTERM: then it takes no more work, and lets what runs finish. Logs are JSON lines on standard error.",
    )
    .argument("[file]", "the file that exports them (default: a usual one, such as src/orchestrations.ts)")
    .option(
      "--shutdown-timeout <duration>",
      "how long activities may take to finish when it ends (default: 30s)",
    )
    .addOption(new Option("--log-level <level>", "what is logged").choices(LEVELS).default("warn" as const))
    .action(async (named, { shutdownTimeout, logLevel }, command) => {
      const { surroundings } = cli;
      const terminal = cli.terminal(command);
      const place = storagePlace(cli.place(command), "worker");
      const file = userFileOf(named, surroundings);
      const timeoutMs =
        shutdownTimeout === undefined ? undefined : durationOf(shutdownTimeout, "--shutdown-timeout");
      const worker = await loaded(file, () =>
        startUserWorker(file, place, surroundings, {
          logLevel,
          ...optional("shutdownTimeout", timeoutMs),
        }),
      );
      const { orchestrations, activities } = worker.code;
      if (terminal.isJson) {
        terminal.record({
          event: "running",
          orchestrations: namesOf(orchestrations),
          activities: namesOf(activities),
        });
      } else
        terminal.say(
          `Running ${namesOf([...orchestrations, ...activities]).join(", ")} on ${placeText(place)}. Ctrl+C ends it.`,
        );
      if (!surroundings.ending.aborted) await once(surroundings.ending, "abort");
      await worker.stop();
      if (terminal.isJson) terminal.record({ event: "stopped" });
      else terminal.say("Stopped.");
    });
}
