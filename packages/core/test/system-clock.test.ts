import { BackendConfigurationError, SteadyClock, assertClockIsSet, reportSteps, spanText } from "../src";
import type { ClockStep, Clock } from "../src";
import { VirtualClock, silentLogger } from "../src";
import { Machine } from "./support/machine";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const CONFIRM_MS = 600_000;

function setUp(): { machine: Machine; clock: SteadyClock; steps: ClockStep[] } {
  const machine = new Machine();
  const clock = new SteadyClock(machine);
  const steps: ClockStep[] = [];
  clock.onStep((step) => steps.push(step));
  return { machine, clock, steps };
}

function isDone(sleep: Promise<void>): () => boolean {
  let done = false;
  void sleep.then(() => (done = true));
  return () => done;
}

/** How far the clock is ahead of true time. */
const errorOf = (clock: Clock, machine: Machine): number => clock.now() - Math.floor(machine.time);

describe("SteadyClock", () => {
  it("shows whole milliseconds of the machine's time", async () => {
    const { machine, clock } = setUp();
    expect(clock.now()).toBe(machine.wall());

    await machine.run(1234.5);

    expect(errorOf(clock, machine)).toBe(0);
    expect(Number.isInteger(clock.now())).toBe(true);
  });

  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["ten years back", -10 * 365 * 24 * HOUR_MS],
    ["to 1970", -Date.UTC(2030, 0, 1)],
    ["two seconds ahead", 2000],
  ])("T6: that jumps %s and is put right within ten minutes changes nothing", async (_name, errorMs) => {
    const { machine, clock, steps } = setUp();
    const sleep = isDone(clock.sleep(HOUR_MS));
    await machine.run(MINUTE_MS);

    machine.errorMs = errorMs;
    for (let i = 0; i < 9; i++) {
      await machine.run(MINUTE_MS);
      expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    }
    machine.errorMs = 0;
    await machine.run(49 * MINUTE_MS);
    expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    expect(sleep()).toBe(false);
    await machine.run(MINUTE_MS);

    await Promise.resolve();
    expect(sleep()).toBe(true);
    expect(steps.map(({ state }) => state)).toEqual(["seen", "undone"]);
    expect(Math.abs((steps[0]?.byMs ?? 0) - errorMs)).toBeLessThanOrEqual(2);
  });

  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
  ])("T6: that jumps %s is followed once that has stood for ten minutes", async (_name, errorMs) => {
    const { machine, clock, steps } = setUp();
    machine.errorMs = errorMs;
    clock.now();

    await machine.run(CONFIRM_MS - 1);
    expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    await machine.run(1);

    expect(Math.abs(errorOf(clock, machine) - errorMs)).toBeLessThanOrEqual(1);
    expect(steps.map(({ state }) => state)).toEqual(["seen", "believed"]);
  });

  it("T6: that jumps again has to stand for ten minutes from then", async () => {
    const { machine, clock, steps } = setUp();
    for (const errorMs of [HOUR_MS, 2 * HOUR_MS, -HOUR_MS, HOUR_MS, 3 * HOUR_MS]) {
      machine.errorMs = errorMs;
      clock.now();
      await machine.run(CONFIRM_MS - MINUTE_MS);
      expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    }

    expect(steps.map(({ state }) => state)).toEqual(["seen"]);
    await machine.run(MINUTE_MS);
    expect(Math.abs(errorOf(clock, machine) - 3 * HOUR_MS)).toBeLessThanOrEqual(1);
  });

  it("T6: that jumps to 1970 is never followed, however long that stands", async () => {
    const { machine, clock } = setUp();
    machine.errorMs = -machine.time;
    clock.now();

    await machine.run(30 * 24 * HOUR_MS);

    expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    expect(clock.isSet).toBe(true);
  });

  it("T6: that has not been set when the process starts is followed as soon as it is", async () => {
    const machine = new Machine();
    machine.errorMs = -machine.time;
    const clock = new SteadyClock(machine);
    expect(clock.isSet).toBe(false);
    await machine.run(MINUTE_MS);

    machine.errorMs = 0;

    expect(errorOf(clock, machine)).toBe(0);
    expect(clock.isSet).toBe(true);
  });

  it.each([700, -700])(
    "T6: that is put %p ms off is followed at a twentieth of the pace",
    async (errorMs) => {
      const { machine, clock, steps } = setUp();
      machine.errorMs = errorMs;
      let before = clock.now();
      for (let ms = 0; ms < Math.abs(errorMs) / 0.05; ms += 10) {
        await machine.run(10);
        const now = clock.now();
        expect(now - before).toBeGreaterThanOrEqual(9);
        expect(now - before).toBeLessThanOrEqual(11);
        before = now;
      }

      expect(Math.abs(errorOf(clock, machine) - errorMs)).toBeLessThanOrEqual(3);
      expect(steps).toEqual([]);
    },
  );

  it("T6: whose steady clock drifts by 200 ppm stays with the machine's time", async () => {
    const { machine, clock, steps } = setUp();
    machine.drift = 0.0002;
    for (let hour = 0; hour < 100; hour++) {
      await machine.run(HOUR_MS);
      clock.now();
      await machine.run(MINUTE_MS);
      expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(20);
    }

    expect(steps).toEqual([]);
  });

  it("T6: of a machine that sleeps for 8 hours goes on at once with the right time", async () => {
    const { machine, clock, steps } = setUp();
    const sleep = isDone(clock.sleep(HOUR_MS));
    await machine.run(1000);

    machine.suspend(8 * HOUR_MS + 567);

    expect(errorOf(clock, machine)).toBe(0);
    expect(sleep()).toBe(false);
    await machine.run(MINUTE_MS);
    await Promise.resolve();
    expect(sleep()).toBe(true);
    expect(steps).toEqual([]);
  });

  it("T6: of a machine that sleeps while its wall clock stands still is at most two seconds late", async () => {
    const { machine, clock } = setUp();
    await machine.run(1000);

    machine.suspend(8 * HOUR_MS);
    machine.errorMs = -8 * HOUR_MS;
    await machine.run(MINUTE_MS);

    expect(errorOf(clock, machine)).toBeLessThanOrEqual(0);
    expect(errorOf(clock, machine)).toBeGreaterThanOrEqual(-2000);
  });

  it("T6: that is put right while the machine sleeps is right at once", async () => {
    const { machine, clock, steps } = setUp();
    machine.errorMs = HOUR_MS;
    clock.now();
    await machine.run(MINUTE_MS);

    machine.suspend(8 * HOUR_MS);
    machine.errorMs = 0;

    expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    expect(steps.map(({ state }) => state)).toEqual(["seen", "undone"]);
  });

  it("T6: that jumped before the machine slept has to stand for the rest of the ten minutes", async () => {
    const { machine, clock, steps } = setUp();
    machine.errorMs = HOUR_MS;
    clock.now();
    await machine.run(CONFIRM_MS / 2);

    machine.suspend(8 * HOUR_MS + 567);
    expect(Math.abs(errorOf(clock, machine))).toBeLessThanOrEqual(1);
    await machine.run(CONFIRM_MS / 2);

    expect(errorOf(clock, machine)).toBe(HOUR_MS);
    expect(steps.map(({ state }) => state)).toEqual(["seen", "believed"]);
  });

  it("T6: of a machine without uptime does not take its sleep for granted", async () => {
    const machine = new Machine();
    machine.uptime = () => Number.NaN;
    const clock = new SteadyClock(machine);

    machine.suspend(HOUR_MS);

    expect(errorOf(clock, machine)).toBe(-HOUR_MS);
    await machine.run(CONFIRM_MS);
    expect(errorOf(clock, machine)).toBe(0);
  });

  it("T6: put forward for good wakes within a minute who waits for a date, back prolongs no sleep", async () => {
    const { machine, clock } = setUp();
    const long = isDone(clock.sleep(2 * HOUR_MS));
    const short = isDone(clock.sleep(30 * MINUTE_MS));
    machine.errorMs = 3 * HOUR_MS;
    clock.now();
    await machine.run(CONFIRM_MS + MINUTE_MS);
    expect([long(), short()]).toEqual([true, true]);

    const other = isDone(clock.sleep(30 * MINUTE_MS));
    machine.errorMs = 0;
    await machine.run(30 * MINUTE_MS);
    await Promise.resolve();

    expect(other()).toBe(true);
  });

  it("T6: counts steady time without steps, the machine's sleep included", async () => {
    const { machine, clock } = setUp();
    const before = clock.elapsed();

    machine.errorMs = HOUR_MS;
    await machine.run(CONFIRM_MS + MINUTE_MS);
    machine.errorMs = 0;
    await machine.run(CONFIRM_MS + MINUTE_MS);
    machine.suspend(HOUR_MS);

    expect(clock.elapsed() - before).toBeCloseTo(2 * (CONFIRM_MS + MINUTE_MS) + HOUR_MS, -1);
  });

  it("takes no notice of a reading that something came between", async () => {
    const { machine, clock } = setUp();
    await machine.run(10_000);
    const steady = machine.steady.bind(machine);
    let reading = 0;
    machine.steady = () => steady() - (++reading === 1 ? 300 : reading === 2 ? 30 : 0);

    const now = clock.now();
    machine.steady = steady;

    expect(now).toBe(machine.wall() - 300);
    expect(errorOf(clock, machine)).toBe(0);
  });

  it("looks at how long the machine has been up once a minute, and when time seems to jump", async () => {
    const { machine, clock } = setUp();
    const before = machine.looks;
    for (let i = 0; i < 600; i++) {
      await machine.run(1000);
      clock.now();
    }
    expect(machine.looks - before).toBe(10);

    machine.errorMs = HOUR_MS;
    for (let i = 0; i < 100; i++) clock.now();

    expect(machine.looks - before).toBe(11);
  });

  it("ends a sleep when the signal aborts, leaving no timer", async () => {
    const { machine, clock } = setUp();
    const abort = new AbortController();
    const sleep = clock.sleep(10_000, abort.signal);

    abort.abort();
    await sleep;
    await clock.sleep(10_000, abort.signal);

    expect(machine.waits).toBe(0);
  });

  it.each([0, -5, Number.NaN])("lets others run for a sleep of %p", async (ms) => {
    const { machine, clock } = setUp();
    const sleep = isDone(clock.sleep(ms));

    await Promise.resolve();
    expect(sleep()).toBe(false);
    await machine.run(0);
    await Promise.resolve();

    expect(sleep()).toBe(true);
  });

  it("tells nobody who does not listen any more", async () => {
    const { machine, clock } = setUp();
    const heard: ClockStep[] = [];
    const end = clock.onStep((step) => heard.push(step));
    end();

    machine.errorMs = HOUR_MS;
    clock.now();

    expect(heard).toEqual([]);
  });
});

