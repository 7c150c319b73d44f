import {
  InstanceNotFoundError,
  InvalidArgumentError,
  START_TIMER_ID,
  TimerNotFoundError,
  VirtualClock,
} from "@perdure/core";
import type { HistoryEvent, InstanceStatus } from "@perdure/core";
import { Client } from "../src";
import type { PendingTimer } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

const NOW = Date.UTC(2030, 0, 1, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function started(executionId = "execution-1"): readonly HistoryEvent[] {
  return [
    { type: "OrchestratorStarted", timestamp: NOW },
    { type: "ExecutionStarted", timestamp: NOW, executionId, name: "purchase", messageId: "start" },
  ];
}

function timer(eventId: number, fireAt: number, name?: string): HistoryEvent {
  return { type: "TimerCreated", timestamp: NOW, eventId, fireAt, ...(name ? { name } : {}) };
}

/** A backend with one instance that sleeps on these timers. */
function asleep(events: readonly HistoryEvent[], fields: Partial<InstanceStatus> = {}): FakeBackend {
  const backend = new FakeBackend();
  add(backend, "a", events, fields);
  return backend;
}

function add(
  backend: FakeBackend,
  id: string,
  events: readonly HistoryEvent[],
  fields: Partial<InstanceStatus> = {},
): void {
  backend.instances.put(instance(id, fields));
  backend.instances.histories.set(id, [...started(), ...events]);
}

function clientOf(backend: FakeBackend): Client {
  return new Client(backend, { clock: new VirtualClock(NOW) });
}

function sent(backend: FakeBackend): unknown {
  return backend.instances.sent.map(({ instanceId, executionId, event }) => ({
    instanceId,
    executionId,
    event,
  }));
}

async function collected(timers: AsyncIterable<PendingTimer>): Promise<PendingTimer[]> {
  const all: PendingTimer[] = [];
  for await (const one of timers) all.push(one);
  return all;
}

describe("of", () => {
  it("has the timers of an instance in the order they are due, with all there is to say", async () => {
    const backend = asleep([
      timer(0, NOW + DAY, "tomorrow"),
      {
        ...(timer(1, NOW + HOUR) as HistoryEvent & { type: "TimerCreated" }),
        wallClock: { at: "2030-01-01T14:00:00", timeZone: "Europe/Paris", gap: "later", overlap: "earlier" },
      },
    ]);

    expect(await clientOf(backend).timers.of("a")).toEqual([
      {
        ...{
          instanceId: "a",
          executionId: "execution-1",
          orchestration: "purchase",
          kind: "timer",
          timerId: 1,
        },
        ...{ createdAt: new Date(NOW), fireAt: new Date(NOW + HOUR) },
        wallClock: { at: "2030-01-01T14:00:00", timeZone: "Europe/Paris", gap: "later", overlap: "earlier" },
      },
      {
        ...{
          instanceId: "a",
          executionId: "execution-1",
          orchestration: "purchase",
          kind: "timer",
          timerId: 0,
        },
        ...{ createdAt: new Date(NOW), fireAt: new Date(NOW + DAY), name: "tomorrow" },
      },
    ]);
  });

  it("leaves out what has fired or was cancelled, and knows where one was moved", async () => {
    const backend = asleep([
      ...[timer(0, NOW + 1), timer(1, NOW + 2), timer(2, NOW + 3)],
      { type: "TimerFired", timestamp: NOW + 1, timerId: 0, fireAt: NOW + 1, messageId: "fired" },
      { type: "TimerCancelled", timestamp: NOW + 1, timerId: 1 },
      { type: "TimerMoved", timestamp: NOW + 1, timerId: 2, fireAt: NOW + DAY, messageId: "moved" },
    ]);

    expect(await clientOf(backend).timers.of("a")).toMatchObject([
      { timerId: 2, fireAt: new Date(NOW + DAY) },
    ]);
  });

  it("has the start of an instance that begins later", async () => {
    const backend = new FakeBackend();
    backend.instances.put(instance("later", { status: "Pending", scheduledStartTime: NOW + DAY }));

    expect(await clientOf(backend).timers.of("later")).toMatchObject([
      { kind: "start", timerId: START_TIMER_ID, fireAt: new Date(NOW + DAY) },
    ]);
  });

  it("is empty for an instance that has finished", async () => {
    const backend = asleep([timer(0, NOW + DAY)], { status: "Terminated" });

    expect(await clientOf(backend).timers.of("a")).toEqual([]);
  });

  it("looks again when the instance has become another meanwhile", async () => {
    const backend = asleep([timer(0, NOW + DAY)]);
    backend.instances.onGet = () => {
      if (backend.instances.gets !== 2) return; // between the history and the second look
      backend.instances.put(instance("a", { executionId: "execution-2" }));
      backend.instances.histories.set("a", [...started("execution-2"), timer(0, NOW + HOUR)]);
    };

    expect(await clientOf(backend).timers.of("a")).toMatchObject([
      { executionId: "execution-2", fireAt: new Date(NOW + HOUR) },
    ]);
  });

  it("refuses what is no id, and tells of an instance that is not there", async () => {
    const { timers } = clientOf(new FakeBackend());

    await expect(timers.of("a/b")).rejects.toThrow(InvalidArgumentError);
    await expect(timers.of("nobody")).rejects.toThrow(InstanceNotFoundError);
  });
});

describe("list", () => {
  it("asks storage for what is due, and leaves out what is due later", async () => {
    const backend = asleep([timer(0, NOW + HOUR), timer(1, NOW + DAY)], { nextTimerAt: NOW + HOUR });

    const due = await collected(
      clientOf(backend).timers.list({
        dueBefore: new Date(NOW + DAY),
        instanceIdPrefix: "a",
        orchestration: "purchase",
      }),
    );

    expect(due).toMatchObject([{ instanceId: "a", timerId: 0 }]);
    expect(backend.instances.queries).toMatchObject([
      { nextTimerBefore: NOW + DAY, instanceIdPrefix: "a", name: "purchase" },
    ]);
  });

  it("has no timers of schedules, which tell themselves when they tick", async () => {
    const backend = asleep([timer(0, NOW + HOUR)], { nextTimerAt: NOW + HOUR });
    add(backend, "@schedule@nightly", [timer(0, NOW + HOUR)], { name: "@schedule", nextTimerAt: NOW + HOUR });

    expect((await collected(clientOf(backend).timers.list())).map((one) => one.instanceId)).toEqual(["a"]);
  });

  it.each([{ dueBefore: new Date("x") }, { instanceIdPrefix: "" }, { orchestration: "" }])(
    "refuses %p at once",
    (filter) => {
      expect(() => clientOf(new FakeBackend()).timers.list(filter)).toThrow(InvalidArgumentError);
    },
  );
});

describe("fire, move and cancel", () => {
  const one = { instanceId: "a", timerId: 0 };

  it("fires by moving to a time that has passed by any clock", async () => {
    const backend = asleep([timer(0, NOW + DAY)]);

    await clientOf(backend).timers.fire(one, "now, please");

    const event = { type: "TimerMoved", timestamp: NOW, timerId: 0, fireAt: NOW, reason: "now, please" };
    expect(sent(backend)).toEqual([{ instanceId: "a", executionId: "execution-1", event }]);
  });

  it.each([
    ["a duration", "2h", NOW + 2 * HOUR],
    ["a date", new Date(NOW + DAY), NOW + DAY],
    ["the past", new Date(0), 0],
    ["a clock on a wall", { at: "2030-07-01T09:00", timeZone: "Europe/Paris" }, Date.UTC(2030, 6, 1, 7)],
  ])("moves to %s", async (_what, when, fireAt) => {
    const backend = asleep([timer(0, NOW + DAY)]);

    await clientOf(backend).timers.move(one, when);

    const event = { type: "TimerMoved", timestamp: NOW, timerId: 0, fireAt };
    expect(sent(backend)).toEqual([{ instanceId: "a", executionId: "execution-1", event }]);
  });

  it("cancels with the reason", async () => {
    const backend = asleep([timer(0, NOW + DAY)]);

    await clientOf(backend).timers.cancel(one, "not needed");

    const event = { type: "TimerCancelled", timestamp: NOW, timerId: 0, reason: "not needed" };
    expect(sent(backend)).toEqual([{ instanceId: "a", executionId: "execution-1", event }]);
  });

  it("terminates an instance whose start is cancelled", async () => {
    const backend = new FakeBackend();
    backend.instances.put(instance("later", { status: "Pending", scheduledStartTime: NOW + DAY }));

    await clientOf(backend).timers.cancel({ instanceId: "later", timerId: START_TIMER_ID });

    const event = { type: "ExecutionTerminated", timestamp: NOW, reason: "Its delayed start was cancelled." };
    expect(sent(backend)).toEqual([{ instanceId: "later", executionId: undefined, event }]);
  });

  it.each(["fire", "cancel"] as const)("does not %s what is not there, and sends nothing", async (verb) => {
    const backend = asleep([timer(0, NOW + DAY)]);
    const { timers } = clientOf(backend);

    await expect(timers[verb]({ ...one, timerId: 7 })).rejects.toThrow(TimerNotFoundError);
    await expect(timers[verb]({ ...one, executionId: "former" })).rejects.toThrow(TimerNotFoundError);
    await expect(timers[verb]({ ...one, instanceId: "nobody" })).rejects.toThrow(InstanceNotFoundError);
    expect(backend.instances.sent).toEqual([]);
  });

  it.each<[unknown]>([["soon"], [Number.NaN], [new Date("x")], [{ at: "2030-07-01T09:00" }]])(
    "does not move to %p",
    async (when) => {
      const backend = asleep([timer(0, NOW + DAY)]);

      await expect(clientOf(backend).timers.move(one, when as Date)).rejects.toThrow(InvalidArgumentError);
      expect(backend.instances.sent).toEqual([]);
    },
  );

  it("refuses a reason that is no text", async () => {
    const { timers } = clientOf(asleep([timer(0, NOW + DAY)]));

    await expect(timers.cancel(one, 7 as unknown as string)).rejects.toThrow("The reason");
  });
});
