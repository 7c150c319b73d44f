import type { FailureDetails, HistoryEvent, HistoryEventOf, HistoryEventType, Payload } from "@perdure/core";

const LONGEST_PAYLOAD = 100;
const DAY_MS = 86_400_000;

/**
 * A history as text for people, a line for each event: turns with their time and the time since the turn before,
 * decisions with their number, payloads shortened.
 */
export function formatHistory(events: readonly HistoryEvent[]): string {
  let before: number | undefined;
  const lines = events.map((event) => {
    if (event.type !== "OrchestratorStarted") return `  ${formatEvent(event)}`;
    const passed = before === undefined ? "" : `  (+${formatSpan(event.timestamp - before)})`;
    before = event.timestamp;
    return `${new Date(event.timestamp).toISOString()}${passed}`;
  });
  return lines.join("\n");
}

/** One event in one line, without its time. */
export function formatEvent(event: HistoryEvent): string {
  const describe: (event: never) => readonly (string | undefined)[] = details[event.type];
  return [event.type, ...describe(event as never)].filter((part) => part !== undefined).join(" ");
}

type Details = {
  readonly [K in HistoryEventType]: (event: HistoryEventOf<K>) => readonly (string | undefined)[];
};

const details: Details = {
  ExecutionStarted: ({ name, version, input }) => [
    quoted(name),
    version === undefined ? undefined : `version ${version}`,
    payload(input),
  ],
  OrchestratorStarted: () => [],
  TaskScheduled: ({ eventId, name, input, attempt = 1 }) => [
    number(eventId),
    quoted(name),
    attempt > 1 ? `attempt ${attempt}` : undefined,
    payload(input),
  ],
  TaskCompleted: ({ taskScheduledId, result }) => [number(taskScheduledId), payload(result)],
  TaskFailed: ({ taskScheduledId, failure }) => [number(taskScheduledId), failed(failure)],
  SubOrchestrationInstanceCreated: ({ eventId, name, instanceId, detached, input }) => [
    number(eventId),
    quoted(name),
    `as ${quoted(instanceId)}`,
    detached ? "detached" : undefined,
    payload(input),
  ],
  SubOrchestrationInstanceCompleted: ({ taskScheduledId, result }) => [
    number(taskScheduledId),
    payload(result),
  ],
  SubOrchestrationInstanceFailed: ({ taskScheduledId, failure }) => [
    number(taskScheduledId),
    failed(failure),
  ],
  TimerCreated: ({ eventId, fireAt, name }) => [
    number(eventId),
    name === undefined ? undefined : `(${name})`,
    `until ${new Date(fireAt).toISOString()}`,
  ],
  TimerFired: ({ timerId }) => [number(timerId)],
  TimerMoved: ({ timerId, fireAt, reason }) => [
    number(timerId),
    `to ${new Date(fireAt).toISOString()}`,
    reason,
  ],
  TimerCancelled: ({ timerId, reason }) => [number(timerId), reason],
  EventRaised: ({ name, input }) => [quoted(name), payload(input)],
  EventSent: ({ eventId, name, instanceId, input }) => [
    number(eventId),
    quoted(name),
    `to ${quoted(instanceId)}`,
    payload(input),
  ],
  TerminationSent: ({ eventId, instanceId, reason }) => [number(eventId), quoted(instanceId), reason],
  ExecutionSuspended: ({ reason }) => [reason],
  ExecutionResumed: ({ reason }) => [reason],
  ExecutionTerminated: ({ reason }) => [reason],
  ExecutionRewound: ({ reason }) => [reason],
  ExecutionBlocked: ({ reason }) => [reason.message],
  ExecutionCompleted: ({ status, output, failure }) => [status, payload(output), failure && failed(failure)],
};

function number(eventId: number): string {
  return `#${eventId}`;
}

function quoted(text: string): string {
  return `'${text}'`;
}

function failed({ errorType, errorMessage }: FailureDetails): string {
  return `${errorType}: ${shortened(errorMessage)}`;
}

function payload(text: Payload | undefined): string | undefined {
  return text === undefined ? undefined : shortened(text);
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= LONGEST_PAYLOAD
    ? line
    : `${line.slice(0, LONGEST_PAYLOAD)}… (${text.length} characters)`;
}

function formatSpan(ms: number): string {
  const parts = [
    [Math.floor(ms / DAY_MS), "d"],
    [Math.floor(ms / 3_600_000) % 24, "h"],
    [Math.floor(ms / 60_000) % 60, "m"],
    [(ms % 60_000) / 1000, "s"],
  ] as const;
  const shown = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount}${unit}`);
  return shown.length > 0 ? shown.join(" ") : "0s";
}
