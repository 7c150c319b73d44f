import { BackendConfigurationError, defineActivity, defineOrchestration, silentLogger } from "@perdure/core";
import type { Logger } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import type { SimulatedProcess } from "../support/simulated-hub";
import { WrongMachine } from "../support/wrong-machine";
import { FaultHub } from "./fault-hub";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2030, 0, 1);

/** How late a timer may fire: storage's clock is known to the second and a bit at first, and better every minute. */
const LATE_MS = 1500;
/** Less than that ahead, a clock is taken for right. */
const EARLY_MS = 300;
/** The same for a clock that runs fast while the worker makes few requests to compare it by. */
const UNNOTICED_MS = 1000;

class Clocks {
  readonly hub: FaultHub;
  /** True times at which timers have fired, by their name. */
  readonly fired = new Map<string, number>();
  readonly log: string[] = [];

  constructor(tuning: ConstructorParameters<typeof FaultHub>[1] = {}) {
    const write = (message: string): void => void this.log.push(message);
    const logger: Logger = { ...silentLogger, info: write, warn: write };
    const mark = defineActivity("mark", (_ctx, name: string) => {
      this.fired.set(name, this.hub.now);
    });
    const at = defineOrchestration("at", function* (ctx, time: number) {
      yield* ctx.createTimer(new Date(time));
      yield* ctx.callActivity(mark, `at ${time}`);
    });
    const after = defineOrchestration("after", function* (ctx, ms: number) {
      const before = ctx.currentUtcDateTime.getTime();
      yield* ctx.createTimer(ms);
      yield* ctx.callActivity(mark, `after ${ms}`);
      return ctx.currentUtcDateTime.getTime() - before;
    });
    this.hub = new FaultHub(
      { orchestrations: [at, after], activities: [mark] },
      { maxPollInterval: "60s", leaseRenewInterval: "10s", messageVisibility: "60s", logger, ...tuning },
    );
  }

  static async open(tuning?: ConstructorParameters<typeof FaultHub>[1]): Promise<Clocks> {
    const clocks = new Clocks(tuning);
    await clocks.hub.run(clocks.hub.clientProcess.backend.createTaskHub());
    return clocks;
  }

  machine(errorMs = 0): WrongMachine {
    return new WrongMachine(this.hub.hub.clock, errorMs);
  }

  spawn(machine: WrongMachine): SimulatedProcess {
    return this.hub.spawn({ clock: machine.clock });
  }

  start(kind: "at" | "after", argument: number): Promise<InstanceHandle> {
    return this.hub.run(this.hub.client.startNew(kind, argument));
  }

  /** How far from its time a timer fired. */
  lateness(name: string, due: number): number {
    return (this.fired.get(name) ?? Number.NaN) - due;
  }
}

