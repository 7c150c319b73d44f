import { BackendConfigurationError } from "@perdure/core";

/** Names of a task hub's tables, queues and container: Durable Task's, where the fact stored is the same. */
export interface HubNames {
  readonly history: string;
  readonly instances: string;
  readonly partitions: string;
  readonly deadLetters: string;
  readonly workItems: string;
  readonly largeMessages: string;
  control(partition: number): string;
}

/**
 * @param taskHub 3 to 45 letters and digits, a letter first (the rule of Durable Functions).
 * @throws BackendConfigurationError for any other name.
 */
export function hubNames(taskHub: string): HubNames {
  if (!/^[A-Za-z][A-Za-z0-9]{2,44}$/.test(taskHub)) {
    throw new BackendConfigurationError(
      `The task hub name '${taskHub}' cannot be used: give 3 to 45 letters and digits, a letter first.`,
    );
  }
  const lower = taskHub.toLowerCase();
  return {
    history: `${taskHub}History`,
    instances: `${taskHub}Instances`,
    partitions: `${taskHub}Partitions`,
    deadLetters: `${taskHub}DeadLetters`,
    workItems: `${lower}-workitems`,
    largeMessages: `${lower}-largemessages`,
    control: (partition) => `${lower}-control-${partition.toString().padStart(2, "0")}`,
  };
}

/** An instance id as table key and blob folder. Ids hold none of the characters keys forbid; `^` is Durable Task's escape. */
export function keyOf(instanceId: string): string {
  return instanceId.replaceAll("^", "^^");
}

export function instanceIdOf(key: string): string {
  return key.replaceAll("^^", "^");
}

/** FNV-1a over the id's UTF-8 bytes, modulo the number of partitions: Durable Task's assignment. */
export function partitionOf(instanceId: string, partitionCount: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(instanceId, "utf8")) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % partitionCount;
}
