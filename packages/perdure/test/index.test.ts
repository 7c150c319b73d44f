import { MemoryBackend } from "@perdure/backend-memory";
import * as perdure from "../src";
import { Client, Worker, defineActivity, defineEvent, defineOrchestration, silentLogger } from "../src";

describe("the package", () => {
  it("exports what users write with, and nothing of the engine", () => {
    const values = Object.keys(perdure).filter((name) => !name.endsWith("Error"));

    expect(values.sort()).toEqual([
      "Client",
      "RUNTIME_STATUSES",
      "SCHEDULED_TIME_TAG",
      "SCHEDULE_TAG",
      "Worker",
      "callHttp",
      "createLogger",
      "defineActivity",
      "defineEvent",
      "defineOrchestration",
      "isTerminal",
      "managedIdentity",
      "namedSecret",
      "periodic",
      "silentLogger",
      "stopPeriodic",
    ]);
  });

  it("exports every error of the core", async () => {
    const core: object = await import("@perdure/core");
    const errorsOf = (module: object) => Object.keys(module).filter((name) => name.endsWith("Error"));
    const internal = ["WorkItemLockLostError", "toError"];

    const missing = errorsOf(core).filter((name) => !errorsOf(perdure).includes(name));

    expect(missing.sort()).toEqual(internal);
  });
});

interface Order {
  readonly id: string;
}

const reserve = defineActivity("reserve", async (ctx, order: Order) => `${order.id} by ${ctx.name}`);
const approval = defineEvent<{ approved: boolean }>("approval");
const purchase = defineOrchestration("purchase", function* (ctx, order: Order) {
  const reservation = yield* ctx.callActivity(reserve, order);
  ctx.setCustomStatus("reserved");
  const decision = yield* ctx.waitForExternalEvent(approval, { timeout: "30d" });
  if (!decision?.approved) throw new RangeError("declined");
  return { reservation };
});

describe("an orchestration from start to end", () => {
  const backend = new MemoryBackend();
  const client = new Client(backend);
  const worker = new Worker(backend, {
    orchestrations: [purchase],
    activities: [reserve],
    logger: silentLogger,
  });
  beforeAll(() => worker.start());
  afterAll(() => worker.stop());

  it("returns its typed result", async () => {
    const instance = await client.startNew(purchase, { id: "1" }, { instanceId: "order-1" });

    await instance.raiseEvent(approval, { approved: true });

    const { reservation }: { readonly reservation: string } = await instance.result({ timeout: "10s" });
    expect(reservation).toBe("1 by reserve");
    await expect(instance.status()).resolves.toMatchObject({ status: "Completed", customStatus: "reserved" });
  });

  it("fails, is rewound, is terminated and purged", async () => {
    const instance = await client.startNew(purchase, { id: "2" });

    await instance.raiseEvent(approval, { approved: false });
    await expect(instance.result({ timeout: "10s" })).rejects.toThrow("declined");
    await instance.rewind();
    await expect(instance.result({ timeout: "10s" })).rejects.toThrow("declined");

    await expect(instance.terminate()).rejects.toMatchObject({ code: "InvalidInstanceState" });
    await expect(instance.purge({ recursive: true })).resolves.toBe(1);
    await expect(instance.tryStatus()).resolves.toBeUndefined();
  });

  it("goes on after suspend and resume", async () => {
    const instance = await client.startNew(purchase, { id: "3" });
    await instance.suspend();
    await instance.raiseEvent(approval, { approved: true });
    await instance.resume();

    await expect(instance.result({ timeout: "10s" })).resolves.toEqual({ reservation: "3 by reserve" });
  });
});
