/**
 * The budgets of docs/architecture.md: storage requests, counted in the HTTP pipeline against the emulator. Left out
 * are looks at a queue that bring nothing and the renewal of leases, which belong to the idle budget, and a client's
 * looks at an instance it waits for.
 */
import { randomBytes } from "node:crypto";
import { Client } from "@perdure/client";
import { defineActivity, defineOrchestration, silentLogger } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { AzureStorageBackend } from "../src/backend";
import { connectStorage } from "../src/storage/azure-storage";
import type { StorageRequest } from "../src/storage/storage-request";
import { QueueObserver } from "./support/counting-storage";
import { SimulatedHub } from "./support/simulated-hub";

const step = defineActivity("step", (_ctx, n: number) => n + 1);
const nothing = defineOrchestration("nothing", function* () {
  return "done";
});
const sequence = defineOrchestration("sequence", function* (ctx, count: number) {
  let n = 0;
  for (let i = 0; i < count; i++) n = yield* ctx.callActivity(step, n);
  return n;
});
const fanOut = defineOrchestration("fanOut", function* (ctx, count: number) {
  const results = yield* ctx.all(Array.from({ length: count }, (_, n) => ctx.callActivity(step, n)));
  return results.length;
});
const sleep = defineOrchestration("sleep", function* (ctx, time: string) {
  yield* ctx.createTimer(time);
  return "woke";
});
const registrations = { orchestrations: [nothing, sequence, fanOut, sleep], activities: [step] };

/** A worker and a client in two processes, as far as storage can tell, counting what they send. */
class CountedHub {
  readonly observer = new QueueObserver();
  #counted = 0;
  readonly worker: Worker;
  readonly client: Client;
  readonly #backends: readonly AzureStorageBackend[];
  readonly #workerBackend: AzureStorageBackend;

  constructor() {
    const connectionString = process.env["PERDURE_TEST_STORAGE"] ?? "";
    const taskHub = `Budget${randomBytes(5).toString("hex")}`;
    const onRequest = (request: StorageRequest): void => {
      if (!request.resource.endsWith("Partitions")) this.#counted++;
    };
    const onStart = (request: StorageRequest): void => {
      if (request.operation === "writeRow" || request.operation === "putMessage") this.#counted++;
    };
    this.#workerBackend = new AzureStorageBackend({
      taskHub,
      storage: this.observer.observe(connectStorage({ connectionString, onRequest })),
    });
    const clientBackend = new AzureStorageBackend({ taskHub, connectionString, onRequest: onStart });
    this.#backends = [this.#workerBackend, clientBackend];
    this.worker = new Worker(this.#workerBackend, { ...registrations, logger: silentLogger });
    this.client = new Client(clientBackend);
  }

  async start(): Promise<void> {
    await this.worker.start();
    await (await this.client.startNew(nothing, undefined)).result({ timeout: "20s" }); // everything is warm
    await this.settled();
  }

  /**
   * Storage requests from start to the last one that belongs to the instance: the least of three runs, because on a
   * busy machine a run may take longer than a second, and is then listed as Running meanwhile.
   */
  async requestsOf(run: () => Promise<unknown>): Promise<number> {
    const counts = [await this.count(run), await this.count(run), await this.count(run)];
    return Math.min(...counts);
  }

  /** Waits until nothing is left to be written. */
  async settle(): Promise<void> {
    await this.count(() => Promise.resolve());
  }

  private async count(run: () => Promise<unknown>): Promise<number> {
    const before = this.#counted - this.observer.emptyReceives;
    await run();
    await this.settled();
    return this.#counted - this.observer.emptyReceives - before;
  }

  async stop(): Promise<void> {
    await this.worker.stop();
    await this.#workerBackend.deleteTaskHub();
    await Promise.all(this.#backends.map((backend) => backend.stop()));
  }

  /** Nothing but looks at empty queues for a second and a half, which is longer than any write waits. */
  private async settled(): Promise<void> {
    for (;;) {
      const before = this.#counted - this.observer.emptyReceives;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      if (Math.abs(this.#counted - this.observer.emptyReceives - before) <= 1) return; // one look may be under way
    }
  }
}

const measured: string[] = [];
function assertBudget(what: string, requests: number, budget: number): void {
  measured.push(`${what}: ${Number(requests.toFixed(2))} of at most ${budget}`);
  expect(requests).toBeLessThanOrEqual(budget);
}

afterAll(() => {
  process.stdout.write(`Storage requests\n${measured.map((line) => `  ${line}\n`).join("")}`);
});

