/** A hub with a worker and a served API, and instances in every state on demand. */
import { Client } from "@perdure/client";
import type { InstanceSnapshot } from "@perdure/client";
import { defineActivity, defineOrchestration, silentLogger } from "@perdure/core";
import type { Backend, RuntimeStatus } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { ManagementClient, serveManagementApi } from "../../src";
import type { ManagementServer, ServeOptions } from "../../src";
import type { HubKind } from "./hubs";

const echo = defineOrchestration("echo", function* (_, input: unknown) {
  return input;
});
const wait = defineOrchestration("wait", function* (ctx) {
  return yield* ctx.waitForExternalEvent("go");
});
const sleep = defineOrchestration("sleep", function* (ctx) {
  yield* ctx.createTimer("30d", { name: "long" });
  return "awake";
});
const fail = defineOrchestration("fail", function* () {
  throw new RangeError("it was to be");
});
const greet = defineActivity("greet", async (_, name: string) => `hello ${name}`);
const steps = defineOrchestration("steps", function* (ctx) {
  ctx.setCustomStatus("begun");
  const greeting = yield* ctx.callActivity(greet, "you");
  yield* ctx.waitForExternalEvent("go");
  return greeting;
});
const collect = defineOrchestration("collect", function* (ctx) {
  const taken: unknown[] = [];
  for (;;) {
    const item = yield* ctx.waitForExternalEvent("item");
    if (item === "end") return taken;
    taken.push(item);
  }
});

export class ServedHub {
  readonly client: Client;
  readonly #worker: Worker;
  #ids = 0;

  private constructor(
    readonly server: ManagementServer,
    private readonly hub: ReturnType<HubKind["open"]>,
    client: Client,
    worker: Worker,
    readonly deadLetters: string[],
  ) {
    this.client = client;
    this.#worker = worker;
  }

  static async open(kind: HubKind, options: ServeOptions = {}): Promise<ServedHub> {
    const hub = kind.open();
    const orchestrations = [echo, wait, sleep, fail, steps, collect];
    const worker = new Worker(hub.backend, { orchestrations, activities: [greet], logger: silentLogger });
    const client = new Client(hub.backend);
    const deadLetters = await plantDeadLetters(hub.backend, client);
    await worker.start();
    const server = await serveManagementApi(client, {
      port: 0,
      logger: silentLogger,
      rateLimit: false,
      ...options,
    });
    return new ServedHub(server, hub, client, worker, deadLetters);
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.#worker.stop();
    await this.hub.remove();
  }

  get url(): string {
    return `${this.server.url}/runtime/webhooks/durabletask`;
  }

  management(key?: string): ManagementClient {
    return new ManagementClient({ url: this.server.url, ...(key === undefined ? {} : { key }) });
  }

  /** The id of a dead letter; there are a few. */
  deadLetter(): string {
    const id = this.deadLetters.pop();
    if (id === undefined) throw new Error("There are no more dead letters: plant more.");
    return id;
  }

  /** Resolves when a list that may lag behind shows so many. */
  async lists(items: () => AsyncIterable<unknown>, count: number): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    for (;;) {
      let found = 0;
      for await (const item of items()) found += item === undefined ? 0 : 1;
      if (found >= count) return;
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  newId(): string {
    return `test:${String(++this.#ids).padStart(4, "0")}`;
  }

  /** Ids of new instances in a state. */
  async completed(): Promise<string> {
    return this.started("echo", { a: 1 }, "Completed");
  }

  async failed(): Promise<string> {
    return this.started("fail", undefined, "Failed");
  }

  async waiting(): Promise<string> {
    return this.started("wait", undefined, "Running");
  }

  async sleeping(): Promise<string> {
    return this.started("sleep", undefined, "Running");
  }

  async blocked(): Promise<string> {
    return this.started("nobody knows it", undefined, "Blocked");
  }

  async delayed(): Promise<string> {
    const { instanceId } = await this.client.startNew("echo", 1, { instanceId: this.newId(), delay: "1d" });
    return instanceId;
  }

  async terminated(): Promise<string> {
    const instanceId = await this.waiting();
    await this.client.instance(instanceId).terminate("enough");
    return this.reaches(instanceId, "Terminated");
  }

  async suspended(): Promise<string> {
    const instanceId = await this.waiting();
    await this.client.instance(instanceId).suspend();
    return this.reaches(instanceId, "Suspended");
  }

  async scheduled(): Promise<string> {
    const { id } = await this.client.schedules.create({
      ...{ id: this.newId(), orchestration: "echo", spec: { cron: "0 3 * * *" } },
    });
    return id;
  }

  async started(name: string, input: unknown, status: RuntimeStatus): Promise<string> {
    const { instanceId } = await this.client.startNew(name, input, { instanceId: this.newId() });
    return this.reaches(instanceId, status);
  }

  async reaches(instanceId: string, status: RuntimeStatus): Promise<string> {
    await this.until(instanceId, (snapshot) => snapshot.status === status);
    return instanceId;
  }

  async until(instanceId: string, isReached: (snapshot: InstanceSnapshot) => boolean): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    for await (const snapshot of this.client.instance(instanceId).watch({ signal }))
      if (isReached(snapshot)) return;
    const status = await this.client.get(instanceId);
    if (!status || !isReached(status))
      throw new Error(`${instanceId} has ended otherwise: ${status?.status}`);
  }
}

const DEAD_LETTERS = 4;

/** Messages that nobody could process: of an instance that this, which takes the place of a worker, gives up. */
async function plantDeadLetters(backend: Backend, client: Client): Promise<string[]> {
  await backend.createTaskHub();
  await backend.start();
  for (let planted = 0; planted < DEAD_LETTERS; planted++) {
    await client.startNew("lost", { planted }, { instanceId: `lost-${planted}` });
    const session = await backend.orchestrations.lockNext(AbortSignal.timeout(20_000));
    session!.takeMessages();
    await session!.deadLetter("planted");
  }
  await backend.stop();
  const ids: string[] = [];
  for await (const { id } of backend.deadLetters.list()) ids.push(id);
  return ids;
}
