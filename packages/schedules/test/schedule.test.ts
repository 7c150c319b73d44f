import { Schedule, runId } from "../src/schedule/schedule";
import { newSchedule } from "../src/schedule/state";
import type { RunOverlapPolicy, ScheduleDefinition } from "../src";
import { at } from "./support";

const T0 = at("2030-01-01T00:00");
const HOUR = 3_600_000;

/** A schedule, what it did to the world, and a clock to set. */
class Subject {
  readonly schedule: Schedule;
  readonly done: string[] = [];
  now = T0;

  constructor(definition: Partial<ScheduleDefinition> = {}, paused = false) {
    const complete: ScheduleDefinition = {
      ...{ id: "s", orchestration: "report", spec: { timeZone: "UTC", cron: ["0 * * * *"] } },
      ...{ overlapPolicy: "skip", cancelEvent: "cancel", catchUpWindow: HOUR, maxCatchUp: 10 },
      ...definition,
    };
    this.schedule = new Schedule(newSchedule(complete, T0, paused), {
      now: () => this.now,
      start: ({ instanceId }) => this.done.push(`start ${instanceId}`),
      cancel: (instanceId) => this.done.push(`cancel ${instanceId}`),
      terminate: (instanceId) => this.done.push(`terminate ${instanceId}`),
    });
  }

  get state() {
    return this.schedule.state;
  }

  /** Passes the hours given, in this order. */
  tick(...hours: readonly number[]): void {
    for (const hour of hours) {
      this.now = T0 + hour * HOUR;
      this.schedule.tick(this.now);
    }
  }

  end(hour: number, status: "Completed" | "Failed" | "Terminated" | "NotStarted" = "Completed"): void {
    this.schedule.ended({ instanceId: run(hour), status });
  }

  get running(): readonly string[] {
    return this.state.running.map(({ instanceId }) => instanceId);
  }

  get buffered(): readonly string[] {
    return this.state.buffer.map(({ instanceId }) => instanceId);
  }

  get outcomes(): readonly string[] {
    return this.state.recent.map(({ outcome }) => outcome);
  }
}

function run(hour: number): string {
  return runId("s", T0 + hour * HOUR);
}

describe("a tick", () => {
  it("I9: is named after the schedule and its nominal time, whenever it is decided on", () => {
    const subject = new Subject();
    subject.now = T0 + 5 * HOUR;

    subject.schedule.tick(T0 + HOUR);

    expect(subject.done).toEqual(["start s-20300101T010000Z"]);
    expect(subject.state.running).toEqual([
      { instanceId: "s-20300101T010000Z", nominal: T0 + HOUR, startedAt: T0 + 5 * HOUR },
    ]);
  });

  it("has milliseconds in its name only where it has some", () => {
    expect(runId("nightly", at("2027-03-28T00:30"))).toBe("nightly-20270328T003000Z");
    expect(runId("nightly", at("2027-03-28T00:30") + 250)).toBe("nightly-20270328T003000.250Z");
  });

  it("is decided on in the same change that moves the cursor", () => {
    const subject = new Subject();

    subject.tick(1);

    expect(subject.state.cursor).toBe(T0 + HOUR);
    expect(subject.state.counts).toEqual({ started: 1, skipped: 0, missed: 0 });
    expect(subject.state.recent).toEqual([
      { nominal: T0 + HOUR, at: T0 + HOUR, outcome: "started", instanceId: run(1) },
    ]);
  });

  it("leaves twenty decisions at most", () => {
    const subject = new Subject({ overlapPolicy: "allowAll" });

    subject.tick(...Array.from({ length: 30 }, (_, index) => index + 1));

    expect(subject.state.recent).toHaveLength(20);
    expect(subject.state.recent.at(-1)?.nominal).toBe(T0 + 30 * HOUR);
    expect(subject.state.counts.started).toBe(30);
  });
});

describe("the cursor", () => {
  it.each<[string, (subject: Subject) => void]>([
    ["a tick", ({ schedule }) => schedule.tick(T0 + HOUR)],
    ["missed ticks", ({ schedule }) => schedule.miss(2, T0 + HOUR)],
    [
      "a resume",
      (subject) => {
        subject.schedule.command({ kind: "pause" });
        subject.now = T0 + HOUR;
        subject.schedule.command({ kind: "resume" });
      },
    ],
    [
      "another spec",
      (subject) => {
        subject.now = T0 + HOUR;
        subject.schedule.command({
          kind: "update",
          changes: { spec: { timeZone: "UTC", cron: ["30 * * * *"] } },
        });
      },
    ],
    [
      "a backfill",
      ({ schedule }) => {
        schedule.command({ kind: "backfill", from: T0, to: T0 + 2 * HOUR, overlapPolicy: "allowAll" });
        schedule.fill(T0 + HOUR);
        schedule.endBackfill();
      },
    ],
    ["a trigger", ({ schedule }) => schedule.command({ kind: "trigger", id: "x" })],
  ])("does not go back by %s of before", (_what, act) => {
    const subject = new Subject();
    subject.tick(3);

    act(subject);

    expect(subject.state.cursor).toBe(T0 + 3 * HOUR);
  });
});

