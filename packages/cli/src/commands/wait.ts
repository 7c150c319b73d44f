import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { InstanceDetails, ManagementClient } from "@perdure/http";
import { optional } from "@perdure/core";
import { durationOf } from "../arguments/times";
import type { Cli } from "../cli";
import { CommandFailure } from "../failures";
import type { Terminal } from "../output/terminal";

export function waitCommand(cli: Cli): CommandUnknownOpts {
  return new Command("wait")
    .summary("wait for the end of an instance, and print its output")
    .description(
      "Waits until an instance has finished and prints its output as JSON. Ends with 7 when it failed or was terminated.",
    )
    .argument("<instance>", "id of the instance")
    .option("--timeout <duration>", "how long to wait at most (default: for ever)")
    .action(async (instanceId, { timeout }, command) => {
      const timeoutMs = timeout === undefined ? undefined : durationOf(timeout, "--timeout");
      await cli.operate(command, async ({ client }, terminal, ending) =>
        showEnd(await waitForEnd(client, instanceId, timeoutMs, ending), terminal),
      );
    });
}

/** @throws CommandFailure when time runs out. */
export async function waitForEnd(
  client: ManagementClient,
  instanceId: string,
  timeout: number | undefined,
  signal: AbortSignal,
): Promise<InstanceDetails> {
  return client.waitForCompletion(instanceId, { signal, ...optional("timeout", timeout) });
}

/** Prints the output of an instance that has finished. @throws CommandFailure when it did not complete. */
export function showEnd(instance: InstanceDetails, terminal: Terminal): void {
  const { instanceId, runtimeStatus, output, failure } = instance;
  if (terminal.isJson) terminal.document(instance);
  else if (runtimeStatus === "Completed" && output !== null) terminal.document(output);
  if (runtimeStatus === "Completed") return;
  const how = runtimeStatus === "Terminated" ? "was terminated" : "failed";
  const why = failure ? `: ${failure.errorMessage}` : ".";
  throw new CommandFailure(
    "instanceFailed",
    terminal.isJson ? "" : `Instance '${instanceId}' ${how}${why}`,
    runtimeStatus === "Failed" ? [`More: perdure get ${instanceId}`] : [],
  );
}
