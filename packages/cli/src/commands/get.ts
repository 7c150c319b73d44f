import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { InstanceNotFoundError } from "@perdure/core";
import type { Cli } from "../cli";
import { instanceText } from "../output/instances";

export function getCommand(cli: Cli): CommandUnknownOpts {
  return new Command("get")
    .summary("show an instance")
    .description("Shows an instance as it stands: status, input, output, failure, what it was started by.")
    .argument("<instance>", "id of the instance")
    .action((instanceId, _options, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        const instance = await client.get(instanceId);
        if (!instance) throw new InstanceNotFoundError(instanceId);
        terminal.show(instance, () => instanceText(instance, terminal.dataColors));
      }),
    );
}
