import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { AnyOrchestration, OrchestrationHandler } from "@perdure/core";
import { ReplayError, assertReplays, checkReplay, formatHistory, recordFixture, saveFixture } from "../src";
import type { Fixture, Recorded } from "../src";
import { using } from "./support";

const note = defineActivity("note", (_ctx, text: string) => text.length);
const go = defineEvent("go");

type Code = OrchestrationHandler<string, unknown>;
const code = (handler: Code): AnyOrchestration => defineOrchestration("story", handler);

const recordedCode: Code = function* (ctx, text) {
  ctx.setCustomStatus("noting");
  const length = yield* ctx.callActivity(note, text);
  yield* ctx.createTimer("1d");
  yield* ctx.waitForExternalEvent(go);
  yield* ctx.callActivity(note, "went");
  return length;
};

/** The life of one instance, up to its wait for `go` or to its end. */
async function record(handler: Code, isToEnd: boolean): Promise<Fixture> {
  return using({ orchestrations: [code(handler)], activities: [note] }, async (host) => {
    const instance = await host.client.startNew("story", "once", { instanceId: "story-1" });
    await host.advance("2d");
    if (isToEnd) {
      await instance.raiseEvent(go);
      await instance.waitForCompletion();
    }
    return recordFixture(host.client, "story-1");
  });
}

function errorOf(handler: Code, recorded: Recorded): ReplayError {
  try {
    assertReplays(code(handler), recorded);
  } catch (error) {
    if (ReplayError.is(error)) return error;
    throw error;
  }
  throw new Error("it replays");
}

let running: Fixture;
let finished: Fixture;
beforeAll(async () => {
  running = await record(recordedCode, false);
  finished = await record(recordedCode, true);
});

