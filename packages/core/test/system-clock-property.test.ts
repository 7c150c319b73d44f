import fc from "fast-check";
import { SteadyClock } from "../src";
import { Machine } from "./support/machine";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What happens to a machine's clock. `standMs` is how long a step stands before the clock is put right. */
type Happening =
  | { readonly kind: "run"; readonly ms: number; readonly reads: number }
  | { readonly kind: "suspend"; readonly ms: number }
  | { readonly kind: "slew"; readonly byMs: number }
  | { readonly kind: "step"; readonly byMs: number; readonly standMs: number }
  | { readonly kind: "drift"; readonly ppm: number };

const anything: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constant("run" as const),
    ms: fc.integer({ min: 0, max: HOUR_MS }),
    reads: fc.integer({ min: 0, max: 5 }),
  }),
  fc.record({ kind: fc.constant("suspend" as const), ms: fc.integer({ min: 0, max: 100 * HOUR_MS }) }),
  fc.record({ kind: fc.constant("slew" as const), byMs: fc.integer({ min: -400, max: 400 }) }),
  fc.record({
    kind: fc.constant("step" as const),
    byMs: fc.oneof(
      fc.integer({ min: 5000, max: 1e12 }),
      fc.integer({ min: -1e12, max: -5000 }),
      fc.constantFrom(HOUR_MS, -HOUR_MS, -Date.UTC(2030, 0, 1)),
    ),
    standMs: fc.integer({ min: 0, max: 9 * MINUTE_MS }),
  }),
  fc.record({ kind: fc.constant("drift" as const), ppm: fc.integer({ min: -200, max: 200 }) }),
);

/** Differences that are followed, sleeps too short to tell, and the coarse clock that tells of long ones. */
const BOUND_MS = 1000 + 2000 + 100;

async function live(
  happenings: readonly Happening[],
  check: (machine: Machine, clock: SteadyClock) => void,
): Promise<Machine> {
  const machine = new Machine();
  const clock = new SteadyClock(machine);
  for (const happening of happenings) {
    switch (happening.kind) {
      case "run":
        for (let i = 0; i < happening.reads; i++) {
          await runAndRead(machine, clock, happening.ms / happening.reads, check);
        }
        break;
      case "suspend":
        machine.suspend(happening.ms);
        check(machine, clock);
        break;
      case "slew":
        machine.errorMs = Math.max(-400, Math.min(400, machine.errorMs + happening.byMs));
        check(machine, clock);
        break;
      case "step":
        machine.errorMs += happening.byMs;
        check(machine, clock);
        await runAndRead(machine, clock, happening.standMs, check);
        machine.errorMs -= happening.byMs;
        check(machine, clock);
        break;
      case "drift":
        machine.drift = happening.ppm / 1e6;
    }
  }
  return machine;
}

async function runAndRead(
  machine: Machine,
  clock: SteadyClock,
  ms: number,
  check: (machine: Machine, clock: SteadyClock) => void,
): Promise<void> {
  for (let left = ms; left > 0; left -= MINUTE_MS) {
    await machine.run(Math.min(left, MINUTE_MS));
    check(machine, clock);
  }
}

describe("SteadyClock, whatever happens to the machine's", () => {
  it("T6: is never ahead or behind by more than seconds, if steps stand for less than ten minutes", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 30 }), async (happenings) => {
        await live(happenings, (machine, clock) => {
          expect(Math.abs(clock.now() - machine.time)).toBeLessThanOrEqual(BOUND_MS);
        });
      }),
      { numRuns: 300 },
    ));

  it("T6: never goes back, if no step is believed", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 30 }), async (happenings) => {
        let before = 0;
        await live(happenings, (_machine, clock) => {
          expect(clock.now()).toBeGreaterThanOrEqual(before);
          before = clock.now();
        });
      }),
      { numRuns: 300 },
    ));

  it("T6: counts steady time, never back", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 30 }), async (happenings) => {
        let before = 0;
        await live(happenings, (_machine, clock) => {
          const elapsed = clock.elapsed();
          expect(elapsed).toBeGreaterThanOrEqual(before);
          before = elapsed;
        });
      }),
      { numRuns: 300 },
    ));

  it("T6: follows the machine's when that has stood for a quarter of an hour", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anything, { maxLength: 30 }),
        fc.integer({ min: -1e10, max: 1e10 }),
        async (happenings, errorMs) => {
          let clock: SteadyClock | undefined;
          const machine = await live(happenings, (_machine, used) => (clock = used));
          if (!clock) return;
          machine.errorMs = errorMs;
          for (let minute = 0; minute < 16; minute++) {
            clock.now();
            await machine.run(MINUTE_MS);
          }

          expect(Math.abs(clock.now() - machine.wall())).toBeLessThanOrEqual(20);
        },
      ),
      { numRuns: 300 },
    ));
});
