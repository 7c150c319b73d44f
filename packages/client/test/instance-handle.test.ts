import {
  InstanceAlreadyExistsError,
  InstanceNotFoundError,
  InvalidArgumentError,
  InvalidInstanceStateError,
  VirtualClock,
  defineEvent,
} from "@perdure/core";
import type { HistoryEvent, InstanceStatus, RuntimeStatus } from "@perdure/core";
import { Client } from "../src";
import type { InstanceHandle } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

const NOW = Date.UTC(2030, 5, 1);

function setUp(fields: Partial<InstanceStatus> = {}) {
  const backend = new FakeBackend();
  const { instances } = backend;
  instances.put(instance("a", fields));
  const client = new Client(backend, { clock: new VirtualClock(NOW) });
  return { instances, client, handle: client.instance("a"), missing: client.instance("missing") };
}

const messageVerbs: [string, (handle: InstanceHandle) => Promise<void>, object][] = [
  [
    "raiseEvent",
    (h) => h.raiseEvent("go", { ok: true }),
    { type: "EventRaised", name: "go", input: '{"ok":true}' },
  ],
  ["terminate", (h) => h.terminate("why"), { type: "ExecutionTerminated", reason: "why" }],
  ["suspend", (h) => h.suspend("why"), { type: "ExecutionSuspended", reason: "why" }],
  ["resume", (h) => h.resume("why"), { type: "ExecutionResumed", reason: "why" }],
];

describe.each(messageVerbs)("%s", (_verb, act, event) => {
  it.each<RuntimeStatus>(["Pending", "Running", "Suspended", "Blocked"])(
    "sends a message when %s",
    async (status) => {
      const { instances, handle } = setUp({ status });

      await act(handle);

      expect(instances.sent).toEqual([
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          instanceId: "a",
          event: { ...event, timestamp: NOW },
        },
      ]);
    },
  );

  it.each<RuntimeStatus>(["Completed", "Failed", "Terminated"])("is refused when %s", async (status) => {
    const { instances, handle } = setUp({ status });

    await expect(act(handle)).rejects.toThrow(InvalidInstanceStateError);

    await expect(act(handle)).rejects.toThrow(`Instance 'a' is ${status}`);
    expect(instances.sent).toEqual([]);
  });

  it("is refused when there is no instance", async () => {
    const { instances, missing } = setUp();

    await expect(act(missing)).rejects.toThrow(InstanceNotFoundError);

    expect(instances.sent).toEqual([]);
  });

  it("sends another message each time", async () => {
    const { instances, handle } = setUp();

    await act(handle);
    await act(handle);

    expect(new Set(instances.sent.map(({ id }) => id)).size).toBe(2);
  });
});

describe("raiseEvent", () => {
  it("takes a definition", async () => {
    const { instances, handle } = setUp();

    await handle.raiseEvent(defineEvent<number>("approval"), 0);

    expect(instances.sent[0]!.event).toMatchObject({ name: "approval", input: "0" });
  });

  it("has no payload for undefined", async () => {
    const { instances, handle } = setUp();

    await handle.raiseEvent("go");

    expect(instances.sent[0]!.event).not.toHaveProperty("input");
  });

  it.each(["", "\u0000", undefined, 7])("refuses the name %j", async (name) => {
    const { handle } = setUp();

    await expect(handle.raiseEvent(name as string)).rejects.toThrow(InvalidArgumentError);
  });

  it("names the event whose payload cannot be serialized", async () => {
    const { handle } = setUp();

    await expect(handle.raiseEvent("go", 1n)).rejects.toThrow("payload of event 'go'");
  });
});

describe("terminate", () => {
  it("reaches the children when recursive", async () => {
    const { instances, handle } = setUp();

    await handle.terminate(undefined, { recursive: true });

    expect(instances.sent[0]!.event).toEqual({
      type: "ExecutionTerminated",
      timestamp: NOW,
      recursive: true,
    });
  });

  it("refuses a reason that is no text", async () => {
    const { handle } = setUp();

    await expect(handle.terminate({} as string)).rejects.toThrow(InvalidArgumentError);
  });
});

describe("rewind", () => {
  it("sends a message when Failed", async () => {
    const { instances, handle } = setUp({ status: "Failed" });

    await handle.rewind("fixed");

    expect(instances.sent[0]!.event).toEqual({ type: "ExecutionRewound", timestamp: NOW, reason: "fixed" });
  });

  it.each<RuntimeStatus>(["Pending", "Running", "Suspended", "Blocked", "Completed", "Terminated"])(
    "is refused when %s",
    async (status) => {
      const { instances, handle } = setUp({ status });

      await expect(handle.rewind()).rejects.toThrow(InvalidInstanceStateError);

      expect(instances.sent).toEqual([]);
    },
  );

  it("is refused when there is no instance", async () => {
    await expect(setUp().missing.rewind()).rejects.toThrow(InstanceNotFoundError);
  });
});

