import { WorkItemLockLostError } from "@perdure/core";

export function lockLost(what: string): WorkItemLockLostError {
  return new WorkItemLockLostError(`${what} is not locked by this worker any more: nothing was changed.`);
}
