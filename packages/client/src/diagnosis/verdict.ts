/** The answer in words. */
import { isTerminal } from "@perdure/core";
import type { ActivityWait, Explanation, Wait } from "./explanation";
import { momentText, titleOf } from "./texts";

type Facts = Omit<Explanation, "verdict" | "next">;

interface Verdict {
  readonly verdict: string;
  readonly next: string;
}

/** @param now Milliseconds since the epoch. */
export function verdictOf(facts: Facts, now: number): Verdict {
  const [gravest] = facts.findings;
  if (isTerminal(facts.status)) return finished(facts, now);
  if (gravest) return { verdict: gravest.message, next: gravest.advice };
  if (facts.suspended) return suspended(facts, now);
  if (facts.waitingMessages > 0) return ready(facts);
  return waiting(facts, now);
}

function finished(facts: Facts, now: number): Verdict {
  const { status, failure, since, findings } = facts;
  const why = failure ? `: ${failure.errorType}: ${failure.errorMessage}` : ".";
  const next =
    findings[0]?.advice ??
    (status === "Failed"
      ? "Nothing, unless it is rewound (tries again what failed) or restarted."
      : "Nothing: it has finished.");
  return { verdict: `${titleOf(facts)} is ${status} since ${momentText(since.getTime(), now)}${why}`, next };
}

function suspended({ suspended: facts, ...rest }: Facts, now: number): Verdict {
  const since = facts ? ` since ${momentText(facts.since.getTime(), now)}` : "";
  const why = facts?.reason === undefined ? "" : `: ${facts.reason}`;
  return {
    verdict: `${titleOf(rest)} is suspended${since}${why}.`,
    next: "Resume it: what arrived meanwhile is processed then.",
  };
}

function ready(facts: Facts): Verdict {
  const { waitingMessages, owner } = facts;
  const messages = waitingMessages === 1 ? "a message" : `${waitingMessages} messages`;
  if (owner?.isAlive === false) return { ...noWorker(facts, `has ${messages} to process`) };
  const who = owner?.worker === undefined ? "A worker" : `Worker '${owner.worker}'`;
  return {
    verdict: `${titleOf(facts)} has ${messages} to process.`,
    next: `${who} processes ${waitingMessages === 1 ? "it" : "them"} next.`,
  };
}

function noWorker(facts: Facts, what: string): Verdict {
  const last = facts.owner?.worker === undefined ? "" : ` (the last one was '${facts.owner.worker}')`;
  return {
    verdict: `${titleOf(facts)} ${what}, and no worker is there to do it${last}.`,
    next: "Start a worker.",
  };
}

function waiting(facts: Facts, now: number): Verdict {
  const { waitsFor, owner, status } = facts;
  if (waitsFor.length === 0) return nothingKnown(facts, now);
  const texts = waitsFor.slice(0, 3).map((wait) => waitText(wait, now));
  const more = waitsFor.length > texts.length ? `, and ${waitsFor.length - texts.length} more` : "";
  const verb = status === "Pending" ? "has not started yet: it waits" : "waits";
  const needsWorker = waitsFor.some(({ kind }) => kind === "activity");
  if (owner?.isAlive === false && needsWorker) return noWorker(facts, `waits for ${texts.join("; ")}${more}`);
  const isAny = waitsFor.length > 1;
  return {
    verdict: `${titleOf(facts)} ${verb} for ${texts.join("; ")}${more}.`,
    next: `It goes on ${nextText(waitsFor, now)}${isAny ? ", or when another of these ends, as its code has it" : ""}${owner?.isAlive === false ? ", once a worker is there: none is now" : ""}.`,
  };
}

function nothingKnown(facts: Facts, now: number): Verdict {
  if (facts.owner?.isAlive === false) return noWorker(facts, "waits to be taken");
  if (facts.status === "Pending")
    return {
      verdict: `${titleOf(facts)} has not started yet: it was created at ${momentText(facts.createdAt.getTime(), now)}.`,
      next: "A worker takes it next, if one is there.",
    };
  return {
    verdict: `${titleOf(facts)} is ${facts.status}; its last change was at ${momentText(facts.lastUpdatedAt.getTime(), now)}.`,
    next: "It is being processed, or about to be.",
  };
}

function waitText(wait: Wait, now: number): string {
  const since = `since ${momentText(wait.since.getTime(), now)}`;
  switch (wait.kind) {
    case "timer": {
      const name = wait.name === undefined ? `timer ${wait.timerId}` : `the timer '${wait.name}'`;
      return `${name}, due at ${momentText(wait.dueAt.getTime(), now)}`;
    }
    case "start":
      return `its start at ${momentText(wait.dueAt.getTime(), now)}`;
    case "event":
      return `the event '${wait.name}', ${since}`;
    case "activity":
      return `activity '${wait.name}' (attempt ${wait.attempt}), ${activityText(wait)} ${since}`;
    case "subOrchestration":
      return `sub-orchestration '${wait.instanceId}' (${wait.status ?? "not created yet"}), ${since}`;
  }
}

function activityText({ state, worker }: ActivityWait): string {
  const by = worker === undefined ? "" : ` by '${worker}'`;
  switch (state) {
    case "queued":
      return "queued";
    case "running":
      return `running${by}`;
    case "held":
      return `run in memory${by}`;
    case "ended":
      return "ended, with its result on the way,";
    case "unknown":
      return "queued or running";
  }
}

function nextText(waitsFor: readonly Wait[], now: number): string {
  const [first] = waitsFor;
  switch (first?.kind) {
    case "timer":
    case "start":
      return `at ${momentText(first.dueAt.getTime(), now)}`;
    case "event":
      return `when somebody raises the event '${first.name}'`;
    case "activity":
      return `when activity '${first.name}' has ended`;
    case "subOrchestration":
      return `when '${first.instanceId}' has finished`;
    case undefined:
      return "by itself";
  }
}