describe("reports of the machine's clock", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [-61_000, "1 min 1 s"],
    [HOUR_MS, "1 h"],
    [HOUR_MS + 1000, "1 h"],
    [90_061_000, "1 d 1 h"],
  ])("say %p ms as %p", (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it("R6: warn of a step when it is seen and when it is believed", async () => {
    const { machine, clock } = setUp();
    const lines: string[] = [];
    const write = (message: string): void => void lines.push(message);
    const end = reportSteps(clock, { ...silentLogger, warn: write, info: write });

    machine.errorMs = HOUR_MS;
    clock.now();
    machine.errorMs = 0;
    clock.now();
    machine.errorMs = -HOUR_MS;
    clock.now();
    await machine.run(CONFIRM_MS);
    clock.now();
    end();
    machine.errorMs = HOUR_MS;
    clock.now();

    expect(lines).toEqual([
      "This machine's clock was set 1 h forward. Time goes on as before, unless that stands for ten minutes.",
      "This machine's clock is right again: it was 1 h ahead for a while, and nothing went by it.",
      "This machine's clock was set 1 h back. Time goes on as before, unless that stands for ten minutes.",
      "This machine's clock was set 1 h back, and is believed now.",
    ]);
  });

  it("T6: refuse a clock that has not been set since the machine started, and no other", () => {
    const machine = new Machine();
    machine.errorMs = -machine.time;

    expect(() => assertClockIsSet(new SteadyClock(machine))).toThrow(BackendConfigurationError);
    expect(() => assertClockIsSet(new VirtualClock(0))).not.toThrow();
    expect(() => assertClockIsSet(setUp().clock)).not.toThrow();
    expect(() => reportSteps(new VirtualClock(0), silentLogger)()).not.toThrow();
  });
});

