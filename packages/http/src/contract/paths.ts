/** Where the API is, unless told otherwise: where Durable Functions has it. */
export const DEFAULT_PREFIX = "/runtime/webhooks/durabletask";

/** The path of an instance, below the prefix. */
export function instancePath(instanceId: string): string {
  return `/instances/${encodeURIComponent(instanceId)}`;
}
