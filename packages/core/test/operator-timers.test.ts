import { TaskCancelledError, pendingTimers } from "../src";
import type { TimeZones, WallClock } from "../src";
import { noTimeZones } from "../src/wall-clock";
import { T0 } from "./support/history";
import { started } from "./support/test-instance";
import type { TestInstance } from "./support/test-instance";

const DAY = 86_400_000;

function sleeper(fireIn = 30 * DAY): TestInstance {
  return started(function* (ctx) {
    const timer = ctx.createTimer(fireIn, { name: "reminder" });
    try {
      yield* timer;
    } catch (error) {
      return TaskCancelledError.is(error) ? error.message : error;
    }
    return [timer.fireAt.getTime(), ctx.currentUtcDateTime.getTime()];
  });
}

describe("a timer that an operator moves", () => {
  it.each([
    ["earlier", 1000],
    ["later", 60 * DAY],
    ["into the past, fires at once", -1000],
  ])("%s: its former message goes, another comes, and the code sees it", (_where, offset) => {
    const test = sleeper();
    const former = test.timer(0);

    test.deliver(test.message.moved(0, T0 + offset, "asked for"));

    expect(test.checkpoint.cancelledTimers).toEqual([former.id]);
    expect(test.outbox.messages).toMatchObject([{ visibleAt: T0 + offset, event: { timerId: 0 } }]);
    expect(test.outbox.messages[0]?.id).not.toBe(former.id);
    expect(test.events("TimerMoved")).toMatchObject([
      { timerId: 0, fireAt: T0 + offset, reason: "asked for" },
    ]);
    expect(test.state.nextTimerAt).toBe(T0 + offset);
    test.fire(0);
    expect(test.output).toEqual([T0 + offset, Math.max(T0, T0 + offset)]);
  });

  it("is not fired by the message it had before, should that come all the same", () => {
    const test = sleeper();
    const former = test.timer(0);
    test.deliver(test.message.moved(0, T0 + 60 * DAY));
    test.now = T0 + 31 * DAY;

    expect(test.deliver(former).checkpoint).toBeUndefined();

    test.fire(0);
    expect(test.output).toEqual([T0 + 60 * DAY, T0 + 60 * DAY]);
  });

  it("is moved twice in one batch: the last one counts, and one message is sent", () => {
    const test = sleeper();

    test.deliver(test.message.moved(0, T0 + 2 * DAY), test.message.moved(0, T0 + DAY));

    expect(test.outbox.messages).toMatchObject([{ visibleAt: T0 + DAY }]);
    expect(test.state.nextTimerAt).toBe(T0 + DAY);
  });

  it("that has fired, or was cancelled, stays as it is", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer("1s");
      yield* ctx.waitForExternalEvent("never");
    });
    test.fire(0);

    expect(test.deliver(test.message.moved(0, T0 + DAY)).checkpoint).toBeUndefined();
    expect(test.deliver(test.message.cancelled(0)).checkpoint).toBeUndefined();
    expect(test.state.nextTimerAt).toBeUndefined();
  });

  it("keeps its new time when it loses a race and is waited for again", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("30d");
      yield* ctx.any([timer, ctx.waitForExternalEvent("go")]);
      yield* ctx.callActivity("a");
      yield* timer;
      return timer.fireAt.getTime();
    });
    test.deliver(test.message.moved(0, T0 + DAY));
    test.raise("go");
    test.complete(1);
    const armed = test.events("TimerCreated").at(-1);

    expect(armed?.fireAt).toBe(T0 + DAY);
    test.fire(armed?.eventId ?? -1);
    expect(test.output).toBe(T0 + DAY);
  });

  it("and suspended, is moved at once and seen by the code once it resumes", () => {
    const test = sleeper();
    test.deliver(test.message.suspend());
    test.deliver(test.message.moved(0, T0 + DAY));
    expect(test.outbox.messages).toMatchObject([{ visibleAt: T0 + DAY }]);
    test.fire(0);
    expect(test.status).toBe("Suspended");

    test.deliver(test.message.resume());

    expect(test.output).toEqual([T0 + DAY, T0 + DAY]);
  });

  it("is the start of an instance", () => {
    const test = started(() => (function* () {})(), { scheduledStartTime: T0 + DAY });
    const former = test.timer(-1);

    test.deliver(test.message.moved(-1, T0 + 2 * DAY));

    expect(test.checkpoint.cancelledTimers).toEqual([former.id]);
    expect(test.state).toMatchObject({ scheduledStartTime: T0 + 2 * DAY, nextTimerAt: T0 + 2 * DAY });
    test.now = T0 + DAY;
    test.deliver(former);
    expect(test.status).toBe("Pending");
    test.fire(-1);
    expect(test.status).toBe("Completed");
  });
});

