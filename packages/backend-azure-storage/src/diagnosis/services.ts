import type { ActivityMessage, TaskMessage } from "@perdure/core";
import type { DeadLetters } from "../dead-letters";
import type { HistoryTable } from "../history-table";
import type { InstanceTable } from "../instance-table";
import type { LeaseTable } from "../lease-table";
import type { HubNames } from "../names";
import type { Payloads } from "../payloads";
import type { Settings } from "../settings";
import type { ClockSkew } from "../storage-clock";
import type { QueueStore, Storage } from "../storage/storage";

/** What diagnosis needs of a backend. */
export interface DiagnosisServices {
  readonly settings: Settings;
  readonly names: HubNames;
  readonly storage: Storage;
  readonly leases: LeaseTable;
  readonly history: HistoryTable;
  readonly instances: InstanceTable;
  readonly payloads: Payloads;
  readonly deadLetters: DeadLetters;
  readonly clockSkew: () => ClockSkew | undefined;
  readonly partitionCount: () => Promise<number>;
  readonly controlQueue: (partition: number) => QueueStore;
  readonly send: (message: TaskMessage) => Promise<void>;
  readonly sendActivity: (message: ActivityMessage) => Promise<void>;
  readonly createTaskHub: () => Promise<void>;
}
