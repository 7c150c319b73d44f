import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Cli } from "../cli";
import { explanationText } from "../output/diagnosis";

export function explainCommand(cli: Cli): CommandUnknownOpts {
  return new Command("explain")
    .summary("say why an instance does not go on")
    .description(
      "Says what an instance waits for, since when, who owns it, what comes next, and what is wrong with it.",
    )
    .argument("<instance>", "id of the instance")
    .action((instanceId, _options, command) =>
      cli.operate(
        command,
        async ({ client }, terminal) => {
          const explanation = await client.explain(instanceId);
          const now = cli.surroundings.clock.now();
          terminal.show(explanation, () => explanationText(explanation, now, terminal.dataColors));
        },
        { tolerant: true }, // it only reads
      ),
    );
}