describe("a worker's clock", () => {
  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["to 1970", -START],
  ])("T6: that jumps %s and is put right a minute later moves no timer", async (_name, errorMs) => {
    const clocks = await Clocks.open();
    const machine = clocks.machine();
    clocks.spawn(machine);
    const due = [20_000, 100_000, HOUR_MS].map((ms) => START + ms);
    for (const time of due) await clocks.start("at", time);
    await clocks.hub.pass(5000);

    machine.errorMs = errorMs;
    await clocks.hub.pass(MINUTE_MS);
    machine.errorMs = 0;
    await clocks.hub.pass(2 * HOUR_MS);

    for (const time of due) {
      expect(clocks.lateness(`at ${time}`, time)).toBeGreaterThanOrEqual(0);
      expect(clocks.lateness(`at ${time}`, time)).toBeLessThan(100);
    }
    expect(await clocks.hub.leftovers()).toEqual([]);
    expect(await clocks.hub.deadLetters()).toEqual([]);
  });

  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["to 1970", -START],
  ])("T6: that jumps %s for good moves no timer: storage's goes on", async (_name, errorMs) => {
    const clocks = await Clocks.open();
    const machine = clocks.machine();
    clocks.spawn(machine);
    const due = [20_000, 20 * MINUTE_MS, 3 * HOUR_MS].map((ms) => START + ms);
    for (const time of due) await clocks.start("at", time);
    await clocks.hub.pass(5000);

    machine.errorMs = errorMs;
    await clocks.hub.pass(2 * HOUR_MS);
    const handle = await clocks.start("after", 30 * MINUTE_MS);
    const elapsed = await clocks.hub.run(handle.result({ timeout: "10h" }));
    await clocks.hub.pass(HOUR_MS);

    for (const time of due) {
      expect(clocks.lateness(`at ${time}`, time)).toBeGreaterThanOrEqual(-EARLY_MS);
      expect(clocks.lateness(`at ${time}`, time)).toBeLessThan(LATE_MS);
    }
    expect(elapsed).toBeGreaterThanOrEqual(30 * MINUTE_MS);
    expect(elapsed).toBeLessThan(31 * MINUTE_MS);
    expect(await clocks.hub.leftovers()).toEqual([]);
  });

  it.each([
    ["ahead", 240_000],
    ["behind", -240_000],
  ])("R6: that is four minutes %s of storage's makes no timer early or late", async (_name, errorMs) => {
    const clocks = await Clocks.open();
    clocks.spawn(clocks.machine(errorMs));
    const due = [10_000, 100_000, HOUR_MS].map((ms) => START + ms);
    for (const time of due) await clocks.start("at", time);
    const handle = await clocks.start("after", 10_000);
    const begun = clocks.hub.now;

    const elapsed = await clocks.hub.run(handle.result());
    expect(elapsed).toBeGreaterThanOrEqual(10_000);
    expect(clocks.lateness("after 10000", begun)).toBeGreaterThanOrEqual(8500);
    await clocks.hub.pass(2 * HOUR_MS);

    for (const time of due) {
      expect(clocks.lateness(`at ${time}`, time)).toBeGreaterThanOrEqual(0);
      expect(clocks.lateness(`at ${time}`, time)).toBeLessThan(LATE_MS);
    }
  });

  it.each([200, -200])("T6: that drifts by %p ppm makes no timer early or late", async (ppm) => {
    const clocks = await Clocks.open();
    const machine = clocks.machine();
    clocks.spawn(machine);
    machine.drift = ppm / 1e6;
    const due = Array.from({ length: 6 }, (_, n) => START + (n + 1) * HOUR_MS);
    for (const time of due) await clocks.start("at", time);

    await clocks.hub.pass(7 * HOUR_MS);

    for (const time of due) {
      expect(clocks.lateness(`at ${time}`, time)).toBeGreaterThanOrEqual(-UNNOTICED_MS);
      expect(clocks.lateness(`at ${time}`, time)).toBeLessThan(LATE_MS);
    }
  });

  it("T6: that stands still for half an hour with its virtual machine is put forward by storage's", async () => {
    const clocks = await Clocks.open();
    const machine = clocks.machine();
    clocks.spawn(machine);
    const due = START + 40 * MINUTE_MS;
    await clocks.start("at", due);
    await clocks.hub.pass(5000);

    machine.standStill(30 * MINUTE_MS);
    await clocks.hub.pass(HOUR_MS);

    expect(clocks.lateness(`at ${due}`, due)).toBeGreaterThanOrEqual(0);
    expect(clocks.lateness(`at ${due}`, due)).toBeLessThan(LATE_MS);
  });

  it.each([
    ["10 min ahead of", 600_000],
    ["10 min behind", -600_000],
  ])("R6: that is %s storage's is refused at the start", async (text, errorMs) => {
    const clocks = await Clocks.open();
    const { backend } = clocks.hub.process(clocks.machine(errorMs).clock);
    await clocks.hub.run(backend.createTaskHub());

    const refused = await clocks.hub.run(backend.start().catch((error: unknown) => error));

    expect(refused).toBeInstanceOf(BackendConfigurationError);
    expect((refused as Error).message).toMatch(
      new RegExp(`clock is (${text}|9 min 59 s ${text.slice(7)}|10 min \\d s ${text.slice(7)}) storage's`),
    );
    expect((refused as Error).message).toContain("'maxClockSkew'");
    expect((refused as Error).message).toContain("NTP");
  });

  it("R6: may be further off if the options say so, and time is storage's all the same", async () => {
    const clocks = await Clocks.open({ maxClockSkew: "1d" });
    clocks.spawn(clocks.machine(-HOUR_MS));
    const due = START + 10_000;
    await clocks.start("at", due);

    await clocks.hub.pass(MINUTE_MS);

    expect(clocks.lateness(`at ${due}`, due)).toBeGreaterThanOrEqual(0);
    expect(clocks.lateness(`at ${due}`, due)).toBeLessThan(LATE_MS);
  });

  it("R6: is measured against storage's, and better the longer it runs", async () => {
    const clocks = await Clocks.open();
    const { backend } = clocks.hub.hub.process();
    expect(backend.clockSkew).toBeUndefined();
    const skewed = clocks.spawn(clocks.machine(-123_456)).backend;
    await clocks.hub.pass(1000);
    const atFirst = skewed.clockSkew;
    for (let n = 0; n < 20; n++) {
      await clocks.start("after", 100 + n);
      await clocks.hub.pass(5137);
    }
    const later = skewed.clockSkew;

    for (const skew of [atFirst, later]) {
      const error = Math.abs((skew?.aheadMs ?? Number.NaN) + 123_456);
      expect(error).toBeLessThanOrEqual((skew?.uncertaintyMs ?? Number.NaN) + 1);
    }
    expect(atFirst?.uncertaintyMs).toBeLessThan(800);
    expect(later?.uncertaintyMs).toBeLessThan(250);
  });

  it("R6: that is found to be wrong while the worker runs is told of once, and when it is right again", async () => {
    const clocks = await Clocks.open();
    const machine = clocks.machine();
    clocks.spawn(machine);
    await clocks.hub.pass(MINUTE_MS);

    machine.errorMs = HOUR_MS;
    await clocks.hub.pass(HOUR_MS);
    machine.errorMs = 0;
    await clocks.hub.pass(HOUR_MS);

    expect(clocks.log.filter((line) => line.includes("clock"))).toEqual([
      expect.stringContaining("clock was set 1 h forward. Time goes on as before"),
      expect.stringContaining("clock was set 1 h forward, and is believed now."),
      expect.stringMatching(/clock is (1 h|59 min 59 s) ahead of storage's. Timers go by storage's/),
      expect.stringContaining("clock was set 1 h back. Time goes on as before"),
      expect.stringContaining("clock was set 1 h back, and is believed now."),
      expect.stringContaining("clock agrees with storage's again."),
    ]);
  });

  it("R6: is compared by the requests that are made anyway", async () => {
    const clocks = await Clocks.open();
    const requests = async (errorMs: number): Promise<number> => {
      const process = clocks.spawn(clocks.machine(errorMs));
      await clocks.hub.pass(HOUR_MS);
      await clocks.hub.stop(process);
      return process.storage.requests;
    };

    const [right, wrong] = [await requests(0), await requests(200_000)];

    expect(Math.abs(wrong - right)).toBeLessThan(right / 10);
  });

  it("R6: is asked for once when the backend starts before it has made a request", async () => {
    const clocks = await Clocks.open();
    const { backend, storage } = clocks.hub.hub.process();

    await clocks.hub.run(backend.start());

    expect(backend.clockSkew).toBeDefined();
    expect(storage.requestsOf("queryRows")).toBeGreaterThanOrEqual(1);
    await clocks.hub.run(backend.stop());
  });
});