describe("systemClock", () => {
  beforeEach(() => jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) }));
  afterEach(() => jest.useRealTimers());

  /** Made anew, so that it goes by the time of this test. */
  function systemClock(): SteadyClock {
    let made: SteadyClock | undefined;
    jest.isolateModules(() => {
      made = jest.requireActual<{ systemClock: SteadyClock }>("../src/system-clock").systemClock;
    });
    return made as SteadyClock;
  }

  it("sleeps as long as asked", async () => {
    const clock = systemClock();
    const sleep = isDone(clock.sleep(90_000));

    await jest.advanceTimersByTimeAsync(89_999);
    expect(sleep()).toBe(false);
    await jest.advanceTimersByTimeAsync(1);

    expect(sleep()).toBe(true);
    expect(clock.now()).toBe(Date.UTC(2030, 0, 1) + 90_000);
  });

  it("T5: sleeps longer than setTimeout can", async () => {
    const sleep = isDone(systemClock().sleep(2 ** 31 + 1000));

    await jest.advanceTimersByTimeAsync(60_000);
    expect(sleep()).toBe(false);
    await jest.advanceTimersByTimeAsync(2 ** 31 + 1000);

    expect(sleep()).toBe(true);
  });

  it("T6: sleeps on when the machine's clock is set an hour forward", async () => {
    const sleep = isDone(systemClock().sleep(30 * MINUTE_MS));

    jest.setSystemTime(Date.UTC(2030, 0, 1) + HOUR_MS);
    await jest.advanceTimersByTimeAsync(9 * MINUTE_MS);

    expect(sleep()).toBe(false);
  });

  it("leaves no timer when the signal aborts", async () => {
    const abort = new AbortController();
    const sleep = systemClock().sleep(10_000, abort.signal);

    abort.abort();
    await sleep;

    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([0, -5])("lets others run for a sleep of %p", async (ms) => {
    const sleep = isDone(systemClock().sleep(ms));

    await Promise.resolve();
    expect(sleep()).toBe(false);
    await jest.advanceTimersByTimeAsync(0);

    expect(sleep()).toBe(true);
  });
});
