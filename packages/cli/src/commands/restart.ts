import { Command, Option } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Cli } from "../cli";

export function restartCommand(cli: Cli): CommandUnknownOpts {
  return new Command("restart")
    .summary("start an instance again with the same input")
    .description(
      "Starts an instance with the name, version, tags and input of another one. Prints the id of the new one.",
    )
    .argument("<instance>", "id of the instance")
    .addOption(new Option("--new-id <id>", "id of the new one (default: a random one)").conflicts("sameId"))
    .addOption(new Option("--same-id", "under the same id; it must have finished"))
    .action((instanceId, { newId, sameId }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        const { id } = await client.restart(instanceId, { newInstanceId: sameId ? false : (newId ?? true) });
        terminal.show({ instanceId: id, restarted: instanceId }, () => id);
      }),
    );
}
