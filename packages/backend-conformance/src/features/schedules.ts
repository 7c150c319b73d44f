import { ScheduleNotFoundError, defineOrchestration } from "@perdure/core";
import type { InstanceSnapshot, ScheduleDescription, ScheduleHandle, ScheduleOptions } from "@perdure/client";
import { SCHEDULED_TIME_TAG, periodic, stopPeriodic } from "@perdure/schedules";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";
import { runApp } from "./app";
import type { App } from "./app";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const VIRTUAL = { needsVirtualTime: true, lockMs: HOUR_MS };

const report = defineOrchestration("report", function* (ctx, what: string) {
  yield* ctx.createTimer(1);
  return `${what} at ${ctx.tags[SCHEDULED_TIME_TAG] ?? ""}`;
});

/** Runs until it is told to end, or for a time. */
const slow = defineOrchestration("slow", function* (ctx, ms: number) {
  const cancelled = ctx.waitForExternalEvent<{ reason: string }>("cancel");
  const done = ctx.createTimer(ms);
  const winner = yield* ctx.any([cancelled, done]);
  return winner === done ? "done" : "cancelled";
});

const OVERLAPS = [
  { policy: "skip", skipped: 3, ends: ["done", "done"] },
  { policy: "bufferOne", skipped: 2, ends: ["done", "done", "done"] },
  { policy: "bufferAll", skipped: 0, ends: ["done", "done", "done", "done", "done"] },
  { policy: "cancelOther", skipped: 0, ends: ["cancelled", "cancelled", "cancelled", "cancelled", "done"] },
  {
    policy: "terminateOther",
    skipped: 0,
    ends: ["Terminated", "Terminated", "Terminated", "Terminated", "done"],
  },
  { policy: "allowAll", skipped: 0, ends: ["done", "done", "done", "done", "done"] },
] as const;

/** In seconds after the first. */
const PERIODS = [
  { mode: "fixedDelay", runMs: 30_000, begin: [0, 90, 180, 270] },
  { mode: "fixedRate", runMs: 30_000, begin: [0, 60, 120, 180] },
  { mode: "skipIfRunning", runMs: 30_000, begin: [0, 60, 120, 180] },
  { mode: "fixedDelay", runMs: 90_000, begin: [0, 150, 300, 450] },
  { mode: "fixedRate", runMs: 90_000, begin: [0, 90, 180, 270] },
  { mode: "skipIfRunning", runMs: 90_000, begin: [0, 120, 240, 360] },
] as const;