describe("ticks that were too late", () => {
  it("count as missed, are told as one, and are behind the cursor", () => {
    const subject = new Subject();
    subject.now = T0 + 9 * HOUR;

    subject.schedule.miss(5, T0 + 5 * HOUR);

    expect(subject.done).toEqual([]);
    expect(subject.state).toMatchObject({
      cursor: T0 + 5 * HOUR,
      counts: { started: 0, skipped: 0, missed: 5 },
      recent: [{ nominal: T0 + 5 * HOUR, at: T0 + 9 * HOUR, outcome: "missed", count: 5 }],
    });
  });
});

describe("a run that is due while another one has not finished", () => {
  interface Expected {
    readonly done: readonly string[];
    readonly running: readonly number[];
    readonly buffered: readonly number[];
    readonly skipped: number;
  }
  const starts = (...hours: readonly number[]): string[] => hours.map((hour) => `start ${run(hour)}`);

  it.each<[RunOverlapPolicy, Expected]>([
    ["skip", { done: starts(1), running: [1], buffered: [], skipped: 3 }],
    ["bufferOne", { done: starts(1), running: [1], buffered: [2], skipped: 2 }],
    ["bufferAll", { done: starts(1), running: [1], buffered: [2, 3, 4], skipped: 0 }],
    [
      "cancelOther",
      {
        done: [...starts(1), `cancel ${run(1)}`, `cancel ${run(1)}`, `cancel ${run(1)}`],
        ...{ running: [1], buffered: [4], skipped: 2 },
      },
    ],
    ["allowAll", { done: starts(1, 2, 3, 4), running: [1, 2, 3, 4], buffered: [], skipped: 0 }],
  ])("I3: %s", (overlapPolicy, expected) => {
    const subject = new Subject({ overlapPolicy });

    subject.tick(1, 2, 3, 4);

    expect(subject.done).toEqual(expected.done);
    expect(subject.running).toEqual(expected.running.map(run));
    expect(subject.buffered).toEqual(expected.buffered.map(run));
    expect(subject.state.counts.skipped).toBe(expected.skipped);
  });

  it("I3: terminateOther ends all others and starts at once", () => {
    const subject = new Subject({ overlapPolicy: "terminateOther" });

    subject.tick(1, 2);

    expect(subject.done).toEqual([...starts(1), `terminate ${run(1)}`, ...starts(2)]);
    subject.end(1, "Terminated");
    expect(subject.running).toEqual([run(2)]);
  });

  it("tells why it was left out", () => {
    const subject = new Subject();

    subject.tick(1, 2);

    expect(subject.state.recent.at(-1)).toEqual({
      ...{ nominal: T0 + 2 * HOUR, at: T0 + 2 * HOUR, outcome: "skipped" },
      reason: `still running: ${run(1)}`,
    });
  });

  it("starts when that has ended, one after the other", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll" });
    subject.tick(1, 2, 3);

    subject.end(1, "Failed");
    expect(subject.running).toEqual([run(2)]);
    subject.end(2);

    expect(subject.running).toEqual([run(3)]);
    expect(subject.buffered).toEqual([]);
    expect(subject.outcomes).toEqual(["started", "buffered", "buffered", "started", "started"]);
  });

  it("waits until the last of several has ended", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll" });
    subject.schedule.command({ kind: "trigger", id: "a" });
    subject.schedule.command({ kind: "trigger", id: "b", overlapPolicy: "allowAll" });
    subject.tick(1);
    const [first = "", second = ""] = subject.running;

    subject.schedule.ended({ instanceId: first, status: "Completed" });
    expect(subject.buffered).toEqual([run(1)]);
    subject.schedule.ended({ instanceId: second, status: "Completed" });

    expect(subject.running).toEqual([run(1)]);
  });

  it("waits with a thousand others at most", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll" });
    subject.tick(...Array.from({ length: 1003 }, (_, index) => index));

    expect(subject.buffered).toHaveLength(1000);
    expect(subject.state.counts).toMatchObject({ started: 1, skipped: 2 });
    expect(subject.state.recent.at(-1)).toMatchObject({
      outcome: "skipped",
      reason: "1000 runs wait already",
    });
  });
});

