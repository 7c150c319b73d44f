import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@perdure/client";
import {
  BackendConfigurationError,
  SteadyClock,
  VirtualClock,
  defineActivity,
  defineOrchestration,
  silentLogger,
} from "@perdure/core";
import type { TimeSources } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { EmbeddedBackend } from "../src";
import { keepMoving } from "./virtual-time";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2030, 0, 1);

/** A machine whose wall clock may be wrong. Virtual time is the truth. */
class Machine implements TimeSources {
  readonly time = new VirtualClock();
  errorMs = 0;
  #sleptMs = 0;

  wall(): number {
    return this.time.now() + this.errorMs;
  }

  steady(): number {
    return this.time.now() - START - this.#sleptMs;
  }

  uptime(): number {
    return this.time.now() - START;
  }

  wait(delayMs: number, wake: () => void): () => void {
    const cancelled = new AbortController();
    void this.time.sleep(delayMs, cancelled.signal).then(() => {
      if (!cancelled.signal.aborted) wake();
    });
    return () => cancelled.abort();
  }

  suspend(ms: number): void {
    this.#sleptMs += ms;
    this.time.jumpTo(this.time.now() + ms);
  }
}

describe("on a file, a machine's clock", () => {
  const machine = new Machine();
  const directory = mkdtempSync(path.join(tmpdir(), "perdure-embedded-"));
  const stops: (() => Promise<void>)[] = [];
  const log: string[] = [];
  /** True times at which timers have fired. */
  const fired = new Map<string, number>();
  let hubs = 0;

  const mark = defineActivity("mark", (_ctx, name: string) => void fired.set(name, machine.time.now()));
  const after = defineOrchestration("after", function* (ctx, ms: number) {
    yield* ctx.createTimer(ms);
    yield* ctx.callActivity(mark, ctx.instanceId);
  });

  beforeEach(() => {
    machine.errorMs = 0;
    fired.clear();
    log.length = 0;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  async function open(): Promise<Client> {
    const clock = new SteadyClock(machine);
    const write = (message: string): void => void log.push(message);
    const logger = { ...silentLogger, warn: write, info: write };
    const file = path.join(directory, `${++hubs}.perdure`);
    const backend = new EmbeddedBackend({ path: file, relaxedDurability: true, clock, logger });
    const worker = new Worker(backend, { orchestrations: [after], activities: [mark], clock, logger });
    await worker.start();
    stops.push(() => worker.stop());
    const stopTime = keepMoving(machine.time, async () => {
      const { isBusy } = backend;
      await backend.settled();
      return isBusy;
    });
    stops.unshift(stopTime);
    return new Client(backend, { clock });
  }

  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["to 1970", -START - 100 * HOUR_MS],
  ])("T6: that jumps %s and is put right makes no timer early, late or lost", async (_name, errorMs) => {
    const client = await open();
    const begun = machine.time.now();
    const delays = [10_000, 100_000, HOUR_MS];
    const handles = await Promise.all(
      delays.map((ms) => client.startNew(after, ms, { instanceId: `${_name} ${ms}` })),
    );
    await machine.time.sleep(5000);

    machine.errorMs = errorMs;
    await machine.time.sleep(5 * MINUTE_MS);
    machine.errorMs = 0;
    for (const handle of handles) await handle.waitForCompletion();

    for (const ms of delays) {
      const elapsed = (fired.get(`${_name} ${ms}`) ?? Number.NaN) - begun;
      expect(elapsed).toBeGreaterThanOrEqual(ms);
      expect(elapsed).toBeLessThan(ms + 1000);
    }
    expect(log.filter((line) => line.includes("clock was set"))).toHaveLength(1);
    expect(log.filter((line) => line.includes("right again"))).toHaveLength(1);
  });

  it("T6: that is set an hour forward for good brings the timers of that hour once it has stood for ten minutes", async () => {
    const client = await open();
    const begun = machine.time.now();
    const handle = await client.startNew(after, 30 * MINUTE_MS, { instanceId: "forward" });
    await machine.time.sleep(MINUTE_MS);

    machine.errorMs = HOUR_MS;
    await handle.waitForCompletion();

    const elapsed = (fired.get("forward") ?? Number.NaN) - begun;
    expect(elapsed).toBeGreaterThanOrEqual(11 * MINUTE_MS);
    expect(elapsed).toBeLessThanOrEqual(13 * MINUTE_MS);
  });

  it("T6: of a machine that slept for 8 hours brings within a minute what was due meanwhile", async () => {
    const client = await open();
    const begun = machine.time.now();
    const handle = await client.startNew(after, HOUR_MS, { instanceId: "slept" });
    await machine.time.sleep(MINUTE_MS);

    machine.suspend(8 * HOUR_MS);
    await handle.waitForCompletion();

    expect((fired.get("slept") ?? Number.NaN) - begun).toBeLessThanOrEqual(8 * HOUR_MS + 3 * MINUTE_MS);
    expect(log.filter((line) => line.includes("clock"))).toEqual([]);
  });

  it("T6: that has not been set since the machine started is refused, and accepted when it has", async () => {
    machine.errorMs = -machine.time.now();
    const clock = new SteadyClock(machine);
    const backend = new EmbeddedBackend({ path: path.join(directory, "unset.perdure"), clock });
    stops.push(() => backend.stop());

    const refused: unknown = await backend.start().catch((error: unknown) => error);
    machine.errorMs = 0;
    await backend.start();

    expect(refused).toBeInstanceOf(BackendConfigurationError);
    expect((refused as Error).message).toContain("clock says 1970");
  });
});