export const schedules: Topic = {
  title: "schedules",
  cases: [
    contractCase(
      "R9: a schedule starts a run at each tick, named after it, with its input and tags",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        const schedule = await app.client.schedules.create({
          ...{ id: "reports", orchestration: report, input: "sales", tags: { team: "red" } },
          spec: { every: { interval: "1s" } },
        });

        const runs = await runsOf(app, "reports-", 2);
        await schedule.delete();

        for (const { instanceId, tags } of runs) {
          const time = new Date(tags?.[SCHEDULED_TIME_TAG] ?? "");
          expect(time.getTime() % 1000).toBe(0);
          expect(instanceId).toBe(`reports-${time.toISOString().replaceAll(/[-:]|\.000/g, "")}`);
          expect(tags).toMatchObject({ team: "red", "perdure.schedule": "reports" });
          expect(await app.result(app.client.instance<string>(instanceId))).toBe(
            `sales at ${time.toISOString()}`,
          );
        }
      },
    ),

    contractCase(
      "cron in a time zone: once a day through both changes of the clocks",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        await create(app, { id: "nightly", spec: { cron: "30 2 * * *", timeZone: "Europe/Paris" } });
        const from = scene.clock.now();
        await scene.pass(365 * DAY_MS);

        const runs = await runsOf(app, "nightly-", 365);

        expect(runs).toHaveLength(365);
        const days = runs.map(({ tags }) => new Date(tags?.[SCHEDULED_TIME_TAG] ?? ""));
        expect(new Set(days.map((day) => localDay(day, "Europe/Paris"))).size).toBe(365);
        for (const day of days) expect(day.getTime()).toBeGreaterThan(from);
      },
      { ...VIRTUAL, lockMs: DAY_MS },
    ),

    ...OVERLAPS.map(({ policy, skipped, ends }) =>
      contractCase(
        `I3: five ticks with runs longer than the interval: ${policy}`,
        async (scene) => {
          const app = await runApp(scene, { orchestrations: [slow] });
          const first = nextHour(scene.clock.now());
          const schedule = await app.client.schedules.create({
            ...{ id: "busy", orchestration: slow, input: 2.5 * HOUR_MS, overlapPolicy: policy },
            spec: { every: { interval: "1h" }, endAt: first + 4 * HOUR_MS },
          });
          await scene.pass(24 * HOUR_MS);

          const { counts, running, status } = await schedule.describe();
          const runs = await runsOf(app, "busy-", ends.length);

          expect(counts).toEqual({ started: ends.length, skipped, missed: 0 });
          expect({ running, status }).toEqual({ running: [], status: "ended" });
          expect(runs.map((run) => run.output ?? run.status)).toEqual(ends);
        },
        VIRTUAL,
      ),
    ),

    contractCase(
      "T9: after a week of downtime the last ticks of the catch-up window are run, in order, and the rest is missed",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        const schedule = await create(app, {
          ...{ id: "hourly", spec: { cron: "0 * * * *" }, overlapPolicy: "allowAll" },
          ...{ catchUpWindow: "12h", maxCatchUp: 5 },
        });
        await app.worker.stop();
        await scene.pass(7 * DAY_MS);
        const back = scene.clock.now();

        const second = await runApp(
          scene,
          { orchestrations: [report] },
          { backend: await scene.hub.another() },
        );
        const runs = await runsOf(second, "hourly-", 5);
        await scene.pass(MINUTE_MS);

        const ticks = runs.map(({ tags }) => Date.parse(tags?.[SCHEDULED_TIME_TAG] ?? ""));
        const last = back - (back % HOUR_MS);
        expect(ticks).toEqual([4, 3, 2, 1, 0].map((hours) => last - hours * HOUR_MS));
        expect((await schedule.describe()).counts).toMatchObject({ started: 5, missed: 7 * 24 - 5 });
      },
      VIRTUAL,
    ),

    contractCase("I9: every tick exactly once, while one worker after the other dies", async (scene) => {
      const code = { orchestrations: [report] };
      const { lockMs } = scene.options;
      const every = lockMs / 3;
      let app = await runApp(scene, code);
      const first = scene.clock.now() - (scene.clock.now() % every) + 2 * every;
      const ticks = Array.from({ length: 15 }, (_, tick) => first + tick * every);
      await create(app, {
        ...{ id: "sure", overlapPolicy: "allowAll", catchUpWindow: "1d", maxCatchUp: 100 },
        spec: { every: { interval: every }, startAt: first, endAt: ticks.at(-1) ?? 0 },
      });
      for (const tick of [1, 6, 11]) {
        const next = await runApp(scene, code, { backend: await scene.hub.another() });
        await scene.pass((ticks[tick] ?? 0) - scene.clock.now() + tick); // a little later at each
        await scene.hub.crash(app.backend);
        app = next;
      }

      const runs = await runsOf(app, "sure-", ticks.length);

      expect(runs.map(({ tags }) => Date.parse(tags?.[SCHEDULED_TIME_TAG] ?? ""))).toEqual(ticks);
      const { counts } = await app.client.schedules.get("sure").describe();
      expect(counts).toEqual({ started: ticks.length, skipped: 0, missed: 0 });
    }),

    contractCase(
      "I8: a schedule is paused, resumed, triggered, changed and deleted, without a deploy",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        const schedule = await create(app, { id: "handled", spec: { every: { interval: "1h" } } });
        await schedule.pause("maintenance");
        await reaches(scene, schedule, ({ status }) => status === "paused");
        await scene.pass(5 * HOUR_MS);
        const paused = await schedule.describe();
        expect(paused).toMatchObject({
          pausedReason: "maintenance",
          counts: { started: 0, missed: 0 },
          nextTimes: [],
        });

        await schedule.trigger();
        await reaches(scene, schedule, ({ counts }) => counts.started === 1);
        await schedule.resume();
        await reaches(scene, schedule, ({ status }) => status === "active");
        await scene.pass(HOUR_MS);
        await reaches(scene, schedule, ({ counts }) => counts.started === 2);

        await schedule.update({ spec: { every: { interval: "1d" } }, note: "less often" });
        const changed = await reaches(scene, schedule, ({ note }) => note === "less often");
        expect(changed.spec.every).toEqual([{ interval: DAY_MS, offset: 0 }]);
        expect(changed.nextTimes[0]?.getTime()).toBe(
          scene.clock.now() - (scene.clock.now() % DAY_MS) + DAY_MS,
        );
        await scene.pass(5 * HOUR_MS);
        expect((await schedule.describe()).counts.started).toBeLessThanOrEqual(3);

        await schedule.delete();
        await scene.until("its end", async () => {
          return schedule.describe().then(
            () => false,
            (error: unknown) => ScheduleNotFoundError.is(error),
          );
        });
        await expect(schedule.trigger()).rejects.toMatchObject({ code: "ScheduleNotFound" });
        expect(await create(app, { id: "handled", spec: { cron: "@daily" } })).toBeDefined();
      },
      VIRTUAL,
    ),

    contractCase(
      "a range is filled in, but for what has been run before",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        const schedule = await create(app, { id: "filled", spec: { cron: "@daily" } });
        const today = scene.clock.now() - (scene.clock.now() % DAY_MS);
        await scene.pass(1.5 * DAY_MS);
        await runsOf(app, "filled-", 1);

        const range = { from: new Date(today - 100 * DAY_MS), to: new Date(today + DAY_MS) };
        await schedule.backfill({ ...range, overlapPolicy: "allowAll" });

        const runs = await runsOf(app, "filled-", 102);
        expect(runs).toHaveLength(102); // with the one that was there
        await scene.pass(MINUTE_MS);
        const { recent, counts } = await schedule.describe();
        expect(counts.started).toBe(102);
        expect(recent.filter(({ outcome }) => outcome === "duplicate")).toHaveLength(1);
      },
      VIRTUAL,
    ),

    contractCase(
      "jitter longer than the interval leaves out no tick and starts none twice",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        const first = nextHour(scene.clock.now());
        const schedule = await create(app, {
          ...{ id: "jittered", overlapPolicy: "allowAll", maxCatchUp: 0 },
          spec: { cron: "*/5 * * * *", jitter: "1h", startAt: first, endAt: first + 6 * HOUR_MS },
        });
        await scene.pass(9 * HOUR_MS);

        const runs = await runsOf(app, "jittered-", 73);

        const ticks = runs.map(({ tags }) => Date.parse(tags?.[SCHEDULED_TIME_TAG] ?? ""));
        expect(ticks).toEqual(Array.from({ length: 73 }, (_, index) => first + index * 5 * MINUTE_MS));
        for (const { createdAt, tags } of runs) {
          const late = createdAt.getTime() - Date.parse(tags?.[SCHEDULED_TIME_TAG] ?? "");
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThan(HOUR_MS + MINUTE_MS);
        }
        expect((await schedule.describe()).counts).toEqual({ started: 73, skipped: 0, missed: 0 });
      },
      VIRTUAL,
    ),

    contractCase(
      "a schedule ends after so many runs, and says when the next ones are",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [report] });
        const schedule = await create(app, { id: "thrice", spec: { cron: "0 12 * * *" }, maxRuns: 3 });
        const { nextTimes } = await schedule.describe({ nextTimes: 3 });
        await scene.pass(10 * DAY_MS);

        const runs = await runsOf(app, "thrice-", 3);

        expect(runs.map(({ tags }) => tags?.[SCHEDULED_TIME_TAG])).toEqual(
          nextTimes.map((time) => time.toISOString()),
        );
        expect(await schedule.describe()).toMatchObject({
          status: "ended",
          nextTimes: [],
          counts: { started: 3 },
        });
      },
      VIRTUAL,
    ),

    contractCase(
      "T10: a bad schedule is refused at the edge, a taken id too, and lists show what there is",
      async (scene) => {
        const { client } = await runApp(scene, { orchestrations: [report] });
        const base = { id: "one", orchestration: report, input: "x", spec: { cron: "0 0 1 1 *" } };
        for (const bad of [
          { id: "a/b" },
          { spec: {} },
          { spec: { cron: "61 * * * *" } },
          { spec: { cron: "0 0 * * *", timeZone: "Europe/Pari" } },
          { spec: { cron: "0 0 30 2 *" } },
          { spec: { cron: "@daily", endAt: new Date(0) } },
          { overlapPolicy: "maybe" },
          { maxRuns: 0 },
          { catchUpWindow: "soon" },
          { cronn: "x" },
        ])
          await expect(client.schedules.create({ ...base, ...bad } as never)).rejects.toMatchObject({
            code: "InvalidArgument",
          });
        await client.schedules.create(base);
        await expect(client.schedules.create(base)).rejects.toMatchObject({ code: "ScheduleAlreadyExists" });
        await expect(client.schedules.get("two").pause()).rejects.toMatchObject({ code: "ScheduleNotFound" });
        await scene.listed();

        const listed: ScheduleDescription[] = [];
        for await (const one of client.schedules.list()) listed.push(one);

        expect(listed).toMatchObject([{ id: "one", status: "active", orchestration: "report" }]);
        for await (const instance of client.list()) expect(instance.name).not.toMatch(/^@/);
        for await (const timer of client.timers.list()) expect(timer.orchestration).not.toMatch(/^@/);
      },
    ),

    ...PERIODS.map(({ mode, runMs, begin }) =>
      contractCase(
        `I3: periodic work each minute, ${mode}, runs of ${runMs / 1000} s`,
        (scene) => expectPeriods(scene, mode, runMs, begin),
        VIRTUAL,
      ),
    ),
  ],
};

