import { NonRetriableError, TaskFailedError, defineActivity, defineOrchestration } from "@perdure/core";
import type { ActivityDefinition, FailureDetails, OrchestrationDefinition, RetryPolicy } from "@perdure/core";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";
import { runApp } from "./app";

export const retries: Topic = {
  title: "retries",
  cases: [
    contractCase(
      "an activity is retried until it succeeds, with a delay before each attempt",
      async (scene) => {
        const attempts = recorded(scene, (attempt) => attempt >= 3);
        const app = await runApp(scene, attempts.code({ maxAttempts: 5, firstRetryInterval: 400 }));

        expect(await app.call(attempts.caller, undefined)).toEqual({ result: "attempt 3" });

        const [first = 0, second = 0, third = 0] = attempts.times;
        expect(attempts.times).toHaveLength(3);
        expect(second - first).toBeGreaterThanOrEqual(400);
        expect(third - second).toBeGreaterThanOrEqual(400);
      },
    ),

    contractCase(
      "delays grow by the coefficient up to the longest",
      async (scene) => {
        const attempts = recorded(scene, () => false);
        const policy = {
          maxAttempts: 5,
          firstRetryInterval: "10m",
          backoffCoefficient: 3,
          maxRetryInterval: "1h",
        };
        const app = await runApp(scene, attempts.code(policy));
        const handle = await app.start(attempts.caller, undefined);

        await scene.pass(4 * 3_600_000);
        await app.end(handle);

        const minutes = attempts.times
          .slice(1)
          .map((time, index) => (time - (attempts.times[index] ?? 0)) / 60_000);
        expect(minutes.map(Math.floor)).toEqual([10, 30, 60, 60]);
      },
      { needsVirtualTime: true },
    ),

    contractCase("when attempts run out the last failure is thrown", async (scene) => {
      const attempts = recorded(scene, () => false);
      const app = await runApp(scene, attempts.code({ maxAttempts: 3, firstRetryInterval: 20 }));

      const { failure } = await app.call(attempts.caller, undefined);

      expect(failure).toMatchObject({ errorMessage: "attempt 3 failed" });
      expect(attempts.times).toHaveLength(3);
    }),

    contractCase("one attempt means no retry and no timer", async (scene) => {
      const attempts = recorded(scene, () => false);
      const app = await runApp(scene, attempts.code({ maxAttempts: 1 }));
      const handle = await app.start(attempts.caller, undefined);

      await app.end(handle);

      expect(attempts.times).toHaveLength(1);
      expect((await handle.history()).filter(({ type }) => type === "TimerCreated")).toEqual([]);
    }),

    contractCase("a non-retriable failure is not retried", async (scene) => {
      const attempts = recorded(
        scene,
        () => false,
        () => new NonRetriableError("no use"),
      );
      const app = await runApp(scene, attempts.code({ maxAttempts: 5, firstRetryInterval: 20 }));

      const { failure } = await app.call(attempts.caller, undefined);

      expect(failure).toMatchObject({ errorMessage: "no use", isNonRetriable: true });
      expect(attempts.times).toHaveLength(1);
    }),

    contractCase("a filter decides by the failure which errors are retried", async (scene) => {
      const attempts = recorded(scene, () => false);
      const filter = ({ errorMessage }: FailureDetails): boolean => errorMessage !== "attempt 2 failed";
      const app = await runApp(scene, attempts.code({ maxAttempts: 5, firstRetryInterval: 20, filter }));

      await app.call(attempts.caller, undefined);

      expect(attempts.times).toHaveLength(2);
    }),

    contractCase("a handler decides delay and end of retries", async (scene) => {
      const attempts = recorded(scene, () => false);
      const seen: number[] = [];
      const handler = ({ attempt }: { readonly attempt: number }): boolean | number => {
        seen.push(attempt);
        return attempt < 3 ? 30 : false;
      };
      const app = await runApp(scene, attempts.code({ maxAttempts: 10, firstRetryInterval: "1h", handler }));

      await app.call(attempts.caller, undefined);

      expect(attempts.times).toHaveLength(3);
      expect([...new Set(seen)]).toEqual([1, 2, 3]);
    }),

    contractCase("no attempt starts after the retry timeout", async (scene) => {
      const attempts = recorded(scene, () => false);
      const policy = { maxAttempts: 100, firstRetryInterval: 400, retryTimeout: 1000 };
      const app = await runApp(scene, attempts.code(policy));

      await app.call(attempts.caller, undefined);

      const [first = 0] = attempts.times;
      expect(attempts.times.length).toBeGreaterThan(1);
      expect((attempts.times.at(-1) ?? 0) - first).toBeLessThan(2000);
      expect(attempts.times.length).toBeLessThanOrEqual(3);
    }),

    contractCase("attempts are numbered and share the idempotency key", async (scene) => {
      const attempts = recorded(scene, (attempt) => attempt >= 3);
      const app = await runApp(scene, attempts.code({ maxAttempts: 3, firstRetryInterval: 20 }));

      await app.call(attempts.caller, undefined);

      expect(attempts.numbers).toEqual([1, 2, 3]);
      expect(new Set(attempts.keys).size).toBe(1);
    }),

    contractCase("retries of several activities go on side by side", async (scene) => {
      const tries = new Map<string, number>();
      const flaky = defineActivity("flaky", (_ctx, name: string) => {
        const count = (tries.get(name) ?? 0) + 1;
        tries.set(name, count);
        if (count < 3) throw new Error(`${name} failed`);
        return name;
      });
      const retry = { maxAttempts: 3, firstRetryInterval: 50 };
      const caller = defineOrchestration("caller", function* (ctx) {
        return yield* ctx.all(["a", "b", "c", "d"].map((name) => ctx.callActivity(flaky, name, { retry })));
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [flaky] });

      expect(await app.call(caller, undefined)).toEqual(["a", "b", "c", "d"]);
    }),

    contractCase("a sub-orchestration is retried as a new child", async (scene) => {
      const children: string[] = [];
      const note = defineActivity("note", (ctx) => children.push(ctx.instanceId));
      const child = defineOrchestration("child", function* (ctx) {
        if ((yield* ctx.callActivity(note)) < 3) throw new Error("not yet");
        return "third time lucky";
      });
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.callSubOrchestrator(child, undefined, {
          retry: { maxAttempts: 3, firstRetryInterval: 20 },
        });
      });
      const app = await runApp(scene, { orchestrations: [parent, child], activities: [note] });

      expect(await app.call(parent, undefined)).toBe("third time lucky");
      expect(new Set(children).size).toBe(3);
    }),

    contractCase("a sub-orchestration with an explicit id is retried under that id", async (scene) => {
      let runs = 0;
      const count = defineActivity("count", () => ++runs);
      const child = defineOrchestration("child", function* (ctx) {
        if ((yield* ctx.callActivity(count)) < 2) throw new Error("not yet");
        return ctx.instanceId;
      });
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.callSubOrchestrator(child, undefined, {
          instanceId: "explicit-child",
          retry: { maxAttempts: 2, firstRetryInterval: 200 },
        });
      });
      const app = await runApp(scene, { orchestrations: [parent, child], activities: [count] });

      expect(await app.call(parent, undefined)).toBe("explicit-child");
    }),

    contractCase("a retry that lost a race does not hold the instance", async (scene) => {
      const attempts = recorded(scene, () => false);
      const racer = defineOrchestration("racer", function* (ctx) {
        const retry = { maxAttempts: 10, firstRetryInterval: "1h" };
        const winner = yield* ctx.any([
          ctx.callActivity(attempts.activity, undefined, { retry }),
          ctx.createTimer(300),
        ]);
        return winner.outcome?.status;
      });
      const app = await runApp(scene, { orchestrations: [racer], activities: [attempts.activity] });

      expect(await app.call(racer, undefined)).toBe("completed");
      expect(attempts.times).toHaveLength(1);
    }),
  ],
};

