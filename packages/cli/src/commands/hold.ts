import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { ManagementClient } from "@perdure/http";
import type { Cli } from "../cli";

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly act: (client: ManagementClient, instanceId: string, reason: string | undefined) => Promise<void>;
  readonly done: string;
}

export function suspendCommand(cli: Cli): CommandUnknownOpts {
  return verbCommand(cli, {
    name: "suspend",
    summary: "hold an instance",
    description:
      "Holds an instance: none of its code runs until 'perdure resume'. Activities that run go on.",
    act: (client, instanceId, reason) => client.suspend(instanceId, reason),
    done: "It is held as soon as a worker has seen this.",
  });
}

export function resumeCommand(cli: Cli): CommandUnknownOpts {
  return verbCommand(cli, {
    name: "resume",
    summary: "let a suspended or blocked instance go on",
    description: "Lets a suspended or blocked instance go on.",
    act: (client, instanceId, reason) => client.resume(instanceId, reason),
    done: "It goes on as soon as a worker has seen this.",
  });
}

export function rewindCommand(cli: Cli): CommandUnknownOpts {
  return verbCommand(cli, {
    name: "rewind",
    summary: "let a failed instance try again what failed",
    description:
      "Lets a failed instance go on from before what made it fail: the activities and sub-orchestrations that failed run again.",
    act: (client, instanceId, reason) => client.rewind(instanceId, reason),
    done: "It tries again as soon as a worker has seen this.",
  });
}

function verbCommand(cli: Cli, { name, summary, description, act, done }: Verb): CommandUnknownOpts {
  return new Command(name)
    .summary(summary)
    .description(description)
    .argument("<instance>", "id of the instance")
    .option("--reason <text>", "why; kept with the instance")
    .action((instanceId, { reason }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        await act(client, instanceId, reason);
        terminal.done({ instanceId }, done);
      }),
    );
}
