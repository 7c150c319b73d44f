import { defineActivity, defineOrchestration } from "@perdure/core";
import type { HistoryEvent } from "@perdure/core";
import { using } from "./support";

const work = defineActivity("work", (_ctx, step: number) => `step ${step}`);
const steps = defineOrchestration("steps", function* (ctx) {
  const done: string[] = [];
  for (let step = 1; step <= 3; step++) {
    done.push(yield* ctx.callActivity(work, step));
    ctx.setCustomStatus(step);
    yield* ctx.createTimer("1d");
  }
  return done;
});
const registrations = { orchestrations: [steps], activities: [work] };
const output = ["step 1", "step 2", "step 3"];

function kinds(history: readonly HistoryEvent[]): readonly string[] {
  return history.flatMap(({ type }) => (type === "OrchestratorStarted" ? [] : [type]));
}

describe("failStorage", () => {
  it.each(["load", "checkpoint", "release", "lockInstance"] as const)(
    "lets '%s' fail before it takes effect, and the worker try again",
    async (operation) => {
      const [result, history] = await using(registrations, async (host) => {
        const faultless = kinds(
          await host.run(steps, undefined, { instanceId: "1" }).then(() => host.history("1")),
        );
        host.failStorage({ operation, times: 2 });
        const found = await host.run(steps, undefined, { instanceId: "2" });
        expect(kinds(await host.history("2"))).toEqual(faultless);
        return [found, faultless];
      });

      expect(result).toEqual(output);
      expect(history).toContain("ExecutionCompleted");
    },
  );

  it("lets a checkpoint fail after it took effect", async () => {
    const [result, now] = await using(registrations, async (host) => {
      host.failStorage({ operation: "checkpoint", times: 2, when: "after" });
      return [await host.run(steps), host.now];
    });

    expect(result).toEqual(output);
    expect(now.getTime()).toBeGreaterThan(Date.UTC(2030, 0, 4));
  });

  it("lets the client's verbs fail, as often as told", async () => {
    await using(registrations, async (host) => {
      host.failStorage({ operation: "create" });

      await expect(host.client.startNew(steps)).rejects.toMatchObject({ code: "StorageUnavailable" });
      await expect(host.run(steps)).resolves.toEqual(output);
    });
  });

  it("leaves other instances alone", async () => {
    await using(registrations, async (host) => {
      host.failStorage({ operation: "get", instanceId: "one" });

      await expect(host.client.get("two")).resolves.toBeUndefined();
      await expect(host.client.get("one")).rejects.toMatchObject({ code: "StorageUnavailable" });
      await expect(host.client.get("one")).resolves.toBeUndefined();
    });
  });

  it("refuses what has no meaning", async () => {
    await using({}, async (host) => {
      expect(() => host.failStorage({ operation: "get", times: 0 })).toThrow(/times is 0/);
      expect(() => host.failStorage({ operation: "lockInstance", when: "after" })).toThrow(
        /cannot fail after/,
      );
    });
  });
});

describe("crash", () => {
  it("lets another worker go on", async () => {
    const [result, calls] = await using(registrations, async (host) => {
      const instance = await host.client.startNew(steps);
      await host.waitFor(instance, ({ customStatus }) => customStatus === 2);
      host.crash();
      return [await instance.result(), host.calls(work).map(({ input }) => input)];
    });

    expect(result).toEqual(output);
    expect(calls).toEqual([1, 2, 3]);
  });

  it("takes with it the activity that runs, which runs again after the takeover", async () => {
    const calls = await using({ ...registrations, takeover: "5m" }, async (host) => {
      host.mockNever(work);
      const instance = await host.client.startNew(steps);
      await host.advance("1h");
      host.crash();
      host.unmock(work);
      await instance.result();
      return host.calls(work).slice(0, 2);
    });

    expect(calls).toMatchObject([
      { outcome: "lost", startedAt: new Date("2030-01-01T00:00:00Z") },
      { outcome: "completed", startedAt: new Date("2030-01-01T01:05:00Z") },
    ]);
    expect(calls[1]?.idempotencyKey).toBe(calls[0]?.idempotencyKey);
  });

  it("may come from an activity, whose result is then lost", async () => {
    const [result, outcomes] = await using(registrations, async (host) => {
      host.mock(work, (_ctx, step) => {
        if (host.calls(work).length === 2) host.crash();
        return `step ${step}`;
      });
      return [await host.run(steps), host.calls(work).map(({ input, outcome }) => [input, outcome])];
    });

    expect(result).toEqual(output);
    expect(outcomes).toEqual([
      [1, "completed"],
      [2, "lost"],
      [2, "completed"],
      [3, "completed"],
    ]);
  });

  it("may come twice before anyone took over", async () => {
    const result = await using(registrations, async (host) => {
      const instance = await host.client.startNew(steps);
      host.crash();
      host.crash();
      return instance.result();
    });

    expect(result).toEqual(output);
  });

  it("shows code that is not deterministic", async () => {
    let isFirst = true;
    const fickle = defineOrchestration("fickle", function* (ctx) {
      if (isFirst) yield* ctx.createTimer("1d");
      else yield* ctx.callActivity(work, 1);
    });

    const running = using({ orchestrations: [fickle], activities: [work] }, async (host) => {
      const instance = await host.client.startNew(fickle);
      await host.advance("1h");
      isFirst = false;
      host.crash();
      return host.waitFor(instance, ({ status }) => status === "Completed");
    });

    await expect(running).rejects.toMatchObject({
      code: "InstanceBlocked",
      reason: { kind: "NonDeterminism", expected: "TimerCreated as decision #0" },
    });
  });
});