describe("a report", () => {
  it("of a run it does not know, or twice, changes nothing", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll" });
    subject.tick(1, 2, 3);
    subject.end(1);
    const { state } = subject;

    subject.end(1);
    subject.end(7);

    expect(subject.state).toBe(state);
  });

  it("that the id was taken makes it a duplicate, which no more counts as started", () => {
    const subject = new Subject({ overlapPolicy: "bufferOne" });
    subject.tick(1, 2);

    subject.end(1, "NotStarted");

    expect(subject.state.counts.started).toBe(1); // the one that had waited
    expect(subject.running).toEqual([run(2)]);
    expect(subject.outcomes).toEqual(["started", "buffered", "duplicate", "started"]);
  });
});

describe("maxRuns", () => {
  it("ends the ticking", () => {
    const subject = new Subject({ overlapPolicy: "allowAll", maxRuns: 2 });
    subject.tick(1);
    expect(subject.schedule.isTicking).toBe(true);

    subject.tick(2);

    expect(subject.schedule.isTicking).toBe(false);
  });

  it("does not count what was skipped, missed or there already", () => {
    const subject = new Subject({ maxRuns: 2 });
    subject.tick(1, 2, 3);
    subject.schedule.miss(10, T0 + 4 * HOUR);
    subject.end(1, "NotStarted");
    expect(subject.state.counts.started).toBe(0);

    subject.tick(5);

    expect(subject.schedule.isTicking).toBe(true);
    subject.end(5);
    subject.tick(6);
    expect(subject.schedule.isTicking).toBe(false);
  });

  it("is not exceeded by runs that wait", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll", maxRuns: 2 });
    subject.tick(1, 2, 3);

    for (const hour of [1, 2, 3]) subject.end(hour);

    expect(subject.done).toEqual([`start ${run(1)}`, `start ${run(2)}`]);
    expect(subject.state.counts).toMatchObject({ started: 2, skipped: 1 });
    expect(subject.buffered).toEqual([]);
  });

  it("is not exceeded by triggers and backfills", () => {
    const subject = new Subject({ overlapPolicy: "allowAll", maxRuns: 1 });
    subject.tick(1);

    subject.schedule.command({ kind: "trigger", id: "a" });

    expect(subject.running).toEqual([run(1)]);
    expect(subject.state.recent.at(-1)).toMatchObject({
      outcome: "skipped",
      reason: "it has had all the runs it may have",
    });
  });
});

describe("pause and resume", () => {
  it("stops the ticking and leaves out what would have been started meanwhile", () => {
    const subject = new Subject();
    subject.now = T0 + HOUR;
    subject.schedule.command({ kind: "pause", reason: "maintenance" });
    expect(subject.schedule.isTicking).toBe(false);
    expect(subject.state.paused).toEqual({ at: T0 + HOUR, reason: "maintenance" });
    subject.now = T0 + 5.5 * HOUR;

    subject.schedule.command({ kind: "resume" });

    expect(subject.schedule.isTicking).toBe(true);
    expect(subject.state).not.toHaveProperty("paused");
    expect(subject.state.cursor).toBe(T0 + 5.5 * HOUR);
    expect(subject.state.counts.missed).toBe(0);
  });

  it("may come twice", () => {
    const subject = new Subject({}, true);
    expect(subject.state.paused).toEqual({ at: T0 });
    subject.now = T0 + HOUR;

    subject.schedule.command({ kind: "pause" });
    subject.schedule.command({ kind: "resume" });
    subject.now = T0 + 2 * HOUR;
    subject.schedule.command({ kind: "resume" });

    expect(subject.state.cursor).toBe(T0 + HOUR);
  });

  it("holds what waits, and lets what runs go on", () => {
    const subject = new Subject({ overlapPolicy: "bufferOne" });
    subject.tick(1, 2);
    subject.schedule.command({ kind: "pause" });
    expect(subject.running).toEqual([run(1)]);

    subject.end(1);

    expect(subject.running).toEqual([]);
    expect(subject.buffered).toEqual([run(2)]);
    subject.schedule.command({ kind: "resume" });
    expect(subject.running).toEqual([run(2)]);
  });

  it("does not hold what was asked for by a trigger or a backfill", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll" });
    subject.tick(1, 2);
    subject.schedule.command({ kind: "pause" });
    subject.schedule.command({ kind: "trigger", id: "a" });

    subject.end(1);

    expect(subject.running).toEqual([`${run(2)}-a`]);
    expect(subject.buffered).toEqual([run(2)]);
  });
});