describe("a timer that an operator cancels", () => {
  it("fails for whoever waits for it, and its message goes", () => {
    const test = sleeper();
    const { id } = test.timer(0);

    test.deliver(test.message.cancelled(0, "a holiday"));

    expect(test.checkpoint.cancelledTimers).toContain(id);
    expect(test.events("TimerCancelled")).toMatchObject([{ timerId: 0, reason: "a holiday" }]);
    expect(test.output).toBe("The timer due at 2030-01-31T00:00:00.000Z was cancelled: a holiday.");
  });

  it("comes back when the instance that failed of it is rewound", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer("30d");
    });
    test.deliver(test.message.cancelled(0));
    expect(test.status).toBe("Failed");

    test.deliver(test.message.rewind());
    test.fire(0);

    expect(test.status).toBe("Completed");
  });
});

describe("a timer that an operator cancels and that was made for something else", () => {
  it("is a time limit: the wait goes on without one", () => {
    const test = started(function* (ctx) {
      const event = yield* ctx.waitForExternalEvent("go", { timeout: "1h" });
      return [event, yield* ctx.withTimeout(ctx.callActivity("a"), "1h")];
    });
    test.deliver(test.message.cancelled(0));
    test.raise("go", "on");
    test.deliver(test.message.cancelled(2));
    test.now += DAY;
    test.complete(1, "done");

    expect(test.output).toEqual(["on", "done"]);
  });

  it("is the pause before another try: the call gives up with its own failure", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a", undefined, { retry: { maxAttempts: 3, firstRetryInterval: "1h" } });
    });
    test.fail(0, new RangeError("out of stock"));
    test.deliver(test.message.cancelled(1));

    expect(test.state.failure?.errorMessage).toMatch(/out of stock/);
  });
});

describe("pendingTimers", () => {
  it("tells of those that wait, as moved, and not of those that lost a race", () => {
    const test = started(function* (ctx) {
      yield* ctx.waitForExternalEvent("go", { timeout: "1h" });
      yield* ctx.all([ctx.createTimer("2d", { name: "a" }), ctx.createTimer("1d", { name: "b" })]);
    });
    test.raise("go");
    test.deliver(test.message.moved(2, T0 + 5 * DAY));

    expect(pendingTimers(test.history)).toEqual([
      { timerId: 1, name: "a", createdAt: T0, fireAt: T0 + 2 * DAY },
      { timerId: 2, name: "b", createdAt: T0, fireAt: T0 + 5 * DAY },
    ]);
    expect(test.state.nextTimerAt).toBe(T0 + 2 * DAY);
  });
});

describe("a timer that goes by a wall clock", () => {
  const at: WallClock = { at: "2030-03-31T02:30", timeZone: "Europe/Paris" };
  const planned = T0 + 89 * DAY;
  let known = planned;
  const timeZones: TimeZones = { instantOf: () => known };
  const waiting = (): TestInstance =>
    started(
      function* (ctx) {
        const timer = ctx.createTimer(at);
        yield* timer;
        return timer.fireAt.getTime();
      },
      { timeZones },
    );

  beforeEach(() => (known = planned));

  it("T7: stores what was meant, and looks again a day and a half before", () => {
    const test = waiting();

    expect(test.events("TimerCreated")).toMatchObject([{ fireAt: planned, wallClock: at }]);
    expect(test.outbox.messages).toMatchObject([{ visibleAt: planned - 1.5 * DAY }]);
    test.fire(0);
    expect(test.status).toBe("Running");
    expect(test.outbox.messages).toMatchObject([{ visibleAt: planned }]);
    test.fire(0);
    expect(test.output).toBe(planned);
  });

  it.each([
    ["later", 3_600_000],
    ["earlier", -3_600_000],
  ])("T7: fires %s when time-zone data was changed meanwhile", (_when, difference) => {
    const test = waiting();
    known = planned + difference;
    test.fire(0);

    expect(test.state.nextTimerAt).toBe(known);
    test.fire(0);
    expect(test.output).toBe(known);
  });

  it("T7: replays with time-zone data that has changed since", () => {
    const test = waiting();
    known = planned + 1;
    test.goCold();

    test.fire(0);
    test.fire(0);

    expect(test.output).toBe(known);
  });

  it("waits for a worker that knows its zone", () => {
    const test = waiting();
    const { instantOf } = timeZones;
    Object.assign(timeZones, noTimeZones);
    test.goCold();
    test.fire(0);
    expect(test.status).toBe("Blocked");

    Object.assign(timeZones, { instantOf });
    test.deliver(test.message.resume());
    test.fire(0);

    expect(test.output).toBe(planned);
  });

  it("goes by the moment alone once it was moved", () => {
    const test = waiting();
    known = planned + 7 * DAY;

    test.deliver(test.message.moved(0, T0 + DAY));
    test.fire(0);

    expect(test.output).toBe(T0 + DAY);
  });
});

