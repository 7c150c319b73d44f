/** What a process asks of storage. */
export type StorageOperation =
  /** A worker takes an instance that has messages. */
  | "lockInstance"
  /** A worker reads state and history. */
  | "load"
  /** A worker commits a turn. */
  | "checkpoint"
  /** A worker gives activities to the work-item queue. */
  | "handOver"
  /** A worker has no more to do for an instance. */
  | "release"
  /** A worker gives an instance back, to be tried again. */
  | "abandon"
  /** A worker takes an activity from the work-item queue. */
  | "lockActivity"
  /** A worker sends the result of an activity from the work-item queue. */
  | "completeActivity"
  /** A client starts an instance. */
  | "create"
  /** A client sends a message to an instance. */
  | "send"
  /** A client reads the status of an instance. */
  | "get"
  /** A client reads a history. */
  | "getHistory"
  /** A client lists instances. */
  | "query"
  /** A client deletes an instance. */
  | "purge";

export type Side = "before" | "after";

/** Sees, delays and fails the operations of one process. */
export interface StorageObserver {
  /** Called on both sides of an operation. What it throws the operation throws; what it waits for it waits for. */
  around(operation: StorageOperation, side: Side, instanceId: string | undefined): Promise<void>;
}

/** An operation with its observer on both sides. */
export async function observed<T>(
  observer: StorageObserver,
  operation: StorageOperation,
  instanceId: string | undefined,
  action: () => Promise<T>,
): Promise<T> {
  await observer.around(operation, "before", instanceId);
  const result = await action();
  await observer.around(operation, "after", instanceId);
  return result;
}
