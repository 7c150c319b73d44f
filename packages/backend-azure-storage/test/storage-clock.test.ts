import fc from "fast-check";
import { VirtualClock } from "@perdure/core";
import type { Clock } from "@perdure/core";
import { StorageClock } from "../src/storage-clock";

const START = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;

/** Storage goes by the truth; the machine's clock is wrong, its steady clock is not. */
class World {
  readonly truth = new VirtualClock(START);
  errorMs: number;
  readonly clock: StorageClock;

  constructor(errorMs: number) {
    this.errorMs = errorMs;
    const local: Clock = {
      now: () => this.truth.now() + this.errorMs,
      elapsed: () => this.truth.now() - START,
      sleep: (ms, signal) => this.truth.sleep(ms, signal),
    };
    this.clock = new StorageClock(local);
  }

  /** A request takes effect at some moment on its way; its date may be older. */
  request(pauseMs = 0, onWayMs = 0, backMs = 0, staleMs = 0, dateErrorMs = 0): void {
    this.pass(pauseMs);
    const sentAt = this.clock.sent();
    this.pass(onWayMs);
    const date = Math.floor((this.truth.now() - staleMs + dateErrorMs) / 1000) * 1000;
    this.pass(backMs);
    this.clock.answered(sentAt, date);
  }

  pass(ms: number): void {
    this.truth.jumpTo(this.truth.now() + ms);
  }

  /** How far the clock is ahead of storage's. */
  get error(): number {
    return this.clock.now() - this.truth.now();
  }
}

describe("StorageClock", () => {
  it("R6: is the machine's before the first answer", () => {
    const world = new World(1234);

    expect(world.error).toBe(1234);
    expect(world.clock.skew).toBeUndefined();
    expect(world.clock.serviceTime()).toBeUndefined();
  });

  it("R6: leaves alone a machine's clock that may be right", () => {
    const world = new World(0);

    for (let n = 0; n < 1000; n++) world.request(37, 20, 20);

    expect(world.error).toBe(0);
  });

  it.each([HOUR_MS, -HOUR_MS, 5000, -5000])(
    "R6: is never ahead of storage's if the machine's is off by %p ms",
    (errorMs) => {
      const world = new World(errorMs);
      for (let n = 0; n < 200; n++) {
        world.request(37, 20, 20);
        expect(world.error).toBeLessThanOrEqual(0);
        expect(world.error).toBeGreaterThan(-1100);
      }
      expect(world.error).toBeGreaterThan(-100);
      expect(Math.abs((world.clock.skew?.aheadMs ?? 0) - errorMs)).toBeLessThanOrEqual(
        world.clock.skew?.uncertaintyMs ?? 0,
      );
      expect(world.clock.skew?.uncertaintyMs).toBeLessThan(250);
    },
  );

  it("R6: is within the bounds that its answers leave, however long they take and stale they are", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.array(fc.tuple(fc.nat(100_000), fc.nat(3000), fc.nat(3000), fc.nat(250)), {
          minLength: 1,
          maxLength: 50,
        }),
        (errorMs, requests) => {
          const world = new World(errorMs);
          for (const [pauseMs, onWayMs, backMs, staleMs] of requests) {
            world.request(pauseMs, onWayMs, backMs, staleMs);
            const { aheadMs = 0, uncertaintyMs = 0 } = world.clock.skew ?? {};
            expect(Math.abs(aheadMs - errorMs)).toBeLessThanOrEqual(uncertaintyMs + 1);
            expect(Math.abs(world.error)).toBeLessThanOrEqual(2 * uncertaintyMs + 1);
            if (Math.abs(errorMs) > 10_000) expect(world.error).toBeLessThanOrEqual(0);
          }
        },
      ),
      { numRuns: 1000 },
    ));

  it("T6: does not follow the machine's clock after the first answer", () => {
    const world = new World(0);
    world.request();

    world.errorMs = HOUR_MS;

    expect(world.error).toBe(0);
    expect(world.clock.skew?.aheadMs).toBeGreaterThan(HOUR_MS - 1000);
  });

  it("R6: believes one server of many that differs from all others at its third answer in a row", () => {
    const world = new World(0);
    for (let n = 0; n < 100; n++) world.request(137);
    for (let n = 0; n < 10; n++) {
      world.request(137, 0, 0, 0, 60_000);
      world.request(137, 0, 0, 0, 60_000);
      expect(world.error).toBe(0);
      world.request(137);
    }

    for (let n = 0; n < 3; n++) world.request(137, 0, 0, 0, 60_000);

    expect(world.error).toBeGreaterThan(58_000);
    expect(world.error).toBeLessThanOrEqual(60_000);
  });

  it("T6: wakes a long sleep for what has come nearer, and no earlier", async () => {
    const world = new World(0);
    world.request();
    let isAwake = false;
    const until = world.clock.now() + 2 * HOUR_MS;
    void world.clock.sleep(2 * HOUR_MS).then(() => (isAwake = true));
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    };

    for (let n = 0; n < 3; n++) world.request(0, 0, 0, 0, HOUR_MS);
    await settle();
    expect(isAwake).toBe(false);
    expect(world.truth.nextDue).toBe(START + until - world.clock.now());
    for (let n = 0; n < 3; n++) world.request(0, 0, 0, 0, 3 * HOUR_MS);
    await settle();

    expect(isAwake).toBe(true);
    expect(world.truth.nextDue).toBeUndefined();
  });

  it("ends a long sleep when the signal aborts, leaving no sleeper", async () => {
    const world = new World(0);
    const abort = new AbortController();
    const sleep = world.clock.sleep(2 * HOUR_MS, abort.signal);

    abort.abort();
    await sleep;
    await world.clock.sleep(2 * HOUR_MS, abort.signal);

    expect(world.truth.nextDue).toBeUndefined();
  });
});
