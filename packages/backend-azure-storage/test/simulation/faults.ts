/**
 * What goes wrong, decided request by request from the seed alone, so that a fault can be left out and everything else
 * stays as it was.
 */
import type { SimulatedRequest } from "../simulated-storage";
import { Random } from "../support/random";

export type FaultKind =
  "crashBefore" | "crashAfter" | "pauseBefore" | "pauseAfter" | "refused" | "answerLost" | "partition";

export interface Fault {
  readonly kind: FaultKind;
  /** How long a pause or a partition lasts. */
  readonly durationMs: number;
}

/** How often each fault strikes a request of a worker. Seeds differ: some crash a lot, some mostly pause, some neither. */
export type FaultRates = Readonly<Record<FaultKind, number>>;

export function randomRates(random: Random): FaultRates {
  const crash = random.pick([0, 0.003, 0.01, 0.025]);
  const pause = random.pick([0, 0.002, 0.006]);
  return {
    crashBefore: crash / 2,
    crashAfter: crash / 2,
    pauseBefore: pause / 2,
    pauseAfter: pause / 2,
    refused: random.pick([0, 0, 0.004, 0.03]),
    answerLost: random.pick([0, 0, 0.004, 0.02]),
    partition: random.pick([0, 0, 0.001]),
  };
}

/** A pause there lets an owner see messages of an ownership that is over. */
const PAUSE_MORE_OFTEN: ReadonlySet<string> = new Set(["receiveMessages", "transaction"]);
const LONGEST_MS = 25_000;

export class FaultPlan {
  #count = 0;

  /** @param leftOut Numbers of the requests to which nothing happens, whatever the seed says. */
  constructor(
    private readonly seed: number,
    private readonly rates: FaultRates,
    private readonly leftOut: ReadonlySet<number>,
  ) {}

  /** What happens to the next request of any worker, and the request's number. */
  next({ operation }: SimulatedRequest): { readonly number: number; readonly fault: Fault | undefined } {
    const number = ++this.#count;
    if (this.leftOut.has(number)) return { number, fault: undefined };
    const random = new Random(Math.imul(this.seed, 1_000_003) ^ number);
    for (const [kind, rate] of Object.entries(this.rates) as [FaultKind, number][]) {
      const likelier = kind.startsWith("pause") && PAUSE_MORE_OFTEN.has(operation) ? 4 : 1;
      if (random.chance(rate * likelier))
        return { number, fault: { kind, durationMs: 100 + random.int(LONGEST_MS) } };
    }
    return { number, fault: undefined };
  }
}