describe("startDetached", () => {
  const starter = (): TestInstance =>
    started(
      function* (ctx, n: number) {
        const id = ctx.startDetached("other", n, {
          instanceId: "other-1",
          startAt: "1h",
          notify: "ended",
          ifFinished: "skip",
        });
        return [id, ctx.startDetached("other"), yield* ctx.waitForExternalEvent("ended")];
      },
      { input: 7 },
    );

  it("R7: starts an instance that is no child, later, and says by whom", () => {
    const [first, second] = starter().outbox.messages;

    expect(first).toMatchObject({
      instanceId: "other-1",
      event: {
        type: "ExecutionStarted",
        name: "other",
        input: "7",
        scheduledStartTime: T0 + 3_600_000,
        startedBy: "i1",
        onlyNew: true,
        notify: { instanceId: "i1", eventName: "ended" },
      },
    });
    expect(first?.event).not.toHaveProperty("parent");
    expect(second?.instanceId).toMatch(/:0001$/);
  });

  it("outlives the instance, which does not wait for it", () => {
    const test = started(function* (ctx) {
      return ctx.startDetached("other", undefined, { instanceId: "x" });
    });

    expect(test.status).toBe("Completed");
    expect(test.output).toBe("x");
  });

  it("tells how it ended", () => {
    const test = started(() => (function* () {})(), { notify: { instanceId: "boss", eventName: "ended" } });

    expect(test.outbox.messages).toMatchObject([
      {
        instanceId: "boss",
        event: { type: "EventRaised", name: "ended", input: '{"instanceId":"i1","status":"Completed"}' },
      },
    ]);
  });

  it("tells when the id is taken, by a live instance or, if asked so, by a finished one", () => {
    const notify = { instanceId: "boss", eventName: "ended" };
    const test = started(function* (ctx) {
      yield* ctx.waitForExternalEvent("end");
    });
    const refused = { instanceId: "boss", event: { input: '{"instanceId":"i1","status":"NotStarted"}' } };

    test.start("test", undefined, { notify });
    expect(test.outbox.messages).toMatchObject([refused]);
    test.raise("end");
    test.start("test", undefined, { notify, onlyNew: true });
    expect(test.outbox.messages).toMatchObject([refused]);
    test.start("test", undefined, { notify });
    expect(test.status).toBe("Running");
  });

  it.each([[{ ifFinished: "maybe" }], [{ startAt: "soon" }], [{ instanceId: "a/b" }], [{ notify: "" }]])(
    "refuses %p",
    (options) => {
      const test = started(function* (ctx) {
        ctx.startDetached("other", undefined, options as never);
        yield* ctx.createTimer(1);
      });

      expect(test.state.failure?.errorType).toBe("InvalidArgument");
    },
  );
});

describe("terminate", () => {
  it("sends another instance its end", () => {
    const test = started(function* (ctx) {
      ctx.terminate("other-1", "enough");
      yield* ctx.createTimer(1);
    });

    expect(test.outbox.messages).toMatchObject([
      { instanceId: "other-1", event: { type: "ExecutionTerminated", reason: "enough" } },
      {},
    ]);
  });
});

describe("historyLength", () => {
  it("D8: is the number of events, hot and cold", () => {
    const test = started(function* (ctx) {
      const before = ctx.historyLength;
      yield* ctx.callActivity("a");
      return [before, ctx.historyLength];
    });
    test.complete(0);

    expect(test.output).toEqual([2, 5]);
  });
});
