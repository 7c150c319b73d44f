/**
 * What is wrong with one instance. What only seems lost (storage does not show everything) counts as lost when its time
 * has long passed while somebody is at work and nothing lies about; sending it again has no effect if it was not.
 */
import { completionForParent, isTerminal } from "@perdure/core";
import type {
  DeadLetter,
  FailureDetails,
  InstanceStatus,
  InstanceWhereabouts,
  OpenActivity,
  OpenChild,
  OpenTimer,
  Trouble,
} from "@perdure/core";
import type { Case } from "./case";
import type { Repairs } from "./repairs";
import { momentText, subjectOf, titleOf } from "./texts";

/** Deliveries of one message that are no accident. */
const MANY_DELIVERIES = 5;

export interface Examination {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What has not changed for this long may be called lost, in milliseconds. */
  readonly graceMs: number;
  readonly repairs: Repairs;
}

/** Troubles of an instance, the gravest first. */
export function troublesOf(subject: Case, examination: Examination): readonly Trouble[] {
  const { status } = subject;
  if (status.status === "Failed") return failureTroubles(status, examination);
  if (isTerminal(status.status)) return [];
  const examined = new Examined(subject, examination);
  return [
    ...examined.blocked(),
    ...examined.lost(),
    ...examined.late(),
    ...examined.poisoned(),
    ...examined.stuck(),
  ];
}

/** @param status Of the instance that the letter is for, if there is one. */
export function deadLetterTrouble(
  letter: DeadLetter,
  status: InstanceStatus | undefined,
  { now, repairs }: Examination,
): Trouble {
  const { id, instanceId, reason, deliveryCount, deadLetteredAt } = letter;
  const canHelp = status !== undefined && !isTerminal(status.status);
  return {
    ...{ kind: "DeadLetter", severity: "error", subject: { type: "deadLetter", id }, instanceId },
    since: new Date(deadLetteredAt),
    message: `A message for instance '${instanceId}' could not be processed and lies among the dead letters since ${momentText(deadLetteredAt, now)}, after ${deliveryCount} deliveries: ${reason}`,
    advice: canHelp
      ? "Mend the cause, then redrive it: it is delivered again."
      : `The instance ${status ? `is ${status.status}` : "does not exist"}: discard it, unless you know better.`,
    ...(canHelp && { repair: () => repairs.redrive(id) }),
  };
}

/** Whether a failure, or what caused it, is that no worker knew the activity. */
export function isUnknownActivity(failure: FailureDetails | undefined): boolean {
  for (let link = failure; link; link = link.innerFailure)
    if (link.errorType === "ActivityNotRegistered") return true;
  return false;
}

function failureTroubles(status: InstanceStatus, { now, repairs }: Examination): readonly Trouble[] {
  const { instanceId, failure, completedAt = status.lastUpdatedAt } = status;
  const subject = { subject: subjectOf(status), instanceId, since: new Date(completedAt) };
  const repair = { repair: () => repairs.rewind(instanceId) };
  if (subject.subject.type === "schedule") {
    return [
      {
        ...{ kind: "StuckSchedule", severity: "error", ...subject, ...repair },
        message: `${titleOf(status)} has failed at ${momentText(completedAt, now)} and starts nothing any more: ${failure?.errorMessage ?? "no reason is stored"}`,
        advice: "Rewind it, or delete it and create it again.",
      },
    ];
  }
  if (status.parent || !isUnknownActivity(failure)) return []; // failing is no trouble of the hub, and a child's is its parent's
  return [
    {
      ...{ kind: "UnknownActivity", severity: "error", ...subject, ...repair },
      message: `${titleOf(status)} failed at ${momentText(completedAt, now)} because no worker had an activity that it called: ${failure?.errorMessage ?? ""}`,
      advice: "Register the activity with a worker, then rewind the instance.",
    },
  ];
}

class Examined {
  private readonly status: InstanceStatus;
  private readonly whereabouts: InstanceWhereabouts | undefined;
  private readonly messageIds: ReadonlySet<string>;

  constructor(
    private readonly subject: Case,
    private readonly examination: Examination,
  ) {
    this.status = subject.status;
    this.whereabouts = subject.whereabouts;
    this.messageIds = new Set(this.whereabouts?.messages.map(({ id }) => id));
  }

