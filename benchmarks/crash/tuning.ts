import type { AzureStorageTuning } from "@perdure/backend-azure-storage";

export const TASK_HUB = "Crash";
export const WORKERS = 3;

/**
 * Short times, so that what a dead worker had in hand comes back within seconds; the defaults are ten times as long.
 *
 * @param pace Multiplies them, for machines that are slow or busy: there a lease of three seconds runs out by itself.
 */
export function tuning(pace: number): AzureStorageTuning {
  return {
    partitionCount: 4,
    leaseRenewInterval: 1000 * pace,
    idleLeaseRenewInterval: 1000 * pace,
    messageVisibility: 6000 * pace,
    maxPollInterval: 1000,
  };
}
