import { jitterOf, normalizeSpec } from "../src";
import type { ScheduleSpec } from "../src";
import { planBackfill, planOf, planTicks } from "../src/schedule/plan";
import type { Plan, PlanRequest } from "../src/schedule/plan";
import { at, utc } from "./support";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = at("2030-01-08T00:00");

function plan(spec: ScheduleSpec, request: Partial<PlanRequest> = {}): Plan {
  return planOf({
    ...{ id: "s", spec: normalizeSpec(spec), after: NOW, now: NOW, catchUpWindow: HOUR, maxCatchUp: 10 },
    ...request,
  });
}

function nominals({ ticks }: Plan): readonly string[] {
  return ticks.map(({ nominal }) => utc(nominal));
}

describe("planOf", () => {
  it("has the ticks to come, up to a day and a half ahead", () => {
    const { ticks, ...rest } = plan({ cron: "0 */6 * * *" });

    expect(ticks.map(({ nominal }) => utc(nominal))).toEqual([
      "2030-01-08T06:00",
      "2030-01-08T12:00",
      "2030-01-08T18:00",
      "2030-01-09T00:00",
      "2030-01-09T06:00",
      "2030-01-09T12:00",
    ]);
    expect(rest).toEqual({ missed: 0, planAgainAt: at("2030-01-09T12:00") });
  });

  it("has fifty ticks at most, and is asked again at the last", () => {
    const { ticks, planAgainAt } = plan({ every: { interval: "1s" } });

    expect(ticks).toHaveLength(50);
    expect(planAgainAt).toBe(NOW + 50_000);
  });

  it("looks again a day and a half before the next tick, when that is far", () => {
    expect(plan({ cron: "0 0 1 7 *" })).toEqual({
      ...{ missed: 0, ticks: [], planAgainAt: at("2030-06-29T12:00") },
    });
  });

  it("never looks again when nothing ticks any more", () => {
    expect(plan({ cron: "* * * * *", endAt: NOW })).toEqual({ missed: 0, ticks: [] });
    expect(plan({ cron: "0 0 30 2 *" })).toEqual({ missed: 0, ticks: [] });
  });

  it("leaves out what is behind the cursor, also when that is ahead of the clock", () => {
    expect(nominals(plan({ cron: "0 0 * * *" }, { after: NOW + DAY }))).toEqual([]);
    expect(plan({ cron: "0 0 * * *" }, { after: NOW + DAY }).planAgainAt).toBe(at("2030-01-08T12:00"));
    expect(nominals(plan({ cron: "0 0 * * *" }, { after: NOW - 1 }))[0]).toBe("2030-01-08T00:00");
  });
});

describe("T10: the catch-up window", () => {
  const hourly = { cron: "0 * * * *" };

  it.each([
    ["0", 0, [], 5],
    ["less than the age of the last tick", 29 * MINUTE, [], 5],
    ["as long as its age", 30 * MINUTE, ["2030-01-08T00:00"], 4],
    ["longer", 2 * HOUR, ["2030-01-07T23:00", "2030-01-08T00:00"], 3],
    [
      "longer than the downtime",
      DAY,
      ["20:00", "21:00", "22:00", "23:00"].map((time) => `2030-01-07T${time}`),
      0,
    ],
  ])("of %s", (_what, catchUpWindow, due, missed) => {
    const now = NOW + 30 * MINUTE;
    const made = plan(hourly, { after: NOW - 4.5 * HOUR, now, catchUpWindow });

    expect(made.missed).toBe(missed);
    expect(nominals(made).slice(0, due.length)).toEqual(due);
    expect(made.ticks.filter(({ nominal }) => nominal <= now)).toHaveLength(5 - missed);
  });

  it("is counted from the time a tick was to start, jitter included", () => {
    const jittered = { ...hourly, jitter: "20m" };
    const request = { after: NOW - 4.5 * HOUR, now: NOW + 30 * MINUTE, catchUpWindow: 15 * MINUTE };

    expect(plan(hourly, request).missed).toBe(5);
    expect(nominals(plan(jittered, request))[0]).toBe("2030-01-08T00:00");
    expect(plan(jittered, request).missed).toBe(4);
  });

  it.each([
    [0, 5, "2030-01-08T00:00"],
    [1, 4, "2030-01-07T23:00"],
    [3, 2, "2030-01-07T21:00"],
    [5, 0, undefined],
    [10, 0, undefined],
  ])("has a cap of %i: the last ticks are run, %i are missed", (maxCatchUp, missed, lastMissed) => {
    const now = NOW + 30 * MINUTE;
    const made = plan(hourly, { after: NOW - 4.5 * HOUR, now, catchUpWindow: DAY, maxCatchUp });

    expect(made.missed).toBe(missed);
    expect(made.lastMissed === undefined ? undefined : utc(made.lastMissed)).toBe(lastMissed);
    expect(made.ticks.filter(({ nominal }) => nominal <= now)).toHaveLength(5 - missed);
  });

  it("T9: after a week without a worker leaves the last minutes of a tick per minute", () => {
    const startedAt = performance.now();
    const made = plan({ cron: "* * * * *" }, { after: NOW - 7 * DAY, now: NOW + 1 });
    const ms = performance.now() - startedAt;

    expect(made.missed).toBe(7 * 24 * 60 - 10);
    expect(made.lastMissed).toBe(NOW - 10 * MINUTE);
    expect(nominals(made).slice(0, 11)).toEqual([
      ...Array.from({ length: 10 }, (_, index) => utc(NOW - (9 - index) * MINUTE)),
      utc(NOW + MINUTE),
    ]);
    expect(ms).toBeLessThan(5000);
  });

  it.each([
    ["a window of an hour", HOUR],
    ["a window of a month", 30 * DAY],
  ])(
    "goes through more than a hundred thousand late ticks in several plans, with %s",
    (_what, catchUpWindow) => {
      const spec = { every: { interval: "1s" } };
      const plans = [plan(spec, { after: NOW - 3 * DAY, catchUpWindow })];
      for (let last = plans[0]; last?.planAgainAt === NOW && plans.length < 10; last = plans.at(-1))
        plans.push(plan(spec, { after: last.lastMissed ?? 0, catchUpWindow }));

      expect(plans.slice(0, -1).every(({ ticks }) => ticks.length === 0)).toBe(true);
      const missed = plans.reduce((sum, one) => sum + one.missed, 0);
      expect(missed).toBe((3 * DAY) / 1000 - 10);
      expect(nominals(plans.at(-1) ?? plan(spec)).slice(0, 11)).toEqual(
        Array.from({ length: 11 }, (_, index) => utc(NOW - (9 - index) * 1000)),
      );
    },
  );
});