describe("a trigger", () => {
  it("starts a run of its own now, paused or not, and leaves the ticks alone", () => {
    const subject = new Subject({}, true);
    subject.now = T0 + 90_000;

    subject.schedule.command({ kind: "trigger", id: "a1" });

    expect(subject.done).toEqual(["start s-20300101T000130Z-a1"]);
    expect(subject.state.cursor).toBe(T0);
  });

  it("goes by its own overlap policy, else by the schedule's", () => {
    const subject = new Subject();
    subject.tick(1);
    subject.schedule.command({ kind: "trigger", id: "a" });
    expect(subject.running).toHaveLength(1);

    subject.schedule.command({ kind: "trigger", id: "b", overlapPolicy: "allowAll" });

    expect(subject.running).toHaveLength(2);
  });
});

describe("a backfill", () => {
  it("goes through its times and forgets itself", () => {
    const subject = new Subject();
    const from = T0 - 10 * HOUR;
    subject.schedule.command({ kind: "backfill", from, to: T0, overlapPolicy: "allowAll" });
    subject.schedule.command({ kind: "backfill", from: 5, to: 9, overlapPolicy: "skip" });

    subject.schedule.fill(T0 - 9 * HOUR);
    subject.schedule.fill(T0 - 8 * HOUR);

    expect(subject.state.backfills[0]).toEqual({ from: T0 - 8 * HOUR, to: T0, overlapPolicy: "allowAll" });
    expect(subject.running).toEqual([run(-9), run(-8)]);
    subject.schedule.endBackfill();
    expect(subject.state.backfills).toEqual([{ from: 5, to: 9, overlapPolicy: "skip" }]);
  });

  it("has the ids of the ticks it fills in for", () => {
    const subject = new Subject({ overlapPolicy: "allowAll" });
    subject.tick(1);
    const range = { from: T0, to: T0 + HOUR, overlapPolicy: "allowAll" } as const;
    subject.schedule.command({ kind: "backfill", ...range });

    subject.schedule.fill(T0 + HOUR);

    expect(subject.done).toEqual([`start ${run(1)}`, `start ${run(1)}`]);
    subject.end(1, "NotStarted");
    expect(subject.state.counts.started).toBe(1);
    expect(subject.running).toEqual([run(1)]);
  });

  it("has nothing to fill in when there is none", () => {
    const subject = new Subject();
    const { state } = subject;

    subject.schedule.fill(T0);

    expect(subject.state).toBe(state);
  });
});

describe("an update", () => {
  it("changes what is given, and keeps what runs, waits and has been decided", () => {
    const subject = new Subject({ overlapPolicy: "bufferAll", note: "old", tags: { team: "red" } });
    subject.tick(1, 2);
    const { definition, ...before } = subject.state;

    subject.schedule.command({ kind: "update", changes: { note: "new", maxCatchUp: 3 } });

    const { definition: changed, ...after } = subject.state;
    expect(changed).toEqual({ ...definition, note: "new", maxCatchUp: 3 });
    expect(after).toEqual(before);
  });

  it("of the spec is for times to come", () => {
    const subject = new Subject();
    subject.tick(1);
    subject.now = T0 + 9 * HOUR;

    subject.schedule.command({
      kind: "update",
      changes: { spec: { timeZone: "UTC", cron: ["* * * * *"] } },
    });

    expect(subject.state.cursor).toBe(T0 + 9 * HOUR);
    expect(subject.state.counts.missed).toBe(0);
  });

  it("of the runs it may have lets it tick again", () => {
    const subject = new Subject({ maxRuns: 1 });
    subject.tick(1);
    subject.end(1);
    expect(subject.schedule.isTicking).toBe(false);
    subject.now = T0 + 9 * HOUR;

    subject.schedule.command({ kind: "update", changes: { maxRuns: 2 } });

    expect(subject.schedule.isTicking).toBe(true);
    expect(subject.state.cursor).toBe(T0 + 9 * HOUR); // what passed while it had ended is not made up for
  });

  it("may come with the same again", () => {
    const subject = new Subject({ note: "same" });
    const { state } = subject;

    subject.schedule.command({ kind: "update", changes: { note: "same" } });

    expect(subject.state).toEqual(state);
  });
});

describe("a deletion", () => {
  it("marks the schedule, and ends nothing that runs", () => {
    const subject = new Subject();
    subject.tick(1);

    subject.schedule.command({ kind: "delete" });

    expect(subject.state.deleted).toBe(true);
    expect(subject.done).toEqual([`start ${run(1)}`]);
  });
});
