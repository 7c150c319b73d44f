import {
  InstanceNotFoundError,
  InvalidArgumentError,
  VirtualClock,
  WaitTimeoutError,
  systemClock,
} from "@perdure/core";
import type { InstanceStatus, RuntimeStatus } from "@perdure/core";
import { getEventListeners } from "node:events";
import { Client } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";
import { pass, settle } from "./support/time";

function setUp(fields: Partial<InstanceStatus> = {}) {
  const { instances, ...backend } = new FakeBackend();
  const clock = new VirtualClock();
  const client = new Client({ ...backend, instances }, { clock });
  instances.put(instance("a", fields));
  const change = (changed: Partial<InstanceStatus>, hint: "hinted" | "unseen") => {
    instances.put(instance("a", changed));
    if (hint === "hinted") instances.hint("a");
  };
  return { instances, clock, client, change, handle: client.instance("a") };
}

describe("waitForCompletion", () => {
  it.each<RuntimeStatus>(["Completed", "Failed", "Terminated"])("returns at once when %s", async (status) => {
    const { clock, handle } = setUp({ status });

    await expect(handle.waitForCompletion()).resolves.toMatchObject({ status });

    expect(clock.nextDue).toBeUndefined();
  });

  it.each<RuntimeStatus>(["Pending", "Running", "Suspended", "Blocked"])(
    "goes on while %s",
    async (status) => {
      const { clock, change, handle } = setUp({ status });
      const ended = jest.fn();
      const wait = handle.waitForCompletion().then(ended);

      await pass(clock, 60_000);

      expect(ended).not.toHaveBeenCalled();
      change({ status: "Completed" }, "hinted");
      await wait;
    },
  );

  it("sees a hinted change without time passing", async () => {
    const { clock, change, handle } = setUp();
    const start = clock.now();
    const wait = handle.waitForCompletion();
    await settle();

    change({ status: "Completed", output: "1" }, "hinted");

    await expect(wait).resolves.toMatchObject({ output: 1 });
    expect(clock.now()).toBe(start);
  });

  it("does not miss a change between looking and listening", async () => {
    const { instances, clock, change, handle } = setUp();
    const start = clock.now();
    const stored = instances.get.bind(instances);
    instances.get = async (id) => {
      const before = await stored(id);
      if (before?.status === "Running") change({ status: "Completed" }, "hinted");
      return before;
    };

    await handle.waitForCompletion();

    expect(clock.now()).toBe(start);
  });

  it("looks only when the backend knows that there is something to see, and from time to time", async () => {
    const { instances, clock, change, handle } = setUp({ status: "Pending" });
    instances.knows = true;
    const wait = handle.waitForCompletion();
    await settle();
    change({ status: "Running" }, "hinted");
    await settle();
    expect(instances.gets).toBe(0);

    await pass(clock, 3500); // after one second and two more
    expect(instances.gets).toBe(2);
    await pass(clock, 120_000); // and then at least every half minute
    expect(instances.gets).toBe(8);

    change({ status: "Completed" }, "hinted");
    await wait;
    expect(instances.gets).toBe(9);
  });

  it("looks within a second once the backend has given the instance away", async () => {
    const { instances, clock, change, handle } = setUp();
    instances.knows = true;
    const wait = handle.waitForCompletion();
    await pass(clock, 123_000); // long before the next look that guards against what nobody knows
    const givenAwayAt = clock.now();
    instances.knows = false;
    change({ status: "Completed" }, "unseen");

    await pass(clock, 1000);

    await expect(wait).resolves.toMatchObject({ status: "Completed" });
    expect(clock.now()).toBe(givenAwayAt + 1000);
  });

  it("looks again after pauses that grow from 25 to 500 ms", async () => {
    const { instances, clock, change, handle } = setUp();
    const start = clock.now();
    const looks: number[] = [];
    instances.onGet = () => looks.push(clock.now() - start);
    const wait = handle.waitForCompletion();

    await pass(clock, 3000);
    change({ status: "Completed" }, "unseen");
    await pass(clock, 500);
    await wait;

    const pauses = looks.slice(1).map((at, i) => at - looks[i]!);
    expect(pauses.slice(0, 4)).toEqual([25, 37.5, 56.25, 84.375]);
    expect(Math.max(...pauses)).toBe(500);
    expect(pauses.slice(-3)).toEqual([500, 500, 500]);
  });

  it("lasts through other changes", async () => {
    const { change, handle } = setUp();
    const wait = handle.waitForCompletion();
    await settle();

    change({ executionId: "next-generation" }, "hinted");
    await settle();
    change({ executionId: "next-generation", status: "Completed" }, "hinted");

    await expect(wait).resolves.toMatchObject({ executionId: "next-generation" });
  });

  it("throws when there is no instance", async () => {
    const { client } = setUp();

    await expect(client.instance("missing").waitForCompletion()).rejects.toThrow(InstanceNotFoundError);
  });

  it("throws when the instance is purged meanwhile", async () => {
    const { instances, handle } = setUp();
    const wait = handle.waitForCompletion();
    await settle();

    instances.statuses.delete("a");
    instances.hint("a");

    await expect(wait).rejects.toThrow(InstanceNotFoundError);
  });

  it("waits for the new end after a rewind", async () => {
    const { change, handle } = setUp({ status: "Failed" });
    await handle.rewind();
    const wait = handle.waitForCompletion();
    await settle();

    change({ executionId: "rewound" }, "hinted");
    await settle();
    change({ executionId: "rewound", status: "Completed" }, "hinted");

    await expect(wait).resolves.toMatchObject({ status: "Completed" });
  });
});

