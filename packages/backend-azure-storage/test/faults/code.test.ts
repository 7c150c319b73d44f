import {
  MAX_PAYLOAD_BYTES,
  TaskFailedError,
  defineActivity,
  defineOrchestration,
  runTurn,
} from "@perdure/core";
import type { HistoryEvent } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { CoreInstance } from "./core-instance";
import { FaultHub, HISTORY, INSTANCES } from "./fault-hub";
import { expectedOf, gift, program, programCode, randomSteps } from "./program";
import { Random } from "../support/random";

const add = defineActivity("add", (_ctx, n: number) => n + 1);
const healthy = defineOrchestration("healthy", function* (ctx) {
  return yield* ctx.callActivity(add, 1);
});

describe("code that is wrong", () => {
  it("F21: harms its own instance alone, which says why, and can catch what it could not return", async () => {
    const huge = defineActivity("huge", () => "x".repeat(MAX_PAYLOAD_BYTES));
    const cyclic = defineActivity("cyclic", () => {
      const value: Record<string, unknown> = {};
      return (value["self"] = value);
    });
    const throwing = defineOrchestration("throwing", function* () {
      throw new Error("on every replay");
    });
    const spinning = defineOrchestration("spinning", function* (ctx) {
      return yield* ctx.continueAsNew();
    });
    const careful = defineOrchestration("careful", function* (ctx) {
      const caught: string[] = [];
      for (const activity of [huge, cyclic]) {
        try {
          yield* ctx.callActivity(activity.name);
        } catch (error) {
          if (TaskFailedError.is(error)) caught.push(error.failure.errorType);
        }
      }
      return caught;
    });
    const unreturnable = defineOrchestration("unreturnable", function* () {
      return 10n;
    });
    const hub = await FaultHub.open({
      orchestrations: [throwing, spinning, careful, unreturnable, healthy],
      activities: [add, huge, cyclic],
    });
    hub.spawn();
    const failureOf = async (name: string): Promise<string | undefined> => {
      const handle = await hub.run(hub.client.startNew(name));
      const { status, failure } = await hub.run(handle.waitForCompletion());
      return `${status}: ${failure?.errorMessage}`;
    };

    expect(await failureOf("throwing")).toBe("Failed: on every replay");
    expect(await failureOf("spinning")).toMatch(/^Failed: .*10000/);
    expect(await failureOf("unreturnable")).toMatch(/^Failed: The .* cannot be serialized/);
    const caught = await hub.run((await hub.run(hub.client.startNew(careful))).result());
    expect(caught).toEqual(["PayloadTooLarge", "NotSerializable"]);
    expect(await hub.run((await hub.run(hub.client.startNew(healthy))).result())).toBe(2);
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F21: that returns more than this backend stores gets a failure for a result, after a second run", async () => {
    let runs = 0;
    const long = defineActivity("long", () => {
      runs++;
      return "x".repeat(30_000);
    });
    const main = defineOrchestration("main", function* (ctx) {
      try {
        return (yield* ctx.callActivity(long)).length;
      } catch (error) {
        return TaskFailedError.is(error) ? error.failure.errorType : "another error";
      }
    });
    const hub = await FaultHub.open(
      { orchestrations: [main], activities: [long] },
      { maxPayloadBytes: 20_000 },
    );
    hub.spawn();
    const handle = await hub.run(hub.client.startNew(main));

    expect(await hub.run(handle.result())).toBe("PayloadTooLarge");
    expect(runs).toBe(2);
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it.skip("F21 (skipped: a turn over a lowered maxPayloadBytes is tried again until it is a dead letter): an orchestrator that returns too much fails", () =>
    undefined);

  it("F24: that another app of the same hub lacks is waited for: the instance is Blocked and costs nothing", async () => {
    const other = defineOrchestration("other", function* () {
      return "other";
    });
    const hub = await FaultHub.open({ orchestrations: [healthy], activities: [add] });
    const first = hub.spawn();
    const handle = await hub.run(hub.client.startNew("other"));
    await hub.pass(60_000);

    const blocked = await hub.run(handle.status());
    expect(blocked).toMatchObject({ status: "Blocked" });
    expect(JSON.stringify(blocked.blocked)).toContain("other");
    expect(Object.values(hub.queues()).flat()).toEqual([]);
    expect(await hub.run((await hub.run(hub.client.startNew(healthy))).result())).toBe(2);

    await hub.stop(first);
    hub.spawn({ code: { orchestrations: [other] } });
    await hub.run(handle.resume());
    expect(await hub.run(handle.result())).toBe("other");
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F25: that no longer decides what it decided is told so, both sides by name, and goes on when it is put right", async () => {
    const version = (activity: string): ReturnType<typeof defineOrchestration> =>
      defineOrchestration("main", function* (ctx) {
        const result = yield* ctx.callActivity<number>(activity, 1);
        yield* ctx.waitForExternalEvent("go");
        return result;
      });
    const subtract = defineActivity("subtract", (_ctx, n: number) => n - 1);
    const activities = [add, subtract];
    const hub = await FaultHub.open({ orchestrations: [version("add")], activities });
    const before = hub.spawn();
    const handle = await hub.run(hub.client.startNew("main"));
    await hub.pass(2000);
    await hub.stop(before);
    const changed = hub.spawn({ code: { orchestrations: [version("subtract")], activities } });
    await hub.run(handle.raiseEvent("go"));
    await hub.pass(20_000);

    const { status, blocked } = await hub.run(handle.status());
    expect(status).toBe("Blocked");
    expect(JSON.stringify(blocked)).toMatch(/'add'.*'subtract'/);

    await hub.stop(changed);
    hub.spawn();
    await hub.run(handle.resume());
    expect(await hub.run(handle.result())).toBe(2);
    expect(await hub.leftovers()).toEqual([]);
  });

  it.skip("F29 (skipped: entities are not built): half of a batch of operations is applied, then a crash", () =>
    undefined);
});

describe("history", () => {
  it("F30: of 50,000 events is replayed in linear time", () => {
    const counter = defineOrchestration("counter", function* (ctx) {
      let sum = 0;
      while (sum >= 0) sum += yield* ctx.waitForExternalEvent<number>("number");
      return sum;
    });
    const instance = new CoreInstance(counter);
    instance.start();
    const [open, started] = instance.history as [HistoryEvent, HistoryEvent];
    const historyOf = (length: number): readonly HistoryEvent[] => [
      open,
      started,
      ...Array.from({ length: length - 2 }, (_, index): HistoryEvent => ({
        type: "EventRaised",
        timestamp: instance.now,
        messageId: `m${index}`,
        name: "number",
        input: "1",
      })),
    ];
    const replayMs = (length: number): number => {
      const history = historyOf(length);
      const times = [1, 2, 3].map(() => {
        const live = instance.rebuilt(history);
        const begin = performance.now();
        const turn = runTurn(live, [instance.event("number", 1)], instance.now);
        expect(turn.checkpoint?.state.status).toBe("Running");
        return performance.now() - begin;
      });
      return Math.min(...times);
    };
    replayMs(1000); // warm

    const few = replayMs(5000);
    const many = replayMs(50_000);

    expect(many).toBeLessThan(5000);
    expect(many / few).toBeLessThan(50); // squared it would be 100
  }, 60_000);

  it("F39: written by an earlier version, without a column, or by a later one, with more of them, is read alike", async () => {
    const main = defineOrchestration("main", function* (ctx) {
      const sum = yield* ctx.callActivity(add, 1);
      yield* ctx.waitForExternalEvent("go");
      return yield* ctx.callActivity(add, sum);
    });
    const hub = await FaultHub.open({ orchestrations: [main], activities: [add] });
    const before = hub.spawn();
    const handle = await hub.run(hub.client.startNew(main));
    await hub.pass(2000);
    await hub.stop(before);
    for (const table of [HISTORY, INSTANCES])
      for (const row of hub.rows(table) ?? []) {
        const { etag: _etag, Revision: _revision, ClaimEpoch: _claim, ...columns } = row;
        const other = { ...columns, AddedLater: "something", AddedLaterStill: 7 };
        await hub.run(hub.hub.storage.table(table).write({ kind: "upsert", row: other }));
      }
    hub.spawn();
    await hub.run(handle.raiseEvent("go"));

    expect(await hub.run(handle.result())).toBe(3);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F40: of random programs ends as a straight-line run does, with workers killed at random", async () => {
    let crashes = 0;
    for (let seed = 1; seed <= 15; seed++) {
      const random = new Random(seed);
      const hub = await FaultHub.open(programCode, { partitionCount: 2 });
      hub.spawn();
      hub.spawn();
      const end = hub.onRequests((process) => {
        if (process === hub.clientProcess || process.isDead || random.next() >= 0.02) return;
        process.kill();
        crashes++;
        hub.spawn();
      });
      const plans = Array.from({ length: 4 }, () => randomSteps(random));
      const handles: InstanceHandle<number>[] = [];
      for (const steps of plans) {
        const handle = await hub.run(hub.client.startNew(program, { steps, total: 0 }));
        for (const step of steps) if (step === "event") await hub.run(handle.raiseEvent(gift, 5));
        handles.push(handle);
      }
      await hub.pass(20_000);
      end();
      const results = await hub.run(Promise.all(handles.map((handle) => handle.result({ timeout: "1h" }))));
      const expected = plans.map(expectedOf);

      expect({ seed, results }).toEqual({ seed, results: expected });
      expect({ seed, left: await hub.leftovers() }).toEqual({ seed, left: [] });
      expect({ seed, letters: await hub.deadLetters() }).toEqual({ seed, letters: [] });
      expect({ seed, stale: hub.unfinishedRows() }).toEqual({ seed, stale: [] });
    }
    expect(crashes).toBeGreaterThan(15);
  }, 60_000);
});
