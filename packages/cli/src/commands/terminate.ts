import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Cli } from "../cli";

export function terminateCommand(cli: Cli): CommandUnknownOpts {
  return new Command("terminate")
    .summary("end an instance")
    .description("Ends an instance with status Terminated, whatever it is doing. Its code does not go on.")
    .argument("<instance>", "id of the instance")
    .option("--reason <text>", "why; kept with the instance")
    .option("--recursive", "its running sub-orchestrations, too")
    .action((instanceId, { reason, recursive }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        await client.terminate(instanceId, reason, { recursive: recursive === true });
        terminal.done({ instanceId }, "It ends as soon as a worker has seen this.");
      }),
    );
}
