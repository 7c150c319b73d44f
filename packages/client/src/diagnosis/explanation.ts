import type { BlockedReason, FailureDetails, Finding, RuntimeStatus } from "@perdure/core";

/** A timer that has neither fired nor been cancelled. */
export interface TimerWait {
  readonly kind: "timer";
  readonly timerId: number;
  readonly since: Date;
  readonly dueAt: Date;
  /** Given by the code. */
  readonly name?: string;
}

/** The delayed start of the instance itself. */
export interface StartWait {
  readonly kind: "start";
  readonly since: Date;
  readonly dueAt: Date;
}

/** An external event that the code waits for. Of many the oldest 16. */
export interface EventWait {
  readonly kind: "event";
  readonly name: string;
  readonly since: Date;
}

export interface ActivityWait {
  readonly kind: "activity";
  /** Number of the decision that scheduled it. */
  readonly taskId: number;
  readonly name: string;
  /** 1 at first. */
  readonly attempt: number;
  readonly since: Date;
  /**
   * `queued`: any worker may take it. `running`: one has. `held`: the owner of the instance runs it in memory, or is
   * about to. `ended`: its result is on the way. `unknown`: this storage does not tell.
   */
  readonly state: "queued" | "running" | "held" | "ended" | "unknown";
  /** Who runs or holds it, where that is known. */
  readonly worker?: string;
  /** Times it has been taken from the queue. */
  readonly deliveryCount?: number;
}

export interface SubOrchestrationWait {
  readonly kind: "subOrchestration";
  readonly taskId: number;
  readonly name: string;
  readonly instanceId: string;
  readonly since: Date;
  /** Absent while there is no such instance. */
  readonly status?: RuntimeStatus;
}

/** Something that the instance does not go on without. */
export type Wait = TimerWait | StartWait | EventWait | ActivityWait | SubOrchestrationWait;

/** Who works on the part of the hub that the instance is in. */
export interface InstanceOwner {
  readonly partition: number;
  /** Absent when nobody does. */
  readonly worker?: string;
  /** When its claim ends unless it is renewed. */
  readonly until?: Date;
  readonly isAlive: boolean;
}

/** Why an instance does not go on, or that it does. Plain data: JSON holds it, with dates as ISO 8601 texts. */
export interface Explanation {
  readonly instanceId: string;
  readonly executionId: string;
  /** Of the orchestration. */
  readonly name: string;
  readonly status: RuntimeStatus;
  /** The answer, in a sentence or two. */
  readonly verdict: string;
  /** What happens next, or what to do, in a sentence. */
  readonly next: string;
  /** Since when it stands as it does: of what it waits for, of its suspension, else of the last change. */
  readonly since: Date;
  readonly createdAt: Date;
  readonly lastUpdatedAt: Date;
  /** What it waits for: work first, then events, then timers by due time. Empty once it has finished. */
  readonly waitsFor: readonly Wait[];
  /** Absent where storage does not tell, or has no owners. */
  readonly owner?: InstanceOwner;
  /** Messages for it that storage shows and nobody has processed. Timers that are not due are not among them. */
  readonly waitingMessages: number;
  /** Most times one of those has been delivered. */
  readonly deliveryCount: number;
  readonly suspended?: { readonly since: Date; readonly reason?: string };
  readonly blocked?: BlockedReason;
  readonly failure?: FailureDetails;
  /** Its messages that could not be processed. */
  readonly deadLetters: readonly {
    readonly id: string;
    readonly reason: string;
    readonly deadLetteredAt: Date;
    readonly deliveryCount: number;
  }[];
  /** What is wrong with it. `doctor` repairs what is fixable. */
  readonly findings: readonly Finding[];
}