describe("timeout", () => {
  it("ends the wait on time and says how the instance stands", async () => {
    const { clock, handle } = setUp({ status: "Suspended" });
    const start = clock.now();
    const wait = handle.waitForCompletion({ timeout: "1s" }).catch((error: unknown) => error as Error);

    await pass(clock, 2000);

    const error = await wait;
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/'a' has not finished within 1000 ms.*is Suspended and goes on/),
    });
    expect(clock.now() - start).toBe(2000);
  });

  it("ends the wait at its moment, not at the next look", async () => {
    const { clock, handle } = setUp();
    const start = clock.now();
    let endedAt = 0;
    void handle.waitForCompletion({ timeout: 30 }).catch(() => (endedAt = clock.now() - start));

    await pass(clock, 1000);

    expect(endedAt).toBe(30);
  });

  it("of 0 looks once", async () => {
    const { instances, handle } = setUp();

    await expect(handle.waitForCompletion({ timeout: 0 })).rejects.toThrow(WaitTimeoutError);

    expect(instances.gets).toBe(1);
  });

  it("of 0 is enough for a finished instance", async () => {
    const { handle } = setUp({ status: "Completed" });

    await expect(handle.waitForCompletion({ timeout: 0 })).resolves.toMatchObject({ status: "Completed" });
  });

  it.each([-1, Number.NaN, "later"])("of %j is refused", async (timeout) => {
    await expect(setUp().handle.waitForCompletion({ timeout })).rejects.toThrow(InvalidArgumentError);
  });
});

describe("signal", () => {
  it("ends the wait with its reason", async () => {
    const { handle } = setUp();
    const controller = new AbortController();
    const wait = handle.waitForCompletion({ signal: controller.signal });
    await settle();

    controller.abort(new Error("shutting down"));

    await expect(wait).rejects.toThrow("shutting down");
  });

  it("that has aborted ends the wait before it looks", async () => {
    const { instances, handle } = setUp({ status: "Completed" });

    await expect(handle.waitForCompletion({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/);

    expect(instances.gets).toBe(0);
  });
});

describe("what a wait leaves behind", () => {
  it.each<[string, (setup: ReturnType<typeof setUp>, controller: AbortController) => Promise<void> | void]>([
    ["completion", ({ change }) => change({ status: "Completed" }, "hinted")],
    ["timeout", ({ clock }) => pass(clock, 10_000)],
    ["abort", (_setup, controller) => controller.abort()],
    [
      "failure of storage",
      ({ instances }) => {
        instances.onGet = () => {
          throw new Error("down");
        };
        instances.hint("a");
      },
    ],
  ])("is no timer and no listener, after %s", async (_how, end) => {
    const setup = setUp();
    const controller = new AbortController();
    const wait = setup.handle
      .waitForCompletion({ timeout: "5s", signal: controller.signal })
      .catch(() => undefined);
    await pass(setup.clock, 1000);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    expect(setup.instances.listeners).toBe(1);

    await end(setup, controller);
    await wait;

    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(setup.instances.listeners).toBe(0);
    expect(setup.clock.nextDue).toBeUndefined();
  });

  it("is no unhandled rejection when listening and looking both fail", async () => {
    const { instances, handle } = setUp();
    const down = (what: string) => async (): Promise<never> => {
      throw new Error(what);
    };
    instances.waitForChange = down("listening");
    instances.get = down("looking");

    await expect(handle.waitForCompletion()).rejects.toThrow("looking");
    await settle();
  });
});

describe("waitForStart", () => {
  it.each<RuntimeStatus>(["Running", "Suspended", "Blocked", "Completed"])(
    "returns when %s",
    async (status) => {
      await expect(setUp({ status }).handle.waitForStart()).resolves.toMatchObject({ status });
    },
  );

  it("waits while Pending", async () => {
    const { clock, change, handle } = setUp({ status: "Pending" });
    const wait = handle.waitForStart();
    await pass(clock, 5000);

    change({ status: "Running" }, "unseen");
    await pass(clock, 500);

    await expect(wait).resolves.toMatchObject({ status: "Running" });
  });

  it("says that the instance has not started when time runs out", async () => {
    const { handle } = setUp({ status: "Pending" });

    await expect(handle.waitForStart({ timeout: 0 })).rejects.toThrow("has not started");
  });
});

describe("result", () => {
  it.each([0, "", false, null, { a: 1 }])("is the output %j", async (output) => {
    const { handle } = setUp({ status: "Completed", output: JSON.stringify(output) });

    await expect(handle.result()).resolves.toEqual(output);
  });

  it("is undefined when nothing was returned", async () => {
    await expect(setUp({ status: "Completed" }).handle.result()).resolves.toBeUndefined();
  });

  it.each(["Failed", "Terminated"] as const)("throws the failure when %s", async (status) => {
    const failure = { errorType: "RangeError", errorMessage: "out of stock" };
    const { handle } = setUp({ status, failure });

    await expect(handle.result()).rejects.toMatchObject({
      code: "OrchestrationFailed",
      status,
      failure,
      instanceId: "a",
    });
  });

  it("throws a failure even when none is stored", async () => {
    await expect(setUp({ status: "Failed" }).handle.result()).rejects.toMatchObject({
      code: "OrchestrationFailed",
    });
  });

  it("comes within 50 ms of a local completion, by the machine's clock", async () => {
    const backend = new FakeBackend();
    backend.instances.put(instance("a"));
    const wait = new Client(backend).instance("a").result();
    await settle();
    const completedAt = systemClock.now();

    backend.instances.put(instance("a", { status: "Completed" }));
    backend.instances.hint("a");
    await wait;

    expect(systemClock.now() - completedAt).toBeLessThan(50);
  });
});