interface Recorded {
  readonly activity: ActivityDefinition<void, string>;
  /** Calls the activity with the policy given to `code`. */
  caller: OrchestrationDefinition<void, { readonly result?: string; readonly failure?: FailureDetails }>;
  readonly times: number[];
  readonly numbers: number[];
  readonly keys: string[];
  code(policy: RetryPolicy): Parameters<typeof runApp>[1];
}

/** An activity that notes its attempts and succeeds when told. */
function recorded(
  scene: Scene,
  succeeds: (attempt: number) => boolean,
  failure: (attempt: number) => Error = (attempt) => new Error(`attempt ${attempt} failed`),
): Recorded {
  const times: number[] = [];
  const numbers: number[] = [];
  const keys: string[] = [];
  let policy: RetryPolicy = { maxAttempts: 1 };
  const activity = defineActivity("flaky", (ctx) => {
    times.push(scene.clock.now());
    numbers.push(ctx.attempt);
    keys.push(ctx.idempotencyKey);
    if (!succeeds(times.length)) throw failure(times.length);
    return `attempt ${times.length}`;
  });
  const caller: Recorded["caller"] = defineOrchestration("caller", function* (ctx) {
    try {
      return { result: yield* ctx.callActivity(activity, undefined, { retry: policy }) };
    } catch (error) {
      if (TaskFailedError.is(error)) return { failure: error.failure };
      throw error;
    }
  });
  return {
    ...{ activity, caller, times, numbers, keys },
    code: (given) => {
      policy = given;
      return { orchestrations: [caller], activities: [activity] };
    },
  };
}
