import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { formatHistory } from "@perdure/testing";
import type { Cli } from "../cli";
import { usageFailure } from "../failures";
import { printable } from "../output/text";
import { recordOf } from "../replaying/recorded";

export function historyCommand(cli: Cli): CommandUnknownOpts {
  return new Command("history")
    .summary("show what an instance has done")
    .description("Shows the events of an instance, of its current generation, oldest first.")
    .argument("<instance>", "id of the instance")
    .option(
      "--export <file>",
      "write them to a file that 'perdure replay' and @perdure/testing read; not over another file",
    )
    .action((instanceId, { export: target }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        if (target !== undefined) {
          const file = path.resolve(cli.surroundings.workingFolder, target);
          await writeNew(file, `${JSON.stringify(await recordOf(client, instanceId), null, 2)}\n`);
          terminal.say(`Written to ${file}.`);
          return;
        }
        const events = await client.history(instanceId);
        terminal.show({ instanceId, events }, () =>
          events.length === 0 ? "No history yet: no worker has taken it." : printable(formatHistory(events)),
        );
      }),
    );
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw usageFailure(`${file} is there already.`, "Give another file, or remove it first.");
    throw usageFailure(
      `${file} cannot be written (${code ?? "unknown"}).`,
      "Check the folder and its permissions.",
    );
  }
}
