import { inspect } from "node:util";
import {
  InstanceAlreadyExistsError,
  InvalidArgumentError,
  VirtualClock,
  defineOrchestration,
} from "@perdure/core";
import type { TerminalStatus } from "@perdure/core";
import { Client } from "../src";
import type { StartOptions } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

const NOW = Date.UTC(2030, 5, 1);
const purchase = defineOrchestration(
  "purchase",
  function* (_ctx, order: { id: number }) {
    return order.id;
  },
  { version: "2.1" },
);

function setUp() {
  const backend = new FakeBackend();
  const client = new Client(backend, { clock: new VirtualClock(NOW) });
  const started = () => backend.instances.creates.at(-1)!.message;
  return { backend, client, started };
}

describe("startNew", () => {
  it("queues the start of the definition, with its version and the input as JSON", async () => {
    const { client, started } = setUp();

    const handle = await client.startNew(purchase, { id: 7 }, { instanceId: "order-7" });

    expect(handle).toMatchObject({ instanceId: "order-7", created: true });
    expect(started()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      instanceId: "order-7",
      event: {
        type: "ExecutionStarted",
        timestamp: NOW,
        executionId: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: "purchase",
        version: "2.1",
        input: '{"id":7}',
      },
    });
  });

  it("takes a name, and records no version then", async () => {
    const { client, started } = setUp();

    await client.startNew("SayHello", "Tokyo");

    expect(started().event).toMatchObject({ name: "SayHello", input: '"Tokyo"' });
    expect(started().event).not.toHaveProperty("version");
  });

  it("prefers the version of the options to the definition's", async () => {
    const { client, started } = setUp();

    await client.startNew(purchase, { id: 7 }, { version: "3" });

    expect(started().event.version).toBe("3");
  });

  it("makes up 32 hex digits as id, others each time", async () => {
    const { client } = setUp();

    const [first, second] = [await client.startNew("a"), await client.startNew("a")];

    expect(first.instanceId).toMatch(/^[0-9a-f]{32}$/);
    expect(second.instanceId).not.toBe(first.instanceId);
  });

  it.each([
    [0, "0"],
    ["", '""'],
    [false, "false"],
    [null, "null"],
  ])("keeps the falsy input %j", async (input, payload) => {
    const { client, started } = setUp();

    await client.startNew("a", input);

    expect(started().event.input).toBe(payload);
  });

  it("has no payload for undefined", async () => {
    const { client, started } = setUp();

    await client.startNew("a", undefined, {});

    expect(started().event).not.toHaveProperty("input");
  });

  it("copies the tags", async () => {
    const { client, started } = setUp();
    const tags = { team: "shop" };

    await client.startNew("a", undefined, { tags });
    tags.team = "other";

    expect(started().event.tags).toEqual({ team: "shop" });
  });

  it("holds a delayed start by its time, not by the message's", async () => {
    const { client, started } = setUp();

    await client.startNew("a", undefined, { delay: "1h" });

    expect(started().event.scheduledStartTime).toBe(NOW + 3_600_000);
    expect(started()).not.toHaveProperty("visibleAt");
  });

  it("starts at a date", async () => {
    const { client, started } = setUp();

    await client.startNew("a", undefined, { startAt: new Date(NOW + 5) });

    expect(started().event.scheduledStartTime).toBe(NOW + 5);
  });

  it("replaces finished instances by default", async () => {
    const { backend, client } = setUp();

    await client.startNew("a");

    expect(backend.instances.creates[0]!.reusable).toEqual(["Completed", "Failed", "Terminated"]);
  });

  it("replaces only in the statuses of reuse", async () => {
    const { backend, client } = setUp();
    backend.instances.put(instance("a", { status: "Completed" }));

    const start = client.startNew("a", undefined, { instanceId: "a", reuse: ["Failed"] });

    await expect(start).rejects.toThrow(InstanceAlreadyExistsError);
    expect(backend.instances.creates).toEqual([]);
  });

  it("replaces nothing when reuse is empty", async () => {
    const { backend, client } = setUp();

    await client.startNew("a", undefined, { reuse: [] });

    expect(backend.instances.creates[0]!.reusable).toEqual([]);
  });

  it.each(["Running", "Completed"] as const)("attaches to a %s instance when asked to", async (status) => {
    const { backend, client } = setUp();
    backend.instances.put(instance("a", { status }));

    const handle = await client.startNew("a", undefined, { instanceId: "a", ifExists: "attach" });

    expect(handle).toMatchObject({ instanceId: "a", created: false });
    expect(backend.instances.creates).toEqual([]);
  });

  it("starts when there is nothing to attach to", async () => {
    const { client } = setUp();

    const handle = await client.startNew("a", undefined, { instanceId: "a", ifExists: "attach" });

    expect(handle.created).toBe(true);
  });

  it("restarts instead of attaching in the statuses of reuse", async () => {
    const { backend, client } = setUp();
    backend.instances.put(instance("a", { status: "Failed" }));

    const handle = await client.startNew("a", undefined, {
      instanceId: "a",
      ifExists: "attach",
      reuse: ["Failed"],
    });

    expect(handle.created).toBe(true);
  });

  it("does not take other failures for an instance to attach to", async () => {
    const { backend, client } = setUp();
    backend.instances.create = async () => {
      throw new Error("storage is down");
    };

    const start = client.startNew("a", undefined, { ifExists: "attach" });

    await expect(start).rejects.toThrow("storage is down");
  });

  it.each<[string, unknown]>([
    ["an id with a slash", { instanceId: "a/b" }],
    ["an id of an entity", { instanceId: "@counter@a" }],
    ["an empty id", { instanceId: "" }],
    ["a long id", { instanceId: "x".repeat(257) }],
    ["an id that is no string", { instanceId: 7 }],
    ["an invalid date", { startAt: new Date(Number.NaN) }],
    ["a date that is none", { startAt: "2030-01-01" }],
    ["a bad delay", { delay: "soon" }],
    ["a negative delay", { delay: -1 }],
    ["a date and a delay", { startAt: new Date(), delay: 1 }],
    ["a tag that is no string", { tags: { retries: 3 } }],
    ["tags that are a list", { tags: ["a"] }],
    ["an empty version", { version: "" }],
    ["an unknown ifExists", { ifExists: "replace" }],
    ["an unknown status in reuse", { reuse: ["Done"] }],
    ["an undefined status in reuse", { reuse: [undefined] }],
  ])("refuses %s before anything is written", async (_what, options) => {
    const { backend, client } = setUp();

    const start = client.startNew("a", undefined, options as StartOptions);

    await expect(start).rejects.toThrow(InvalidArgumentError);
    expect(backend.createTaskHub).not.toHaveBeenCalled();
  });

  it("refuses to reuse the id of an instance that has not finished, and says what to do", async () => {
    const { client } = setUp();

    const start = client.startNew("a", undefined, { reuse: ["Running" as TerminalStatus] });

    await expect(start).rejects.toThrow(/'Running'.*Terminate/);
  });

  it.each(["", " ", "a\nb", undefined, {}])("refuses the name %j", async (name) => {
    const { client } = setUp();

    await expect(client.startNew(name as string)).rejects.toMatchObject({ code: "InvalidArgument" });
  });

  it("says nothing of the input it cannot serialize but where it is", async () => {
    const { client } = setUp();

    const error: unknown = await client
      .startNew("a", { secret: "s3cret", size: 1n })
      .catch((e: unknown) => e);

    expect(error).toMatchObject({
      code: "NotSerializable",
      message: expect.stringContaining("input of orchestration 'a'"),
    });
    expect(inspect(error)).not.toContain("s3cret");
  });
});