  blocked(): readonly Trouble[] {
    const { status } = this;
    const { blocked, lastUpdatedAt, instanceId } = status;
    if (status.status !== "Blocked" || !blocked) return [];
    const isUnknown = blocked.kind === "UnknownOrchestration";
    return [
      this.trouble({
        kind: isUnknown ? "UnknownOrchestration" : "BlockedInstance",
        since: lastUpdatedAt,
        message: `${this.title} is blocked since ${this.moment(lastUpdatedAt)}: ${blocked.message}`,
        advice: isUnknown
          ? "Register the orchestration with a worker, then resume the instance."
          : "Deploy code that fits its history, then resume the instance.",
        repair: () => this.examination.repairs.resume(instanceId),
      }),
    ];
  }

  lost(): readonly Trouble[] {
    if (!this.whereabouts) return [];
    const { open } = this.subject;
    return [
      ...this.lostStart(),
      ...open.timers.flatMap((timer) => this.lostTimer(timer)),
      ...open.activities.flatMap((activity) => this.lostActivity(activity)),
      ...open.children.flatMap((child) => this.lostChild(child)),
    ];
  }

  /** Timers that are due, and whose messages are there. */
  late(): readonly Trouble[] {
    if (this.whereabouts?.ownership?.isAlive === false) return []; // told once, of the hub
    const timer = this.subject.open.timers.find(
      ({ fireAt, message }) => this.isOver(fireAt) && this.isThere(message.id),
    );
    if (!timer) return [];
    return [
      this.trouble({
        kind: subjectOf(this.status).type === "schedule" ? "StuckSchedule" : "OverdueTimer",
        severity: "warning",
        since: timer.fireAt,
        message: `${this.title} waits for a timer that was due at ${this.moment(timer.fireAt)}; its message is there, and nobody has taken it.`,
        advice: "Its worker is behind or its turn fails: look at the load and the log of the workers.",
      }),
    ];
  }

  poisoned(): readonly Trouble[] {
    const [worst] = [...(this.whereabouts?.messages ?? [])].sort((a, b) => b.deliveryCount - a.deliveryCount);
    if (!worst || worst.deliveryCount < MANY_DELIVERIES) return [];
    return [
      this.trouble({
        kind: "PoisonedInstance",
        since: this.status.lastUpdatedAt,
        message: `A message (${worst.type}) for ${this.title} has been delivered ${worst.deliveryCount} times, and each turn failed.`,
        advice: "The log of the workers says why; mend that before the message becomes a dead letter.",
      }),
    ];
  }

  stuck(): readonly Trouble[] {
    const { open } = this.subject;
    const { status, lastUpdatedAt, awaitedEvents = [], instanceId } = this.status;
    const waits = open.timers.length + open.activities.length + open.children.length + awaitedEvents.length;
    if (status !== "Running" || waits > 0 || !this.isOver(lastUpdatedAt)) return [];
    if (!this.whereabouts || this.whereabouts.messages.length > 0 || !this.isQuiet) return [];
    return [
      this.trouble({
        kind: "StuckInstance",
        severity: "warning",
        since: lastUpdatedAt,
        message: `${this.title} is Running since ${this.moment(lastUpdatedAt)} and waits for nothing that is known.`,
        advice: "Resume it, which gives its code a turn; if that does not help, restart it.",
        repair: () => this.examination.repairs.resume(instanceId),
      }),
    ];
  }

  private lostStart(): readonly Trouble[] {
    const { status, createdAt, instanceId } = this.status;
    if (status !== "Pending" || this.subject.history.length > 0 || !this.isOver(createdAt)) return [];
    if (this.whereabouts?.messages.some(({ type }) => type === "ExecutionStarted")) return [];
    if (!this.whereabouts?.hasAllMessages && !this.isQuiet) return [];
    return [
      this.lostMessage(createdAt, "the message that starts it", () =>
        this.examination.repairs.start(instanceId),
      ),
    ];
  }

