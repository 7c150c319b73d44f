/**
 * What the code of one execution has decided and history has not recorded yet. Decisions are numbered from 0 in call
 * order; a recorded one must be the one the replayed code has just made again.
 */
import { InvalidDefinitionError } from "../errors";
import type { BlockedReason, DecisionEvent } from "../history/events";

/** Distributes over the union, so that each decision keeps its own fields. */
type WithoutStamp<T> = T extends DecisionEvent ? Omit<T, "eventId" | "timestamp"> : never;
export type Decision = WithoutStamp<DecisionEvent>;

const MAX_DECISIONS_PER_TURN = 100_000;

export class Decisions {
  #nextEventId = 0;
  readonly #pending = new Map<number, DecisionEvent>();

  /** @throws InvalidDefinitionError when there is no end of them. */
  add(toDecision: (eventId: number) => Decision, timestamp: number): number {
    if (this.#pending.size >= MAX_DECISIONS_PER_TURN) {
      throw new InvalidDefinitionError(
        `The orchestration made ${MAX_DECISIONS_PER_TURN} decisions in one turn without waiting: wait for tasks, or use ctx.map.`,
      );
    }
    const eventId = this.#nextEventId++;
    this.#pending.set(eventId, { ...toDecision(eventId), eventId, timestamp });
    return eventId;
  }

  isPending(eventId: number): boolean {
    return this.#pending.has(eventId);
  }

  /** Hands over what is to be recorded. */
  take(): readonly DecisionEvent[] {
    const decisions = [...this.#pending.values()];
    this.#pending.clear();
    return decisions;
  }

  /** Why a recorded decision is not what the code decided; `undefined` when it is. */
  confirm(recorded: DecisionEvent): BlockedReason | undefined {
    const actual = this.#pending.get(recorded.eventId);
    if (actual && actual.type === recorded.type && nameIn(actual) === nameIn(recorded)) {
      this.#pending.delete(recorded.eventId);
      return undefined;
    }
    return nonDeterminism(
      describe(recorded),
      actual ? describe(actual) : `nothing as decision #${recorded.eventId}`,
    );
  }

  /** Why history goes on without a decision the code has made; `undefined` when it has them all. */
  unrecorded(): BlockedReason | undefined {
    const [extra] = this.#pending.values();
    return extra && nonDeterminism(`no decision #${extra.eventId} at this point`, describe(extra));
  }
}

export function nonDeterminism(expected: string, actual: string): BlockedReason {
  return {
    kind: "NonDeterminism",
    message: `History has ${expected}; replaying the code gave ${actual}. Deploy code that decides as recorded, then resume the instance.`,
    expected,
    actual,
  };
}

function nameIn(event: DecisionEvent): string | undefined {
  if (event.type === "TimerCreated") return undefined;
  return event.type === "TerminationSent" ? event.instanceId : event.name;
}

function describe(event: DecisionEvent): string {
  const name = nameIn(event);
  return `${event.type}${name === undefined ? "" : ` '${name}'`} as decision #${event.eventId}`;
}
