import { TaskFailedError, TaskTimeoutError, defineActivity, defineOrchestration } from "@perdure/core";
import type { FailureDetails } from "@perdure/core";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { Gate, runApp } from "./app";
import { double, echo } from "./code";

const VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  zero: 0,
  "an empty string": "",
  false: false,
  "an empty list": [],
  "an object": { a: [1, { b: null }], ünï: "😀" },
  "a million characters": "x".repeat(1_000_000),
};

const THROWN: Readonly<
  Record<string, { readonly thrown: unknown; readonly failure: Partial<FailureDetails> }>
> = {
  "an error": {
    thrown: new RangeError("out of it"),
    failure: { errorType: "RangeError", errorMessage: "out of it" },
  },
  "a string": { thrown: "just text", failure: { errorMessage: "just text" } },
  undefined: { thrown: undefined, failure: { errorMessage: "undefined" } },
  "an object": { thrown: { code: 7 }, failure: { errorMessage: '{"code":7}' } },
  "an error with data": {
    thrown: Object.assign(new Error("with data"), { data: { code: 42 } }),
    failure: { errorMessage: "with data", data: '{"code":42}' },
  },
  "a chain of causes": {
    thrown: new Error("outer", { cause: new TypeError("inner", { cause: "innermost" }) }),
    failure: {
      errorMessage: "outer",
      innerFailure: { errorType: "TypeError", errorMessage: "inner" },
    },
  },
};

const UNSERIALIZABLE: Readonly<Record<string, () => unknown>> = {
  "a BigInt": () => 1n,
  "a cycle": cycle,
  "a function": () => cycle,
};