  private lostTimer({ message, fireAt, createdAt, timerId }: OpenTimer): readonly Trouble[] {
    if (this.isThere(message.id) || !this.isOver(createdAt)) return [];
    const isGone = this.whereabouts?.hasAllMessages ?? false;
    if (!isGone && !(this.isOver(fireAt) && this.isQuiet)) return [];
    const what = `the message of its timer ${timerId}, due at ${this.moment(fireAt)},`;
    return [
      this.lostMessage(Math.min(fireAt, this.examination.now), what, () =>
        this.examination.repairs.send(message),
      ),
    ];
  }

  private lostActivity({ event, message, resultId }: OpenActivity): readonly Trouble[] {
    const { whereabouts } = this;
    if (!this.isOver(event.timestamp) || !whereabouts?.hasAllActivities || this.isThere(resultId)) return [];
    if (!whereabouts.hasAllMessages && !this.isQuiet) return []; // its result may be on the way
    const isSomewhere = whereabouts.activities.some(
      ({ executionId, taskScheduledId }) =>
        executionId === message.executionId && taskScheduledId === event.eventId,
    );
    if (isSomewhere) return [];
    const what = `activity '${event.name}', scheduled at ${this.moment(event.timestamp)},`;
    return [this.lostMessage(event.timestamp, what, () => this.examination.repairs.sendActivity(message))];
  }

  private lostChild({ event, message }: OpenChild): readonly Trouble[] {
    if (!this.isOver(event.timestamp)) return [];
    const child = this.subject.children.get(event.instanceId);
    if (child) return isChildOf(child, this.status, event.eventId) ? this.lostResult(child) : [];
    const whereabouts = this.subject.missingChildren.get(event.instanceId);
    if (!whereabouts || !message || whereabouts.messages.some(({ id }) => id === message.id)) return [];
    if (!whereabouts.hasAllMessages && !isQuiet(whereabouts)) return [];
    const what = `the start of its sub-orchestration '${event.instanceId}',`;
    return [this.lostMessage(event.timestamp, what, () => this.examination.repairs.startChild(message))];
  }

  private lostResult(child: InstanceStatus): readonly Trouble[] {
    const { status, instanceId, completedAt = child.lastUpdatedAt } = child;
    if (!isTerminal(status) || !this.isOver(completedAt)) return [];
    if (completionForParent(child).some(({ id }) => this.isThere(id))) return [];
    if (!this.whereabouts?.hasAllMessages && !this.isQuiet) return [];
    const what = `the result of its sub-orchestration '${instanceId}', which is ${status},`;
    return [this.lostMessage(completedAt, what, () => this.examination.repairs.sendResult(child))];
  }

  private lostMessage(since: number, what: string, repair: () => Promise<string>): Trouble {
    return this.trouble({
      ...{ kind: "LostMessage", since, repair },
      message: `${this.title} waits for ${what} and that is nowhere in storage.`,
      advice: "Send it again; the instance drops it if it comes twice.",
    });
  }

  private trouble({
    since,
    severity = "error",
    ...rest
  }: Pick<Trouble, "kind" | "message" | "advice" | "repair"> & {
    readonly since: number;
    readonly severity?: Trouble["severity"];
  }): Trouble {
    const { instanceId } = this.status;
    return { ...rest, severity, subject: subjectOf(this.status), instanceId, since: new Date(since) };
  }

  /** Whether the one who should act is there and not behind: what is due would have happened. */
  private get isQuiet(): boolean {
    return this.whereabouts !== undefined && isQuiet(this.whereabouts);
  }

  private isThere(messageId: string): boolean {
    return this.messageIds.has(messageId);
  }

  private isOver(time: number): boolean {
    return time + this.examination.graceMs <= this.examination.now;
  }

  private get title(): string {
    return titleOf(this.status);
  }

  private moment(time: number): string {
    return momentText(time, this.examination.now);
  }
}

function isQuiet({ ownership, isBehind }: InstanceWhereabouts): boolean {
  return !isBehind && ownership?.isAlive !== false;
}

function isChildOf({ parent }: InstanceStatus, status: InstanceStatus, taskId: number): boolean {
  return (
    parent?.instanceId === status.instanceId &&
    parent.executionId === status.executionId &&
    parent.taskScheduledId === taskId
  );
}