describe("recordFixture", () => {
  it("is plain data", () => {
    expect(running).toMatchObject({
      formatVersion: 1,
      instanceId: "story-1",
      name: "story",
      status: "Running",
    });
    expect(finished.status).toBe("Completed");
    expect(JSON.parse(JSON.stringify(finished))).toEqual(finished);
  });

  it("refuses an instance without history", async () => {
    await using({ orchestrations: [], autoAdvance: false }, async (host) => {
      await expect(recordFixture(host.client, "nobody")).rejects.toMatchObject({ code: "InstanceNotFound" });
    });
  });

  it("goes to a file and back", async () => {
    const folder = await mkdtemp(join(tmpdir(), "perdure-testing-"));
    const path = join(folder, "story.json");
    try {
      await saveFixture(path, finished);

      const text = await readFile(path, "utf8");
      expect(JSON.parse(text)).toEqual(finished);
      expect(text.endsWith("}\n")).toBe(true);
      expect(() => assertReplays(code(recordedCode), text)).not.toThrow();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("assertReplays", () => {
  it("accepts the code that was recorded, in all forms", () => {
    for (const fixture of [running, finished]) {
      expect(() => assertReplays(code(recordedCode), fixture)).not.toThrow();
      expect(() => assertReplays([code(recordedCode)], fixture.history)).not.toThrow();
      expect(() => assertReplays(code(recordedCode), JSON.stringify(fixture))).not.toThrow();
    }
  });

  it("accepts another input, another due time, and more after what is recorded", () => {
    const changed: Code = function* (ctx, text) {
      yield* ctx.callActivity(note, text + text);
      yield* ctx.createTimer("9d");
      yield* ctx.waitForExternalEvent(go);
      yield* ctx.callActivity("somethingNew");
    };

    expect(() => assertReplays(code(changed), running)).not.toThrow();
  });

  it("names the event, what was expected and what the code did", () => {
    const error = errorOf(function* (ctx, text) {
      yield* ctx.callActivity(note, text);
      yield* ctx.callActivity("audit");
    }, running);

    expect(error).toMatchObject({
      code: "NonDeterminism",
      instanceId: "story-1",
      expected: "TimerCreated as decision #1",
      actual: "TaskScheduled 'audit' as decision #1",
    });
    expect(running.history[error.eventIndex!]).toMatchObject({ type: "TimerCreated", eventId: 1 });
    expect(error.message).toMatch(
      /^The code of 'story' does not fit the history of 'story-1'\n {2}at event \d+: TimerCreated #1 until .*\n {2}expected: .*\n {2}actual: .*$/,
    );
  });

  it("names the first of several decisions of one turn that does not fit", async () => {
    const two = (first: string): Code =>
      function* (ctx) {
        yield* ctx.all([ctx.callActivity(first, "a"), ctx.callActivity(note, "b")]);
        yield* ctx.waitForExternalEvent(go);
      };
    const fixture = await record(two("note"), true);

    const error = errorOf(two("audit"), fixture);

    expect(fixture.history[error.eventIndex!]).toMatchObject({ type: "TaskScheduled", eventId: 0 });
  });

  it("finds a decision too few and one too many", () => {
    const fewer = errorOf(function* (ctx, text) {
      yield* ctx.callActivity(note, text);
      yield* ctx.waitForExternalEvent(go);
    }, running);
    const more = errorOf(function* (ctx, text) {
      const task = ctx.callActivity(note, text);
      ctx.createTimer("1d");
      yield* task;
    }, running);

    expect(fewer).toMatchObject({
      expected: "TimerCreated as decision #1",
      actual: expect.stringMatching(/nothing/),
    });
    expect(more).toMatchObject({
      expected: expect.stringMatching(/no decision #1/),
      actual: "TimerCreated as decision #1",
    });
    expect(running.history[more.eventIndex!]).toMatchObject({ type: "TaskScheduled" });
  });

  it("finds code that ends too early", () => {
    const early: Code = function* (ctx, text) {
      yield* ctx.callActivity(note, text);
      yield* ctx.createTimer("1d");
    };

    expect(errorOf(early, finished)).toMatchObject({ expected: "that the code goes on waiting" });
  });

  it("compares the last turn of a finished instance", () => {
    const waitsOn: Code = function* (ctx, text) {
      yield* recordedCode(ctx, text);
      yield* ctx.waitForExternalEvent("more");
    };
    const decidesOn: Code = function* (ctx, text) {
      yield* recordedCode(ctx, text);
      yield* ctx.callActivity("more");
    };
    const fails: Code = function* (ctx, text) {
      yield* recordedCode(ctx, text);
      throw new Error("new");
    };

    expect(errorOf(waitsOn, finished)).toMatchObject({
      expected: "the end: Completed",
      actual: "the code goes on waiting",
      eventIndex: finished.history.length - 1,
    });
    expect(errorOf(decidesOn, finished)).toMatchObject({
      actual: "TaskScheduled #3 'more'",
    });
    expect(errorOf(fails, finished)).toMatchObject({ actual: "the end: Failed" });
  });

  it("finds a decision missing from a last turn that also decided", async () => {
    const decidesAtTheEnd: Code = function* (ctx) {
      ctx.callActivity(note, "left behind");
      return "done";
    };
    const fixture = await record(decidesAtTheEnd, false);

    expect(() => assertReplays(code(decidesAtTheEnd), fixture)).not.toThrow();
    expect(errorOf(function* () {}, fixture)).toMatchObject({
      expected: `TaskScheduled #0 'note' "left behind"`,
      actual: "the end",
    });
  });

  it("takes a terminated instance up to its end", async () => {
    const fixture = await using(
      { orchestrations: [code(recordedCode)], activities: [note] },
      async (host) => {
        const instance = await host.client.startNew("story", "once");
        await host.advance("1h");
        await instance.terminate("enough");
        await instance.waitForCompletion();
        return recordFixture(host.client, instance.instanceId);
      },
    );

    expect(fixture.status).toBe("Terminated");
    expect(() => assertReplays(code(recordedCode), fixture)).not.toThrow();
    expect(errorOf(function* () {}, fixture).code).toBe("NonDeterminism");
  });

  it("refuses another orchestration's history", () => {
    const other = defineOrchestration("other", recordedCode);

    expect(() => assertReplays(other, running)).toThrow(
      "The history of 'story-1' is of orchestration 'story'; given: 'other'.",
    );
  });

  it.each([
    ["a path", "histories/story.json"],
    ["another object", "{}"],
    ["null", "null"],
    ["another format", JSON.stringify({ formatVersion: 99, history: [] })],
    ["a history without a start", "[]"],
  ])("refuses %s", (_what, recorded) => {
    expect(() => assertReplays(code(recordedCode), recorded)).toThrow(
      expect.objectContaining({ code: "InvalidArgument" }),
    );
  });
});

describe("checkReplay", () => {
  it("replays what has not finished, and tells what new code would block", async () => {
    const orchestrations = [code(recordedCode), defineOrchestration("gone", (ctx) => recordedCode(ctx, ""))];
    const check = await using({ orchestrations, activities: [note] }, async (host) => {
      for (const instanceId of ["early", "late", "done"])
        await host.client.startNew("story", "once", { instanceId });
      await host.client.startNew("gone", undefined, { instanceId: "old" });
      await host.client.instance("done").terminate();
      await host.advance("1h");
      await host.client.startNew("story", "once", { instanceId: "fresh" });
      const newCode = code(function* (ctx, text) {
        yield* ctx.callActivity(note, text);
        if (ctx.instanceId === "late") yield* ctx.callActivity("audit");
        yield* ctx.createTimer("1d");
      });
      const found = await checkReplay(host.client, { orchestrations: [newCode] });
      const filtered = await checkReplay(
        host.client,
        { orchestrations: [newCode] },
        { instanceIdPrefix: "e" },
      );
      return { found, filtered };
    });

    expect(check.found).toEqual({
      checked: expect.any(Number),
      divergences: [
        {
          instanceId: "late",
          name: "story",
          expected: "TimerCreated as decision #1",
          actual: "TaskScheduled 'audit' as decision #1",
          message: expect.stringMatching(/does not fit the history of 'late'/),
        },
      ],
      unknown: [{ instanceId: "old", name: "gone" }],
    });
    expect(check.found.checked).toBeGreaterThanOrEqual(2);
    expect(check.filtered).toEqual({ checked: 1, divergences: [], unknown: [] });
  });
});

describe("replay of instances that were out of order", () => {
  it("takes one that is Blocked, with code that fits and with code that does not", async () => {
    let handler = recordedCode;
    const story = code((ctx, text) => handler(ctx, text));
    const fixture = await using({ orchestrations: [story], activities: [note] }, async (host) => {
      const instance = await host.client.startNew("story", "once", { instanceId: "story-1" });
      await host.advance("1h");
      handler = function* (ctx) {
        yield* ctx.callActivity("audit");
      };
      host.crash();
      await host.advance("2d");
      expect(await instance.status()).toMatchObject({ status: "Blocked" });
      return recordFixture(host.client, "story-1");
    });

    expect(() => assertReplays(code(recordedCode), fixture)).not.toThrow();
    expect(errorOf(handler, fixture)).toMatchObject({ actual: "TaskScheduled 'audit' as decision #0" });
  });

  it("takes one that was rewound", async () => {
    let isBroken = true;
    const fragile = defineActivity("fragile", () => {
      if (isBroken) throw new Error("broken");
    });
    const handler: Code = function* (ctx, text) {
      yield* ctx.callActivity(note, text);
      yield* ctx.callActivity(fragile);
      yield* ctx.createTimer("1d");
    };
    const activities = [note, fragile];
    const fixture = await using({ orchestrations: [code(handler)], activities }, async (host) => {
      const instance = await host.client.startNew("story", "once", { instanceId: "story-1" });
      await instance.waitForCompletion();
      isBroken = false;
      await instance.rewind();
      await instance.waitForCompletion();
      return recordFixture(host.client, "story-1");
    });

    expect(fixture.status).toBe("Completed");
    expect(() => assertReplays(code(handler), fixture)).not.toThrow();
    expect(errorOf(recordedCode, fixture)).toMatchObject({
      expected: "TaskScheduled 'fragile' as decision #1",
    });
  });
});

describe("formatHistory", () => {
  it("is a line for each event", () => {
    expect(formatHistory(finished.history)).toBe(
      [
        "2030-01-01T00:00:00.000Z",
        `  ExecutionStarted 'story' "once"`,
        `  TaskScheduled #0 'note' "once"`,
        "2030-01-01T00:00:00.000Z  (+0s)",
        "  TaskCompleted #0 4",
        "  TimerCreated #1 until 2030-01-02T00:00:00.000Z",
        "2030-01-02T00:00:00.000Z  (+1d)",
        "  TimerFired #1",
        "2030-01-03T00:00:00.000Z  (+1d)",
        "  EventRaised 'go'",
        `  TaskScheduled #2 'note' "went"`,
        "2030-01-03T00:00:00.000Z  (+0s)",
        "  TaskCompleted #2 4",
        "  ExecutionCompleted Completed 4",
      ].join("\n"),
    );
  });

  it("shortens payloads and tells failures", () => {
    const text = formatHistory([
      { type: "EventRaised", timestamp: 0, name: "long", input: JSON.stringify("x".repeat(500)) },
      {
        type: "TaskFailed",
        timestamp: 0,
        taskScheduledId: 3,
        failure: { errorType: "RangeError", errorMessage: "too\nfar" },
      },
    ]);

    expect(text).toMatch(/EventRaised 'long' "x{99}… \(502 characters\)$/m);
    expect(text).toMatch(/^ {2}TaskFailed #3 RangeError: too far$/m);
  });
});
