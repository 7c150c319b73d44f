import { InstanceNotFoundError, encode, optional } from "@perdure/core";
import type { ManagementClient } from "@perdure/http";
import type { Fixture } from "@perdure/testing";
import { CommandFailure } from "../failures";

/**
 * An instance in the form in which @perdure/testing keeps and replays recorded histories.
 *
 * @throws InstanceNotFoundError; CommandFailure when it has no history yet.
 */
export async function recordOf(client: ManagementClient, instanceId: string): Promise<Fixture> {
  const instance = await client.get(instanceId, { showInput: false });
  if (!instance) throw new InstanceNotFoundError(instanceId);
  const history = await client.history(instanceId);
  if (history.length === 0) {
    throw new CommandFailure(
      "conflict",
      `Instance '${instanceId}' has no history yet: no worker has taken it.`,
      ["Record it once it has started."],
    );
  }
  const { name, version, runtimeStatus, customStatus } = instance;
  return {
    ...{ formatVersion: 1, instanceId, name, status: runtimeStatus, history },
    ...optional("version", version),
    ...optional("customStatus", customStatus === null ? undefined : encode(customStatus, "custom status")),
  };
}