export const activities: Topic = {
  title: "activities",
  cases: [
    contractCase(
      "activities run one after the other, each with the result of the one before",
      async (scene) => {
        const chain = defineOrchestration("chain", function* (ctx, start: number) {
          let value = start;
          for (let step = 0; step < 5; step++) value = yield* ctx.callActivity(double, value);
          return value;
        });
        const app = await runApp(scene, { orchestrations: [chain], activities: [double] });

        expect(await app.call(chain, 1)).toBe(32);
      },
    ),

    contractCase("an activity is found by its name, and plain yield gives its result", async (scene) => {
      const byName = defineOrchestration("byName", function* (ctx, value: number) {
        return (yield ctx.callActivity("double", value)) as number;
      });
      const app = await runApp(scene, { orchestrations: [byName], activities: [double] });

      expect(await app.call(byName, 21)).toBe(42);
    }),

    contractCase("results of a fan-out come in the order of the calls", async (scene) => {
      const fanOut = defineOrchestration("fanOut", function* (ctx, count: number) {
        const numbers = Array.from({ length: count }, (_, index) => index);
        return yield* ctx.all(numbers.map((number) => ctx.callActivity(double, number)));
      });
      const app = await runApp(scene, { orchestrations: [fanOut], activities: [double] });

      expect(await app.call(fanOut, 100)).toEqual(Array.from({ length: 100 }, (_, index) => 2 * index));
    }),

    ...caseForEach(
      VALUES,
      (name) => `a value goes through instance, activity and result unharmed: ${name}`,
      async (scene, value) => {
        const through = defineOrchestration("through", function* (ctx, input: unknown) {
          return yield* ctx.callActivity(echo, input);
        });
        const app = await runApp(scene, { orchestrations: [through], activities: [echo] });

        const handle = await app.start(through, value);

        expect(await app.result(handle)).toEqual(value);
        expect((await handle.status()).input).toEqual(value);
      },
    ),

    ...caseForEach(
      THROWN,
      (name) => `what an activity throws can be caught, with its details: ${name}`,
      async (scene, { thrown, failure }) => {
        const throwing = defineActivity("throwing", (): unknown => {
          throw thrown;
        });
        const catching = defineOrchestration("catching", function* (ctx) {
          try {
            return yield* ctx.callActivity(throwing);
          } catch (error) {
            return TaskFailedError.is(error) ? error.failure : "something else";
          }
        });
        const app = await runApp(scene, { orchestrations: [catching], activities: [throwing] });

        expect(await app.call(catching, undefined)).toMatchObject(failure);
      },
    ),

    contractCase(
      "an uncaught failure fails the instance, and its details reach the client",
      async (scene) => {
        const failing = defineActivity("failing", (): unknown => {
          throw new TypeError("no such thing", { cause: new RangeError("deep down") });
        });
        const careless = defineOrchestration("careless", function* (ctx) {
          return yield* ctx.callActivity(failing);
        });
        const app = await runApp(scene, { orchestrations: [careless], activities: [failing] });

        const handle = await app.start(careless, undefined);

        const { status, failure } = await app.end(handle);
        expect(status).toBe("Failed");
        expect(failure).toMatchObject({
          errorType: "TypeError",
          errorMessage: "no such thing",
          innerFailure: { errorType: "RangeError", errorMessage: "deep down" },
        });
        await expect(app.result(handle)).rejects.toMatchObject({
          code: "OrchestrationFailed",
          status: "Failed",
        });
      },
    ),

    ...caseForEach(
      UNSERIALIZABLE,
      (name) => `a result without a JSON form is a failure of the activity: ${name}`,
      async (scene, result) => {
        let runs = 0;
        const odd = defineActivity("odd", (): unknown => {
          runs++;
          return result();
        });
        const caller = defineOrchestration("caller", function* (ctx) {
          try {
            return yield* ctx.callActivity(odd, undefined, {
              retry: { maxAttempts: 3, firstRetryInterval: 1 },
            });
          } catch (error) {
            return TaskFailedError.is(error) ? error.failure.errorType : "something else";
          }
        });
        const app = await runApp(scene, { orchestrations: [caller], activities: [odd] });

        expect(await app.call(caller, undefined)).toBe("NotSerializable");
        expect(runs).toBe(1);
      },
    ),

    contractCase("an input without a JSON form can be caught where it is given", async (scene) => {
      const caller = defineOrchestration("caller", function* (ctx) {
        try {
          return yield* ctx.callActivity("echo", 1n);
        } catch (error) {
          return (error as { code?: string }).code;
        }
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [echo] });

      expect(await app.call(caller, undefined)).toBe("NotSerializable");
    }),

    contractCase("an unknown activity fails at once and is not retried", async (scene) => {
      const caller = defineOrchestration("caller", function* (ctx) {
        try {
          yield* ctx.callActivity("nobody", undefined, {
            retry: { maxAttempts: 5, firstRetryInterval: "1h" },
          });
          return "it ran";
        } catch (error) {
          return TaskFailedError.is(error) ? error.failure : "something else";
        }
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [echo] });

      expect(await app.call(caller, undefined)).toMatchObject({
        errorType: "ActivityNotRegistered",
        errorMessage: expect.stringContaining("nobody") as string,
        isNonRetriable: true,
      });
    }),

    contractCase("an activity knows the call it serves", async (scene) => {
      const about = defineActivity("about", (ctx) => {
        const { name, instanceId, executionId, orchestrationName, attempt, idempotencyKey } = ctx;
        return { name, instanceId, executionId, orchestrationName, attempt, idempotencyKey };
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        const first = yield* ctx.callActivity(about);
        const second = yield* ctx.callActivity(about);
        return { first, second, executionId: ctx.executionId };
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [about] });

      const { first, second, executionId } = await app.call(caller, undefined, { instanceId: "the-one" });

      const expected = {
        name: "about",
        instanceId: "the-one",
        orchestrationName: "caller",
        attempt: 1,
        executionId,
      };
      expect(first).toMatchObject(expected);
      expect(second).toMatchObject(expected);
      expect(first.idempotencyKey).not.toBe(second.idempotencyKey);
    }),

    contractCase("an activity that is not waited for is scheduled, and runs", async (scene) => {
      const ran: string[] = [];
      const note = defineActivity("note", (_ctx, text: string) => void ran.push(text));
      const careless = defineOrchestration("careless", function* (ctx) {
        ctx.callActivity(note, "forgotten");
        yield* ctx.callActivity(note, "waited for");
        ctx.callActivity(note, "after the last wait");
        return "done";
      });
      const app = await runApp(scene, { orchestrations: [careless], activities: [note] });

      expect(await app.call(careless, undefined)).toBe("done");

      await scene.until("all three", () => ran.length >= 3);
      expect(ran.sort()).toEqual(["after the last wait", "forgotten", "waited for"]);
    }),

    contractCase("an instance does not wait for activities it does not wait for", async (scene) => {
      const gate = new Gate();
      const slow = defineActivity("slow", async () => gate.pass());
      const hasty = defineOrchestration("hasty", function* (ctx) {
        ctx.callActivity(slow);
        return yield* ctx.callActivity(echo, "done");
      });
      const app = await runApp(scene, { orchestrations: [hasty], activities: [slow, echo] });
      const handle = await app.start(hasty, undefined);

      expect(await app.result(handle)).toBe("done");
      gate.open();
      await scene.pass(500);

      expect(await handle.status()).toMatchObject({ status: "Completed", output: "done" });
    }),

    contractCase(
      "an activity that takes too long fails with TaskTimeoutError, and its late result is ignored",
      async (scene) => {
        const gate = new Gate();
        let told = false;
        const slow = defineActivity("slow", async (ctx) => {
          ctx.signal.addEventListener("abort", () => (told = true));
          await gate.pass();
          return "late";
        });
        const impatient = defineOrchestration("impatient", function* (ctx) {
          let caught = "nothing";
          try {
            yield* ctx.callActivity(slow, undefined, { timeout: 300 });
          } catch (error) {
            if (TaskTimeoutError.is(error)) caught = error.code;
          }
          ctx.setCustomStatus(caught);
          return [caught, yield* ctx.waitForExternalEvent("go")];
        });
        const app = await runApp(scene, { orchestrations: [impatient], activities: [slow] });
        const handle = await app.start(impatient, undefined);

        await app.reaches(handle, "TaskTimeout");
        await scene.until("the activity to be told", () => told);
        gate.open();
        await scene.pass(100);
        await handle.raiseEvent("go", 1);

        expect(await app.result(handle)).toEqual(["TaskTimeout", 1]);
      },
    ),

    contractCase("no more activities run at a time than the worker allows", async (scene) => {
      let running = 0;
      let most = 0;
      const counted = defineActivity("counted", async () => {
        most = Math.max(most, ++running);
        await scene.pass(20);
        running--;
      });
      const fanOut = defineOrchestration("fanOut", function* (ctx) {
        yield* ctx.all(Array.from({ length: 12 }, () => ctx.callActivity(counted)));
        return "done";
      });
      const app = await runApp(
        scene,
        { orchestrations: [fanOut], activities: [counted] },
        { maxConcurrentActivities: 3 },
      );

      expect(await app.call(fanOut, undefined)).toBe("done");
      expect(most).toBeLessThanOrEqual(3);
      expect(most).toBeGreaterThan(1);
    }),
  ],
};

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}
