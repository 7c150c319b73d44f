import {
  InvalidArgumentError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  VirtualClock,
  defineOrchestration,
} from "@perdure/core";
import { MemoryBackend } from "@perdure/backend-memory";
import { jitterOf, scheduleInstanceId } from "@perdure/schedules";
import type { ScheduleDefinition } from "@perdure/schedules";
import { Client } from "../src";
import type { ScheduleChanges, ScheduleDescription, ScheduleOptions } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";
import { NOW, backendWith, commandsOf, scheduleState } from "./support/schedules";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const report = defineOrchestration(
  "report",
  function* (_ctx, what: string) {
    return what;
  },
  { version: "7" },
);
const nightly = {
  ...{ id: "nightly", orchestration: report, input: "sales" },
  spec: { cron: "0 2 * * *" },
} satisfies ScheduleOptions<string>;

function onMemory(): Client {
  const clock = new VirtualClock(NOW);
  return new Client(new MemoryBackend({ clock }), { clock });
}

function onFake(backend: FakeBackend): Client {
  return new Client(backend, { clock: new VirtualClock(NOW) });
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function definition(changes: Partial<ScheduleDefinition>): ScheduleDefinition {
  return { ...scheduleState().definition, ...changes };
}

describe("create", () => {
  it("is what describe tells, with the defaults", async () => {
    const schedule = await onMemory().schedules.create(nightly);

    expect(schedule.id).toBe("nightly");
    expect(await schedule.describe()).toEqual({
      ...{ id: "nightly", orchestration: "report", version: "7", input: "sales", status: "active" },
      spec: { cron: ["0 2 * * *"], timeZone: "UTC" },
      ...{ overlapPolicy: "skip", catchUpWindow: HOUR, maxCatchUp: 10 },
      createdAt: new Date(NOW),
      nextTimes: [2, 3, 4, 5, 6].map((day) => new Date(Date.UTC(2030, 0, day, 2))),
      ...{ running: [], buffered: [], recent: [], counts: { started: 0, skipped: 0, missed: 0 } },
    });
  });

  it("takes everything there is to say", async () => {
    const schedule = await onMemory().schedules.create({
      ...nightly,
      ...{ orchestration: "by name", version: "8", tags: { team: "red" }, note: "for people" },
      ...{ overlapPolicy: "bufferOne", cancelEvent: "stop", catchUpWindow: "2h", maxCatchUp: 0, maxRuns: 5 },
      paused: true,
    });

    expect(await schedule.describe()).toMatchObject({
      ...{ orchestration: "by name", version: "8", tags: { team: "red" }, note: "for people" },
      ...{ overlapPolicy: "bufferOne", catchUpWindow: 2 * HOUR, maxCatchUp: 0, maxRuns: 5 },
      ...{ status: "paused", nextTimes: [] },
    });
  });

  it.each<[unknown, string]>([
    [{ id: "" }, "The instance id has 0 characters"],
    [{ id: "a/b" }, "The instance id 'a/b' contains one of / "],
    [{ id: "x".repeat(201) }, "The schedule id has 201 characters: give 1 to 200."],
    [{ orchestration: "" }, "The orchestration name is '': give"],
    [{ orchestration: 7 }, "The orchestration name is"],
    [{ spec: {} }, "The schedule never ticks: give one or more of cron, every, calendar."],
    [{ spec: undefined }, "The schedule"],
    [{ spec: { cron: "61 * * * *" } }, "The schedule's cron"],
    [{ spec: { cron: "@daily", timeZone: "Europe/Pari" } }, `did you mean "Europe/Paris"?`],
    [{ spec: { cron: "0 0 30 2 *" } }, "The schedule 'nightly' would never tick"],
    [{ spec: { cron: "@daily", endAt: new Date(NOW) } }, "would never tick: its spec names no time to come."],
    [{ tags: { a: 1 } }, "The tag 'a' is not valid"],
    [{ spec: { cron: "@daily", startAt: new Date("3000-02-01") } }, "would never tick"],
    [{ spec: { every: { interval: 1e300 } } }, "every.interval is 1e+300 ms: give 36525 days at most."],
    [{ version: 1 }, "The version is number: give 1 to 256 characters without control characters."],
    [{ version: "\u0000" }, "The version is '\\u0000': give 1 to 256 characters"],
    [
      { orchestration: defineOrchestration("other", report.handler as never, { version: "\u0000" }) },
      "The version is '\\u0000': give 1 to 256 characters",
    ],
    [{ note: {} }, "The note is of type object"],
    [{ overlapPolicy: "maybe" }, "overlapPolicy is 'maybe': give one of skip, bufferOne"],
    [{ cancelEvent: "" }, "The cancel event is '': give"],
    [{ catchUpWindow: "soon" }, "catchUpWindow is 'soon'"],
    [{ catchUpWindow: 1e300 }, "catchUpWindow is 1e+300 ms: give 36525 days at most."],
    [{ maxCatchUp: -1 }, "maxCatchUp is -1: give a whole number from 0 to 10000."],
    [{ maxCatchUp: 10_001 }, "maxCatchUp is 10001"],
    [{ maxRuns: 0 }, "maxRuns is 0: give a whole number from 1"],
    [{ maxRuns: 1.5 }, "maxRuns is 1.5"],
    [{ cronn: "x" }, "A schedule has no 'cronn': give any of input, spec, tags"],
  ])("refuses %p and says what to give", async (bad, message) => {
    const client = onMemory();
    const created = client.schedules.create({ ...nightly, ...(bad as object) });

    await expect(created).rejects.toThrow(InvalidArgumentError);
    await expect(created).rejects.toThrow(message);
    expect(await collected(client.schedules.list())).toEqual([]);
  });

  it("refuses an input without a JSON form", async () => {
    const created = onMemory().schedules.create({ ...nightly, input: 1n as never });

    await expect(created).rejects.toMatchObject({ code: "NotSerializable" });
  });

  it("refuses an id that is taken", async () => {
    const { schedules } = onMemory();
    await schedules.create(nightly);

    const again = schedules.create({ ...nightly, note: "another" });

    await expect(again).rejects.toThrow(ScheduleAlreadyExistsError);
    await expect(again).rejects.toThrow(/nightly/);
  });

  it("replaces one that has ended", async () => {
    const backend = new FakeBackend();

    await onFake(backend).schedules.create(nightly);

    expect(backend.instances.creates[0]?.reusable).toEqual(["Completed", "Failed", "Terminated"]);
    expect(backend.instances.creates[0]?.message.instanceId).toBe("@schedule@nightly");
  });

  it("lets other failures of storage through", async () => {
    const backend = new FakeBackend();
    backend.instances.create = () => Promise.reject(new Error("storage is away"));

    await expect(onFake(backend).schedules.create(nightly)).rejects.toThrow("storage is away");
  });
});

describe("a schedule that is not there", () => {
  const gone = ["none", "Completed", "Terminated"] as const;

  it.each(gone)("(%s) is told by every verb", async (status) => {
    const backend = new FakeBackend();
    if (status !== "none")
      backend.instances.put(instance(scheduleInstanceId("nightly"), { name: "@schedule", status }));
    const schedule = onFake(backend).schedules.get("nightly");

    for (const verb of [
      () => schedule.describe(),
      () => schedule.pause(),
      () => schedule.resume(),
      () => schedule.trigger(),
      () => schedule.backfill({ from: new Date(0), to: new Date(1) }),
      () => schedule.update({ note: "x" }),
      () => schedule.delete(),
    ]) {
      await expect(verb()).rejects.toThrow(ScheduleNotFoundError);
    }
    expect(backend.instances.sent).toEqual([]);
  });

  it("is no error to get, unless its id cannot be one", () => {
    const { schedules } = onMemory();

    expect(schedules.get("nightly").id).toBe("nightly");
    expect(() => schedules.get("a/b")).toThrow(InvalidArgumentError);
    expect(() => schedules.get("x".repeat(201))).toThrow("The schedule id has 201 characters");
  });
});

describe("describe", () => {
  const describe_ = (
    state: Parameters<typeof scheduleState>[0],
    options?: { readonly nextTimes?: number },
  ): Promise<ScheduleDescription> =>
    onFake(backendWith(scheduleState(state)))
      .schedules.get("nightly")
      .describe(options);

  it("has the next times with the jitter each will have", async () => {
    const spec = { timeZone: "UTC", cron: ["0 2 * * *"], jitter: HOUR };

    const { nextTimes } = await describe_({ definition: definition({ spec }) }, { nextTimes: 2 });

    const nominal = [2, 3].map((day) => Date.UTC(2030, 0, day, 2));
    expect(nextTimes.map((time) => time.getTime())).toEqual(
      nominal.map((time) => time + jitterOf("nightly", time, HOUR)),
    );
    expect(new Set(nextTimes.map((time, index) => time.getTime() - (nominal[index] ?? 0))).size).toBe(2);
  });

  it("begins after what has been decided on", async () => {
    const { nextTimes } = await describe_({ cursor: Date.UTC(2030, 0, 4, 2) }, { nextTimes: 1 });

    expect(nextTimes).toEqual([new Date(Date.UTC(2030, 0, 5, 2))]);
  });

  it.each([
    [0, 0],
    [1, 1],
    [1000, 1000],
  ])("tells %i times when asked for so many", async (nextTimes, count) => {
    const description = await describe_({}, { nextTimes });

    expect(description.nextTimes).toHaveLength(count);
    expect(description.status).toBe("active");
  });

  it.each([-1, 1.5, 1001, "5"])("refuses to tell %p", async (nextTimes) => {
    await expect(describe_({}, { nextTimes: nextTimes as number })).rejects.toThrow(
      /^nextTimes is .*: give a whole number from 0 to 1000\.$/,
    );
  });

  it("tells that it is paused, since when nothing is next", async () => {
    expect(await describe_({ paused: { at: NOW, reason: "maintenance" } })).toMatchObject({
      ...{ status: "paused", pausedReason: "maintenance", nextTimes: [] },
    });
  });

  it.each<[string, Partial<Parameters<typeof scheduleState>[0]>]>([
    [
      "its last run has been",
      { definition: definition({ maxRuns: 3 }), counts: { started: 3, skipped: 0, missed: 0 } },
    ],
    [
      "its last time has passed",
      { definition: definition({ spec: { timeZone: "UTC", cron: ["0 2 * * *"], endAt: NOW } }) },
    ],
  ])("tells that it has ended when %s", async (_why, state) => {
    expect(await describe_(state)).toMatchObject({ status: "ended", nextTimes: [] });
  });

  it.each(["Blocked", "Failed", "Suspended"] as const)("tells that it is stuck: %s", async (status) => {
    const backend = backendWith(scheduleState());
    for (const one of backend.instances.statuses.values()) backend.instances.put({ ...one, status });

    expect(await onFake(backend).schedules.get("nightly").describe()).toMatchObject({ status: "stuck" });
  });

  it("has runs and decisions with dates, and nothing of how it is kept", async () => {
    const description = await describe_({
      running: [{ instanceId: "nightly-1", nominal: 1, startedAt: 2 }],
      buffer: [{ instanceId: "nightly-2", nominal: 3, isAskedFor: true }],
      recent: [{ nominal: 1, at: 2, outcome: "started", instanceId: "nightly-1" }],
    });

    expect(description).toMatchObject({
      ...{ running: ["nightly-1"], buffered: ["nightly-2"] },
      recent: [{ scheduledTime: new Date(1), at: new Date(2), outcome: "started", instanceId: "nightly-1" }],
    });
    for (const field of ["cancelEvent", "cursor", "backfills", "definition"])
      expect(description).not.toHaveProperty(field);
  });
});

describe("a command", () => {
  it.each<[string, (schedule: ReturnType<Client["schedules"]["get"]>) => Promise<void>, unknown]>([
    ["pause", (one) => one.pause("why"), { kind: "pause", reason: "why" }],
    ["pause without a reason", (one) => one.pause(), { kind: "pause" }],
    ["resume", (one) => one.resume(), { kind: "resume" }],
    ["trigger", (one) => one.trigger(), { kind: "trigger", id: expect.stringMatching(/^[0-9a-f]{8}$/) }],
    [
      "trigger with a policy",
      (one) => one.trigger({ overlapPolicy: "allowAll" }),
      { kind: "trigger", id: expect.any(String), overlapPolicy: "allowAll" },
    ],
    [
      "backfill: from its first moment to its last, by the schedule's policy",
      (one) => one.backfill({ from: new Date(1000), to: new Date(2000) }),
      { kind: "backfill", from: 999, to: 2000, overlapPolicy: "skip" },
    ],
    [
      "update: what is given, as it is stored",
      (one) => one.update({ spec: { cron: "@daily" }, catchUpWindow: "1d", note: "n" }),
      {
        kind: "update",
        changes: { spec: { cron: ["@daily"], timeZone: "UTC" }, catchUpWindow: DAY, note: "n" },
      },
    ],
    ["delete", (one) => one.delete(), { kind: "delete" }],
  ])("is an event for the schedule: %s", async (_what, act, command) => {
    const backend = backendWith(scheduleState());

    await act(onFake(backend).schedules.get("nightly"));

    expect(commandsOf(backend)).toEqual([command]);
    expect(backend.instances.sent).toMatchObject([
      { instanceId: "@schedule@nightly", event: { name: "@schedule-command", timestamp: NOW } },
    ]);
  });

  it("has another id each time", async () => {
    const backend = backendWith(scheduleState());
    const schedule = onFake(backend).schedules.get("nightly");

    await schedule.trigger();
    await schedule.trigger();

    const [first, second] = backend.instances.sent;
    expect(first?.id).not.toBe(second?.id);
    expect(commandsOf(backend)[0]).not.toEqual(commandsOf(backend)[1]);
  });

  it.each<[string, (schedule: ReturnType<Client["schedules"]["get"]>) => Promise<void>, string]>([
    ["a reason that is no text", (one) => one.pause(7 as never), "The reason is of type number"],
    [
      "an unknown policy of a trigger",
      (one) => one.trigger({ overlapPolicy: "x" as never }),
      "overlapPolicy is 'x'",
    ],
    [
      "an unknown policy of a backfill",
      (one) => one.backfill({ from: new Date(0), to: new Date(1), overlapPolicy: "x" as never }),
      "overlapPolicy is 'x'",
    ],
    [
      "a range the wrong way round",
      (one) => one.backfill({ from: new Date(2), to: new Date(1) }),
      "from is after to: no tick can be between. Swap them.",
    ],
    [
      "a range without an end",
      (one) => one.backfill({ from: new Date(0), to: new Date(Number.NaN) }),
      "to is not a valid date: give a valid Date.",
    ],
    [
      "a range of numbers",
      (one) => one.backfill({ from: 1 as never, to: 2 as never }),
      "from is not a valid",
    ],
    [
      "a range of more than 10,000 ticks",
      (one) => one.backfill({ from: new Date(NOW - 10_001 * DAY), to: new Date(NOW) }),
      "The range has more than 10000 ticks",
    ],
    ["an update of nothing", (one) => one.update({}), "There is nothing to change: give a field."],
    [
      "an update of the id",
      (one) => one.update({ id: "x" } as ScheduleChanges),
      "A schedule has no 'id': give any of",
    ],
    ["an update with a bad spec", (one) => one.update({ spec: {} }), "The schedule never ticks"],
    [
      "an update to an interval no date can hold",
      (one) => one.update({ spec: { every: { interval: 8.64e15 } } }),
      "every.interval is 8640000000000000 ms: give 36525 days at most.",
    ],
    [
      "an update to an endless window",
      (one) => one.update({ catchUpWindow: 1e300 }),
      "catchUpWindow is 1e+300 ms",
    ],
    ["an update to no version", (one) => one.update({ version: "\u0000" }), "The version is '\\u0000'"],
    ["an update to no runs", (one) => one.update({ maxRuns: 0 }), "maxRuns is 0"],
  ])("refuses %s and sends nothing", async (_what, act, message) => {
    const backend = backendWith(scheduleState());
    const acted = act(onFake(backend).schedules.get("nightly"));

    await expect(acted).rejects.toThrow(InvalidArgumentError);
    await expect(acted).rejects.toThrow(message);
    expect(backend.instances.sent).toEqual([]);
  });

  it("backfills ten thousand ticks, and one moment that ticks", async () => {
    const backend = backendWith(scheduleState());
    const schedule = onFake(backend).schedules.get("nightly");
    const tick = new Date(Date.UTC(2030, 0, 1, 2));

    await schedule.backfill({ from: new Date(tick.getTime() - 9999 * DAY), to: tick });
    await schedule.backfill({ from: tick, to: tick });

    expect(commandsOf(backend)).toHaveLength(2);
  });
});

describe("list", () => {
  it("has schedules of all pages, and no other instance", async () => {
    const client = onMemory();
    const { schedules } = client;
    await client.startNew("other");
    for (let n = 0; n < 230; n++)
      await schedules.create({ ...nightly, id: `s-${String(n).padStart(3, "0")}` });

    const listed = await collected(schedules.list());

    expect(listed).toHaveLength(230);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(230);
    expect(listed[0]).toMatchObject({ orchestration: "report", input: "sales", status: "active" });
    expect(listed[0]?.nextTimes).toHaveLength(1);
  });

  it("leaves out those that were deleted, and shows those that failed", async () => {
    const backend = backendWith(scheduleState());
    backend.instances.put(instance("@schedule@gone", { name: "@schedule", status: "Completed" }));
    for (const one of [...backend.instances.statuses.values()].slice(0, 1))
      backend.instances.put({ ...one, status: "Failed" });

    const listed = await collected(onFake(backend).schedules.list());

    expect(listed).toMatchObject([{ id: "nightly", status: "stuck" }]);
    expect(backend.instances.queries).toMatchObject([{ name: "@schedule", includePayloads: true }]);
  });
});