describe("restart", () => {
  const stored = { name: "purchase", version: "2", input: '{"id":7}', tags: { team: "shop" } };

  it("starts the same under a random id, running or not", async () => {
    const { instances, handle } = setUp({ ...stored, status: "Running" });

    const restarted = await handle.restart();

    const { message } = instances.creates[0]!;
    expect(message.event).toMatchObject({ ...stored, timestamp: NOW });
    expect(message.event.executionId).not.toBe("execution-1");
    expect(restarted).toMatchObject({ instanceId: message.instanceId, created: true });
    expect(restarted.instanceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("does not take the parent along", async () => {
    const parent = { name: "p", instanceId: "p", executionId: "p", taskScheduledId: 0 };
    const { instances, handle } = setUp({ ...stored, parent });

    await handle.restart();

    expect(instances.creates[0]!.message.event).not.toHaveProperty("parent");
  });

  it("starts a finished one under its own id", async () => {
    const { instances, handle } = setUp({ ...stored, status: "Failed" });

    const restarted = await handle.restart({ newInstanceId: false });

    expect(restarted.instanceId).toBe("a");
    expect(instances.creates[0]!.message.instanceId).toBe("a");
  });

  it("starts it under a given id", async () => {
    const { handle } = setUp(stored);

    await expect(handle.restart({ newInstanceId: "b" })).resolves.toMatchObject({
      instanceId: "b",
      created: true,
    });
  });

  it.each([false, "a"])("is refused for its own id while it runs (%j)", async (newInstanceId) => {
    const { handle } = setUp();

    await expect(handle.restart({ newInstanceId })).rejects.toThrow(InvalidInstanceStateError);
  });

  it("is refused for an id in use", async () => {
    const { instances, handle } = setUp();
    instances.put(instance("b"));

    await expect(handle.restart({ newInstanceId: "b" })).rejects.toThrow(InstanceAlreadyExistsError);
  });

  it("refuses a bad id", async () => {
    await expect(setUp().handle.restart({ newInstanceId: "b/c" })).rejects.toThrow(InvalidArgumentError);
  });

  it("is refused when there is no instance", async () => {
    await expect(setUp().missing.restart()).rejects.toThrow(InstanceNotFoundError);
  });
});

describe("status", () => {
  it("returns the instance", async () => {
    await expect(setUp().handle.status()).resolves.toMatchObject({ instanceId: "a", status: "Running" });
  });

  it("throws when there is no instance, tryStatus does not", async () => {
    const { missing } = setUp();

    await expect(missing.status()).rejects.toThrow(InstanceNotFoundError);
    await expect(missing.tryStatus()).resolves.toBeUndefined();
  });
});

describe("history", () => {
  it("returns the events", async () => {
    const { instances, handle } = setUp();
    const history: readonly HistoryEvent[] = [{ type: "OrchestratorStarted", timestamp: 1 }];
    instances.histories.set("a", history);

    await expect(handle.history()).resolves.toEqual(history);
  });

  it("is empty for an instance no worker has taken", async () => {
    await expect(setUp({ status: "Pending" }).handle.history()).resolves.toEqual([]);
  });

  it("throws when there is no instance", async () => {
    await expect(setUp().missing.history()).rejects.toThrow(InstanceNotFoundError);
  });
});

describe("an event with an id", () => {
  it("is sent under that id, for one generation if one is given", async () => {
    const { instances, handle } = setUp({ status: "Running", executionId: "x1" });

    await handle.raiseEvent("go", 1, { eventId: "order 7" });
    await handle.raiseEvent("go", 1, { eventId: "order 8", executionId: "x1" });

    expect(instances.sent).toMatchObject([{ id: "order 7" }, { id: "order 8", executionId: "x1" }]);
    expect(instances.sent[0]).not.toHaveProperty("executionId");
  });

  it("is refused for another generation, and with a bad id", async () => {
    const { instances, handle } = setUp({ status: "Running", executionId: "x2" });

    await expect(handle.raiseEvent("go", 1, { executionId: "x1" })).rejects.toThrow(
      InvalidInstanceStateError,
    );
    await expect(handle.raiseEvent("go", 1, { eventId: "" })).rejects.toThrow(InvalidArgumentError);

    expect(instances.sent).toEqual([]);
  });
});