describe("jitter", () => {
  const spec = { cron: "* * * * *", jitter: "5m" };

  it("moves each tick by its own amount, and none before the one whose turn was before", () => {
    const { ticks } = plan(spec);

    const starts = ticks.map((tick) => tick.at);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(ticks.map(({ nominal }) => nominal)).toEqual(ticks.map((_, index) => NOW + (index + 1) * MINUTE));
    for (const [index, tick] of ticks.entries()) {
      const own = tick.nominal + jitterOf("s", tick.nominal, 5 * MINUTE);
      expect(tick.at).toBe(Math.max(own, starts[index - 1] ?? 0));
    }
  });

  it("is the same in each plan, for a tick that no other is before", () => {
    const daily = { cron: "0 0 * * *", jitter: "5m" };
    const [tick] = plan(daily).ticks;

    expect(plan(daily, { now: NOW + 3 * HOUR }).ticks[0]).toEqual(tick);
    expect(plan(daily, { id: "another" }).ticks[0]?.at).not.toBe(tick?.at);
  });
});

describe("ticks whose time has passed, but not the jitter they may have", () => {
  const spec = { cron: "* * * * *", jitter: "1h" };
  const request = { after: NOW - 30 * MINUTE };

  it.each([0, 1, 10])("are not late, whatever the cap (%i)", (maxCatchUp) => {
    const { ticks, missed } = plan(spec, { ...request, maxCatchUp });

    expect(missed).toBe(0);
    expect(ticks.filter(({ nominal }) => nominal <= NOW)).toHaveLength(30);
  });

  it("are late afterwards", () => {
    const { ticks, missed } = plan(spec, { after: NOW - 90 * MINUTE, maxCatchUp: 1 });

    expect(missed).toBe(29); // of the first 30 the last is run
    expect(ticks[0]?.nominal).toBe(NOW - HOUR);
  });

  it("are fifty in a plan at most", () => {
    const { ticks } = plan({ every: { interval: "1s" }, jitter: "1h" }, { ...request, maxCatchUp: 0 });

    expect(ticks).toHaveLength(50);
    expect(ticks[0]?.nominal).toBe(NOW - 30 * MINUTE + 1000);
  });

  it("may be more than a plan looks at", () => {
    const { missed, ticks } = plan({ every: { interval: 10 }, jitter: "1h" }, { ...request, maxCatchUp: 0 });

    expect(missed).toBe(0);
    expect(ticks).toHaveLength(50);
  });
});

describe("the activities of a schedule", () => {
  const context = undefined as never;

  it("plan", async () => {
    const spec = normalizeSpec({ cron: "0 0 * * *" });
    const request = { id: "s", spec, after: NOW, now: NOW, catchUpWindow: HOUR, maxCatchUp: 10 };

    expect(await planTicks.handler(context, request)).toEqual(planOf(request));
  });

  it("fill in fifty ticks at a time, after one time and up to another", async () => {
    const spec = normalizeSpec({ cron: "0 0 * * *" });

    const first = await planBackfill.handler(context, { spec, from: NOW, to: NOW + 60 * DAY });
    const second = await planBackfill.handler(context, { spec, from: first.at(-1) ?? 0, to: NOW + 60 * DAY });
    const third = await planBackfill.handler(context, { spec, from: second.at(-1) ?? 0, to: NOW + 60 * DAY });

    expect([first.length, second.length, third.length]).toEqual([50, 10, 0]);
    expect([first[0], second.at(-1)]).toEqual([NOW + DAY, NOW + 60 * DAY]);
  });
});
