/**
 * What a backend can tell of its hub besides what runs on it: who owns what, where messages are, what is wrong. For
 * operators. Nothing here is needed to run orchestrations, and nothing changes the hub but `fix` and the verbs that
 * say so.
 */
import type { ActivityMessage, MessageEventType } from "./messages";

/** What is wrong. Each kind has a row in `docs/reference/findings.md`. */
export type FindingKind =
  /** Storage does not answer, or refuses. */
  | "StorageUnreachable"
  | "StorageAccessDenied"
  | "StorageSlow"
  /** A part of the hub (a table, a queue, a row) is not there. */
  | "StorageIncomplete"
  | "ClockSkew"
  /** Work is there, and no process that takes it. */
  | "NoWorker"
  /** A partition is held by a process that is gone, or whose time is up. */
  | "StuckLease"
  /** History says that a message was sent, and it is nowhere. */
  | "LostMessage"
  | "OverdueTimer"
  /** Messages were delivered again and again. */
  | "PoisonedInstance"
  | "DeadLetter"
  /** Code and history disagree. */
  | "BlockedInstance"
  | "UnknownOrchestration"
  | "UnknownActivity"
  /** Running, and waits for nothing. */
  | "StuckInstance"
  | "StuckSchedule"
  /** Payloads, histories and messages of instances that are not there. */
  | "OrphanPayload"
  | "OrphanHistory"
  | "OrphanMessage"
  /** The hub is larger than one look goes; there may be more. */
  | "Incomplete";

export const FINDING_KINDS: readonly FindingKind[] = [
  "StorageUnreachable",
  "StorageAccessDenied",
  "StorageSlow",
  "StorageIncomplete",
  "ClockSkew",
  "NoWorker",
  "StuckLease",
  "LostMessage",
  "OverdueTimer",
  "PoisonedInstance",
  "DeadLetter",
  "BlockedInstance",
  "UnknownOrchestration",
  "UnknownActivity",
  "StuckInstance",
  "StuckSchedule",
  "OrphanPayload",
  "OrphanHistory",
  "OrphanMessage",
  "Incomplete",
];

/** What a finding is about. `id` names it among its type. */
export interface FindingSubject {
  readonly type:
    | "hub"
    | "instance"
    | "partition"
    | "table"
    | "queue"
    | "container"
    | "file"
    | "payload"
    | "deadLetter"
    | "schedule";
  readonly id: string;
}

/** One trouble. Plain data: JSON holds it, with dates as ISO 8601 texts. */
export interface Finding {
  readonly kind: FindingKind;
  /** `error`: something does not go on. `warning`: it may come to that, or costs room. `info`: good to know. */
  readonly severity: "error" | "warning" | "info";
  readonly subject: FindingSubject;
  /** Set when it concerns one instance. */
  readonly instanceId?: string;
  readonly since?: Date;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly advice: string;
  /** Whether `fix` does something about it. */
  readonly fixable: boolean;
  /** Set when `fix` was asked for and it is fixable. */
  readonly fix?: FixReport;
}

export interface FixReport {
  readonly done: boolean;
  /** What was done, or why it could not be. */
  readonly message: string;
}

/** A finding before it is told, with what repairs it. Resolves with what was done; what it throws is told instead. */
export interface Trouble extends Omit<Finding, "fixable" | "fix"> {
  readonly repair?: () => Promise<string>;
}

/** Who works on a part of the hub. */
export interface PartitionOwnership {
  readonly partition: number;
  /** Absent when nobody does. */
  readonly owner?: string;
  /** When its claim ends unless it is renewed, milliseconds since the epoch. */
  readonly expiresAt?: number;
  /** Whether the owner is at work, as far as storage and this machine tell. */
  readonly isAlive: boolean;
}

/** A message of an instance that has not been processed. */
export interface WaitingMessage {
  readonly id: string;
  readonly type: MessageEventType;
  /** Absent: it can be had. Milliseconds since the epoch. */
  readonly visibleAt?: number;
  /** Times it has been delivered. */
  readonly deliveryCount: number;
}

/** Where an activity of an instance is. */
export interface ActivityWhereabouts {
  readonly executionId: string;
  readonly taskScheduledId: number;
  /** `held`: by the owner of the instance, which runs it in memory or is about to. */
  readonly place: "queued" | "running" | "held";
  /** Who runs or holds it, where that is known. */
  readonly worker?: string;
  /** Not before then, milliseconds since the epoch. Of what is queued. */
  readonly visibleAt?: number;
  /** Times it has been delivered; 0 of what is held. */
  readonly deliveryCount: number;
}

/** What storage has for one instance beside its state and history. */
export interface InstanceWhereabouts {
  /** Absent where a hub has no partitions. */
  readonly ownership?: PartitionOwnership;
  readonly messages: readonly WaitingMessage[];
  /** Whether `messages` are all there are. Queues do not show what is hidden or far behind. */
  readonly hasAllMessages: boolean;
  readonly activities: readonly ActivityWhereabouts[];
  /** Whether an activity that is not among `activities` is nowhere. */
  readonly hasAllActivities: boolean;
  /** Whether messages that could be had have waited for longer than a moment: the owner is behind, or there is none. */
  readonly isBehind: boolean;
}

export interface CheckOptions {
  /** What has not changed for this long may be called lost or orphaned, in milliseconds. */
  readonly graceMs: number;
  /** Most rows, messages or blobs to look at in each place. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** What `Backend.diagnostics` answers. */
export interface HubDiagnostics {
  /** By number. Empty where a hub has no partitions. */
  partitions(): Promise<readonly PartitionOwnership[]>;
  /** Of an instance that need not exist. */
  whereabouts(instanceId: string): Promise<InstanceWhereabouts>;
  /** Troubles that only this backend can have. Changes nothing; what a trouble's `repair` does is safe beside workers. */
  check(options: CheckOptions): AsyncIterable<Trouble>;
  /** Queues the start of an instance again that is Pending and has no history. False when there is none. */
  sendStart(instanceId: string): Promise<boolean>;
  /** Queues an activity, which may then run again. */
  sendActivity(message: ActivityMessage): Promise<void>;
}