/** Its runs begin so many seconds after the first. */
async function expectPeriods(
  scene: Scene,
  mode: "fixedDelay" | "fixedRate" | "skipIfRunning",
  runMs: number,
  expected: readonly number[],
): Promise<void> {
  const begun: number[] = [];
  const worker = defineOrchestration(
    "worker",
    periodic({ every: "1m", mode }, function* (ctx, runs: number) {
      const number = Number(ctx.currentUtcDateTime);
      if (!ctx.isReplaying) begun.push(number);
      yield* ctx.createTimer(runMs);
      return begun.length >= runs ? stopPeriodic() : undefined;
    }),
  );
  const app = await runApp(scene, { orchestrations: [worker] });

  await app.call(worker, expected.length);

  const seconds = begun.map((time) => Math.round((time - (begun[0] ?? 0)) / 1000));
  expect(seconds).toEqual(expected);
}

function create(
  app: App,
  options: Omit<ScheduleOptions<string>, "orchestration" | "input">,
): Promise<ScheduleHandle> {
  return app.client.schedules.create({ orchestration: report, input: "x", ...options });
}

/** The runs whose ids begin so, once there are as many and all have ended, in the order of their ticks. */
async function runsOf(app: App, prefix: string, count: number): Promise<readonly InstanceSnapshot[]> {
  const runs = await app.scene.until(`${count} runs of ${prefix}`, async () => {
    const found: InstanceSnapshot[] = [];
    for await (const run of app.client.list({ instanceIdPrefix: prefix, includePayloads: true }))
      found.push(run);
    return found.length >= count && found.every(({ completedAt }) => completedAt) && found;
  });
  return [...runs].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
}

function reaches(
  scene: Scene,
  schedule: ScheduleHandle,
  isReached: (description: ScheduleDescription) => boolean,
): Promise<ScheduleDescription> {
  return scene.until(`a state of schedule '${schedule.id}'`, async () => {
    const description = await schedule.describe();
    return isReached(description) && description;
  });
}

function nextHour(now: number): number {
  return now - (now % HOUR_MS) + HOUR_MS;
}

function localDay(time: Date, timeZone: string): string {
  return time.toLocaleDateString("en-CA", { timeZone });
}
