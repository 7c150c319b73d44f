/** Why one instance does not go on: what it waits for, since when, who owns it and what comes next. */
import { START_TIMER_ID, durationMs, isTerminal, optional } from "@perdure/core";
import type {
  ActivityWhereabouts,
  DeadLetter,
  Duration,
  HistoryEventOf,
  InstanceStatus,
  OpenActivity,
  OpenTimer,
  PartitionOwnership,
  Trouble,
} from "@perdure/core";
import type { Connection } from "../connection";
import { lookAt } from "./case";
import type { Case } from "./case";
import type { ActivityWait, Explanation, InstanceOwner, Wait } from "./explanation";
import { toFinding } from "./finding";
import { Repairs } from "./repairs";
import { deadLetterTrouble, troublesOf } from "./troubles";
import type { Examination } from "./troubles";
import { verdictOf } from "./verdict";

export interface ExplainOptions {
  /** What has not changed for this long may be called lost. Default: 1 min. */
  readonly grace?: Duration;
}

export const DEFAULT_GRACE = "1m";
const SECOND_LOOK_MS = 500;
const MOST_DEAD_LETTERS = 1000;
const MOST_TOLD = 10;

/** @throws InstanceNotFoundError; InvalidArgumentError for a bad grace. */
export async function explain(
  connection: Connection,
  instanceId: string,
  { grace = DEFAULT_GRACE }: ExplainOptions = {},
): Promise<Explanation> {
  const graceMs = durationMs(grace, "grace");
  await connection.instances();
  const examination = (): Examination => ({
    now: connection.clock.now(),
    graceMs,
    repairs: new Repairs(connection),
  });
  let subject = await lookAt(connection.backend, instanceId);
  if (!isTerminal(subject.status.status) && troublesOf(subject, examination()).length > 0) {
    await connection.clock.sleep(SECOND_LOOK_MS); // time may mend it
    subject = await lookAt(connection.backend, instanceId);
  }
  const examined = examination();
  const { now } = examined;
  const { status, history, whereabouts } = subject;
  const letters = await deadLettersOf(connection, instanceId);
  const troubles = [
    ...letters.map((letter) => deadLetterTrouble(letter, status, examined)),
    ...troublesOf(subject, examined),
  ].sort(byGravity);
  const waitsFor = waitsOf(subject);
  const suspended = suspensionIn(subject);
  const messages = whereabouts?.messages.filter(({ visibleAt = now }) => visibleAt <= now) ?? [];
  const facts = {
    ...{ instanceId, executionId: status.executionId, name: status.name, status: status.status },
    since: new Date(sinceOf(status, history.at(-1)?.timestamp, suspended?.timestamp)),
    createdAt: new Date(status.createdAt),
    lastUpdatedAt: new Date(status.lastUpdatedAt),
    waitsFor,
    ...optional("owner", ownerOf(whereabouts?.ownership)),
    waitingMessages: messages.length,
    deliveryCount: messages.reduce((most, { deliveryCount }) => Math.max(most, deliveryCount), 0),
    ...optional(
      "suspended",
      suspended && { since: new Date(suspended.timestamp), ...optional("reason", suspended.reason) },
    ),
    ...optional("blocked", status.blocked),
    ...optional("failure", status.failure),
    deadLetters: letters.map(({ id, reason, deadLetteredAt, deliveryCount }) => ({
      ...{ id, reason, deliveryCount },
      deadLetteredAt: new Date(deadLetteredAt),
    })),
    findings: troubles.map((trouble) => toFinding(trouble)),
  };
  return { ...facts, ...verdictOf(facts, now) };
}

async function deadLettersOf(connection: Connection, instanceId: string): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let seen = 0;
  for await (const letter of connection.backend.deadLetters.list()) {
    if (letter.instanceId === instanceId) letters.push(letter);
    if (letters.length >= MOST_TOLD || ++seen >= MOST_DEAD_LETTERS) break;
  }
  return letters;
}

const GRAVITY = { error: 0, warning: 1, info: 2 } as const;

function byGravity(a: Trouble, b: Trouble): number {
  return GRAVITY[a.severity] - GRAVITY[b.severity];
}

function waitsOf(subject: Case): readonly Wait[] {
  const { open, status } = subject;
  return [
    ...open.activities.map((activity) => activityWait(activity, subject)),
    ...open.children.map(({ event }): Wait => {
      const { eventId: taskId, name, instanceId, timestamp } = event;
      const child = subject.children.get(instanceId)?.status;
      return {
        ...{ kind: "subOrchestration", taskId, name, instanceId, since: new Date(timestamp) },
        ...optional("status", child),
      };
    }),
    ...startOf(subject),
    ...(status.awaitedEvents ?? []).map(({ name, since }): Wait => ({
      kind: "event",
      name,
      since: new Date(since),
    })),
    ...[...open.timers].sort((a, b) => a.fireAt - b.fireAt).map(timerWait),
  ];
}

function timerWait({ timerId, createdAt, fireAt, name }: OpenTimer): Wait {
  const times = { since: new Date(createdAt), dueAt: new Date(fireAt) };
  if (timerId === START_TIMER_ID) return { kind: "start", ...times };
  return { kind: "timer", timerId, ...times, ...optional("name", name) };
}

/** Of a delayed instance that no worker has seen yet. */
function startOf({ status, history }: Case): readonly Wait[] {
  const { createdAt, scheduledStartTime } = status;
  if (history.length > 0 || scheduledStartTime === undefined || scheduledStartTime <= createdAt) return [];
  return [{ kind: "start", since: new Date(createdAt), dueAt: new Date(scheduledStartTime) }];
}

function activityWait({ event, message, resultId }: OpenActivity, { whereabouts }: Case): ActivityWait {
  const place = whereabouts?.activities.find(
    ({ executionId, taskScheduledId }) =>
      executionId === message.executionId && taskScheduledId === event.eventId,
  );
  const hasEnded = whereabouts?.messages.some(({ id }) => id === resultId) ?? false;
  return {
    ...{ kind: "activity", taskId: event.eventId, name: event.name, attempt: event.attempt ?? 1 },
    since: new Date(event.timestamp),
    ...(hasEnded ? { state: "ended" } : placeOf(place)),
  };
}

function placeOf(
  place: ActivityWhereabouts | undefined,
): Pick<ActivityWait, "state" | "worker" | "deliveryCount"> {
  if (!place) return { state: "unknown" };
  const { place: state, worker, deliveryCount } = place;
  return { state, ...optional("worker", worker), deliveryCount };
}

function ownerOf(ownership: PartitionOwnership | undefined): InstanceOwner | undefined {
  if (!ownership) return undefined;
  const { partition, owner, expiresAt, isAlive } = ownership;
  return {
    ...{ partition, isAlive },
    ...optional("worker", owner),
    ...optional("until", expiresAt === undefined ? undefined : new Date(expiresAt)),
  };
}

function suspensionIn({ status, history }: Case): HistoryEventOf<"ExecutionSuspended"> | undefined {
  if (status.status !== "Suspended") return undefined;
  return history.findLast(
    (event): event is HistoryEventOf<"ExecutionSuspended"> => event.type === "ExecutionSuspended",
  );
}

function sinceOf(
  status: InstanceStatus,
  lastEventAt: number | undefined,
  suspendedAt: number | undefined,
): number {
  if (isTerminal(status.status)) return status.completedAt ?? status.lastUpdatedAt;
  return suspendedAt ?? lastEventAt ?? status.lastUpdatedAt;
}