describe("storage requests on the emulator", () => {
  const hub = new CountedHub();
  beforeAll(() => hub.start());
  afterAll(() => hub.stop());

  const run = (definition: typeof sequence, count: number) => () =>
    hub.client.startNew(definition, count).then((handle) => handle.result({ timeout: "20s" }));

  it("an orchestration that waits for nothing takes at most 6", async () => {
    const requests = await hub.requestsOf(() =>
      hub.client.startNew(nothing, undefined).then((handle) => handle.result({ timeout: "20s" })),
    );

    assertBudget("an orchestration that waits for nothing", requests, 6);
  });

  it("three sequential activities take at most 10, each further one at most 1.1", async () => {
    const three = await hub.requestsOf(run(sequence, 3));
    const more = await hub.requestsOf(run(sequence, 23));

    assertBudget("three sequential activities, start to completed", three, 10);
    assertBudget("each further sequential activity", (more - three) / 20, 1.1);
  });

  it("a fan-out of 100 activities on one worker takes at most 0.2 for each", async () => {
    const one = await hub.requestsOf(run(fanOut, 1));
    const many = await hub.requestsOf(run(fanOut, 101));

    assertBudget("fan-out of 100 activities, per activity", (many - one) / 100, 0.2);
  });

  it("one short timer takes at most 4 more", async () => {
    const none = await hub.requestsOf(() =>
      hub.client.startNew(nothing, undefined).then((handle) => handle.result({ timeout: "20s" })),
    );
    const one = await hub.requestsOf(() =>
      hub.client.startNew(sleep, "300ms").then((handle) => handle.result({ timeout: "20s" })),
    );

    assertBudget("one short timer, marginal", one - none, 4);
  });

  it("a timer of a year is stored as a message hidden for one chunk", async () => {
    hub.observer.hiddenSeconds.length = 0;
    const handle = await hub.client.startNew(sleep, "365d");
    await handle.waitForStart({ timeout: "20s" });
    await hub.settle();

    expect(Math.max(...hub.observer.hiddenSeconds)).toBe(6 * 86_400);

    await handle.terminate();
    await handle.waitForCompletion({ timeout: "20s" });
  });
});

describe("storage requests under a virtual clock", () => {
  const day = 86_400_000;

  /**
   * Runs a timer to its end; counts what the worker and the start asked of storage, as above. Queries are the sweep
   * for lost starts, part of the idle budget: the timer itself makes none while its owner lives.
   */
  async function sleepThrough(
    time: string,
    ms: number,
  ): Promise<{ requests: number; hidden: readonly number[] }> {
    const hub = new SimulatedHub(registrations, { maxPollInterval: "6h", idleLeaseRenewInterval: "1h" });
    let counted = 0;
    hub.onRequest = (_process, request, when) => {
      if (when === "before" && !request.resource.endsWith("Partitions") && request.operation !== "queryRows")
        counted++;
    };
    const process = hub.process();
    const worker = hub.worker(process);
    await hub.run(worker.start());
    await hub.pass(1000);
    const before = counted - process.queues.emptyReceives;
    const due = hub.clock.now() + ms;
    const handle = await hub.run(hub.client(process).startNew(sleep, time));
    await hub.pass(ms + 10_000);
    const requests = counted - process.queues.emptyReceives - before;
    const status = await hub.run(handle.status());
    const timers = (await hub.run(handle.history())).filter(({ type }) => type.startsWith("Timer"));
    expect(status.status).toBe("Completed");
    expect(status.completedAt?.getTime()).toBeGreaterThanOrEqual(due);
    expect(status.completedAt?.getTime()).toBeLessThan(due + 100);
    expect(timers.map(({ type }) => type)).toEqual(["TimerCreated", "TimerFired"]);
    await hub.run(worker.stop());
    return { requests, hidden: process.queues.hiddenSeconds };
  }

  it("a timer of 30 days takes at most 20 more", async () => {
    const short = await sleepThrough("1s", 1000);
    const long = await sleepThrough("30d", 30 * day);
    const shortTimer = 3; // asserted against the emulator above

    assertBudget(
      "a 30-day timer, marginal, under a virtual clock",
      long.requests - short.requests + shortTimer,
      20,
    );
  }, 60_000);

  it("a timer of a year fires on time after all its chunks, with one pair of events", async () => {
    const { hidden } = await sleepThrough("365d", 365 * day);

    expect(hidden.filter((seconds) => seconds === 6 * 86_400).length).toBeGreaterThan(50);
    expect(Math.max(...hidden)).toBeLessThanOrEqual(6 * 86_400 + 2);
  }, 120_000);

  it("an idle worker takes at most 400 an hour", async () => {
    const hub = new SimulatedHub(registrations);
    const process = hub.process();
    const worker = hub.worker(process);
    await hub.run(worker.start());
    await hub.pass(3_600_000);
    const before = process.storage.requests;
    await hub.pass(3_600_000);

    assertBudget("an idle worker, in its second hour", process.storage.requests - before, 400);

    await hub.run(worker.stop());
  }, 60_000);
});
