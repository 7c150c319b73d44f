import { defineActivity, defineOrchestration } from "@perdure/core";
import type { Finding } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import type { App } from "./app";
import { double, identity, waiter } from "./code";

const MINUTE_MS = 60_000;

const sleeper = defineOrchestration("sleeper", function* (ctx, seconds: number) {
  yield* ctx.createTimer(`${seconds}s`);
});
const slow = defineActivity("slow", async (_ctx, _ms: number) => {
  await new Promise(setImmediate);
});
const chain = defineOrchestration("chain", function* (ctx, n: number) {
  for (let i = 0; i < 3; i++) n = yield* ctx.callActivity(double, n);
  yield* ctx.callActivity(slow, 1);
  return n;
});
const failing = defineOrchestration("failing", function* () {
  throw new Error("as it should");
});
const family = defineOrchestration("family", function* (ctx) {
  return yield* ctx.all([1, 2].map((n) => ctx.callSubOrchestrator(chain, n)));
});
const longFamily = defineOrchestration("longFamily", function* (ctx) {
  return yield* ctx.callSubOrchestrator(waiter);
});
const eternal = defineOrchestration("eternal", function* (ctx, n: number) {
  yield* ctx.createTimer("1s");
  if (n > 0) ctx.continueAsNew(n - 1);
});
const retrying = defineOrchestration("retrying", function* (ctx) {
  const retry = { maxAttempts: 3, firstRetryInterval: "30s" };
  return yield* ctx.callActivity<number>("unreliable", undefined, { retry });
});
const unreliable = defineActivity("unreliable", (ctx) => {
  if (ctx.attempt < 3) throw new Error("once more");
  return ctx.attempt;
});
const approval = defineOrchestration("approval", function* (ctx) {
  const first = yield* ctx.waitForExternalEvent("Approval", { timeout: "30d" });
  yield* ctx.waitForExternalEvent("second");
  return first;
});

const code = {
  orchestrations: [
    sleeper,
    chain,
    failing,
    family,
    longFamily,
    eternal,
    retrying,
    approval,
    identity,
    waiter,
  ],
  activities: [double, slow, unreliable],
};

export const diagnosis: Topic = {
  title: "what operators are told",
  cases: [
    contractCase("an instance tells which events it waits for, and since when", async (scene) => {
      const app = await runApp(scene, code);
      const handle = await app.start(approval, undefined);

      const { awaitedEvents } = await app.until(
        handle,
        "its first wait",
        (snapshot) => !!snapshot.awaitedEvents,
      );
      await handle.raiseEvent("APPROVAL", 1);
      const second = await app.until(
        handle,
        "its second wait",
        (snapshot) => snapshot.awaitedEvents?.[0]?.name === "second",
      );

      expect(awaitedEvents).toEqual([{ name: "Approval", since: expect.any(Date) as Date }]);
      expect(second.awaitedEvents).toHaveLength(1);
      expect((await app.client.explain(handle.instanceId)).waitsFor).toMatchObject([
        { kind: "event", name: "second", since: second.awaitedEvents?.[0]?.since },
      ]);
    }),

    contractCase("of an instance that waits for several things all are told", async (scene) => {
      const app = await runApp(scene, code);
      const parent = await app.start(longFamily, undefined);
      const waits = await app.start(approval, undefined);
      await app.until(waits, "its waits", ({ nextTimerAt }) => nextTimerAt !== undefined);

      const [child] = await scene.until("its child", async () => {
        const { waitsFor } = await app.client.explain(parent.instanceId);
        return waitsFor[0]?.kind === "subOrchestration" && waitsFor[0].status === "Running" && waitsFor;
      });
      const { waitsFor, verdict, status } = await app.client.explain(waits.instanceId);

      expect(child).toMatchObject({ kind: "subOrchestration", name: "waiter", status: "Running" });
      expect(status).toBe("Running");
      expect(waitsFor).toMatchObject([
        { kind: "event", name: "Approval" },
        { kind: "timer", timerId: 0, name: "timeout of event 'Approval'" },
      ]);
      expect(verdict).toMatch(/waits for the event 'Approval', since .*; the timer 'timeout of .* due at/);
      await expect(app.client.explain("nobody")).rejects.toMatchObject({ code: "InstanceNotFound" });
    }),

    contractCase("suspended, delayed, failed and completed instances are explained", async (scene) => {
      const app = await runApp(scene, code);
      const suspended = await app.start(waiter, undefined);
      await app.reaches(suspended, "waiting");
      await suspended.suspend("until Monday");
      await app.until(suspended, "its suspension", ({ status }) => status === "Suspended");
      const delayed = await app.start(identity, 1, { delay: "30d" });
      const failed = await app.start(failing, undefined);
      const ended = await app.start(identity, 1);
      await Promise.all([app.end(failed), app.end(ended)]);

      const explain = async ({ instanceId }: InstanceHandle): Promise<string> =>
        (await app.client.explain(instanceId)).verdict;

      expect(await explain(suspended)).toMatch(/is suspended since .*: until Monday\.$/);
      expect(await explain(delayed)).toMatch(
        /has not started yet: it waits for its start at .* \(in (?:29|30) d/,
      );
      expect(await explain(failed)).toMatch(/is Failed since .*as it should$/);
      expect(await explain(ended)).toMatch(/is Completed since/);
    }),

    contractCase("nothing is found on a hub that is well, while it is busy and afterwards", async (scene) => {
      const app = await runApp(scene, code);
      const { rounds, graceMs, restMs } = SIZES[scene.time];
      await app.client.schedules.create({
        id: "often",
        orchestration: identity,
        spec: { every: { interval: "5s" } },
      });
      const handles: InstanceHandle[] = [];
      const load = (async () => {
        for (let round = 0; round < rounds; round++) handles.push(...(await oneOfEach(app, round)));
      })();

      const during: Finding[] = [];
      const look = async (): Promise<void> => {
        for await (const finding of app.client.doctor({ grace: graceMs })) during.push(finding);
      };
      for (let looks = 0; looks < LOOKS_DURING; looks++) {
        await look();
        await scene.pass(PAUSE_MS);
      }
      await load;
      await scene.pass(restMs);
      await look();
      await scene.pass(graceMs);
      await look();

      expect(handles).toHaveLength(rounds * KINDS);
      expect(during).toEqual([]);
      await app.client.schedules.get("often").delete();
    }),
  ],
};

const SIZES = {
  virtual: { rounds: 30, graceMs: MINUTE_MS, restMs: 5 * MINUTE_MS },
  real: { rounds: 3, graceMs: 4000, restMs: 1000 },
};
const LOOKS_DURING = 4;
const PAUSE_MS = 100;
const KINDS = 12;

/** Instances in all states in which nothing is wrong. */
async function oneOfEach(app: App, round: number): Promise<readonly InstanceHandle[]> {
  const { client } = app;
  const suspended = await client.startNew(waiter);
  const terminated = await client.startNew(waiter);
  const raised = await client.startNew(waiter);
  const others = await Promise.all([
    client.startNew(identity, "x".repeat(round % 3 === 0 ? 100_000 : 10)),
    client.startNew(chain, round),
    client.startNew(sleeper, 1 + (round % 90)),
    client.startNew(failing),
    client.startNew(family),
    client.startNew(longFamily),
    client.startNew(eternal, 3),
    client.startNew(retrying),
    client.startNew(identity, 1, { delay: `${1 + round}m` }),
  ]);
  await suspended.suspend();
  await terminated.terminate();
  await raised.raiseEvent("go", round);
  return [suspended, terminated, raised, ...others];
}
