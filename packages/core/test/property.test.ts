/**
 * Any program, under any schedule of batches, repeats and restarts, ends as the straight-line interpreter says, and
 * the same schedule hot, cold and with evictions at random gives the same checkpoints. Among the messages are
 * suspensions, and turns that are run by a worker that lacks the code. Compared are whole checkpoints but for stack
 * traces.
 *
 * Results do not depend on the schedule by construction: what is raced for is waited for afterwards, and no two parts
 * of a program wait for events of one name.
 */
import fc from "fast-check";
import { defineOrchestration } from "../src";
import type { Checkpoint, OrchestrationContext, OrchestrationGenerator, Task } from "../src";
import { TestHub } from "./support/test-hub";
import type { Schedule } from "./support/test-hub";
import { withoutStacks } from "./support/test-instance";

type Program =
  | { readonly kind: "activity" | "limited" | "failing" | "retried"; readonly value: number }
  | { readonly kind: "timer" | "cancelled"; readonly seconds: number }
  | { readonly kind: "event" | "queue" | "queues"; readonly name: string; readonly timeout: boolean }
  | { readonly kind: "random" }
  | { readonly kind: "child"; readonly body: Program }
  | { readonly kind: "sequence" | "all" | "any" | "again" | "map"; readonly parts: readonly Program[] }
  | { readonly kind: "generations"; readonly count: number; readonly body: Program };

const leaf: fc.Arbitrary<Program> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("activity" as const, "limited" as const, "failing" as const, "retried" as const),
    value: fc.nat(9),
  }),
  fc.record({ kind: fc.constantFrom("timer" as const, "cancelled" as const), seconds: fc.nat(5) }),
  fc.record({
    kind: fc.constantFrom("event" as const, "queue" as const, "queues" as const),
    name: fc.uuid(),
    timeout: fc.boolean(),
  }),
  fc.constant({ kind: "random" as const }),
);

interface Size {
  readonly maxDepth: number;
  readonly maxLength: number;
}

function programs({ maxDepth, maxLength }: Size): fc.Arbitrary<Program> {
  return fc.letrec<{ program: Program; composite: Program }>((tie) => ({
    program: fc.oneof(
      { maxDepth, withCrossShrink: true },
      { weight: 5, arbitrary: leaf },
      { weight: 4, arbitrary: tie("composite") },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("child" as const), body: tie("program") }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("generations" as const),
          count: fc.nat(2),
          body: tie("program"),
        }),
      },
    ),
    composite: fc.record({
      kind: fc.constantFrom(
        "sequence" as const,
        "all" as const,
        "any" as const,
        "again" as const,
        "map" as const,
      ),
      parts: fc.array(tie("program"), { maxLength }),
    }),
  })).composite;
}

/** What the program comes to, without any engine. */
function interpret(node: Program): unknown {
  switch (node.kind) {
    case "activity":
    case "limited":
    case "retried":
      return node.value * 2;
    case "failing":
      return `Activity 'failing' failed: ${node.value}`;
    case "timer":
    case "cancelled":
      return node.kind;
    case "event":
      return 0;
    case "queue":
      return [0, 1, 2];
    case "queues":
      return [
        [0, 1, 2],
        [0, 1, 2],
      ];
    case "random":
      return "drawn";
    case "child":
    case "generations":
      return interpret(node.body);
    case "sequence":
    case "all":
    case "any":
    case "again":
    case "map":
      return node.parts.map(interpret);
  }
}

/** The same as an orchestration. */
function* perform(ctx: OrchestrationContext, node: Program): OrchestrationGenerator<unknown> {
  const branch = (part: Program): Task<unknown> => ctx.run(() => perform(ctx, part));
  switch (node.kind) {
    case "activity":
      return yield* ctx.callActivity("double", node.value);
    case "limited": {
      const limited = ctx.callActivity("double", node.value, { timeout: "1h" });
      return yield* ctx.withTimeout(limited, "2h");
    }
    case "retried":
      return yield* ctx.callActivity("flaky", node.value, { retry: { maxAttempts: 3, jitter: 0.5 } });
    case "failing":
      try {
        return yield* ctx.callActivity("failing", node.value);
      } catch (error) {
        return (error as Error).message;
      }
    case "timer":
      yield* ctx.createTimer(node.seconds * 1000);
      return "timer";
    case "cancelled": {
      const timer = ctx.createTimer("1h");
      yield* ctx.any([timer, ctx.createTimer(node.seconds * 1000)]);
      timer.cancel();
      return "cancelled";
    }
    case "event": {
      const wait = ctx.waitForExternalEvent(node.name);
      // A wait that loses is waited for again: it must not have missed the event.
      if (node.timeout) yield* ctx.any([wait, ctx.createTimer("3s")]);
      return yield* wait;
    }
    case "queue":
      return yield* takeThree(ctx, node.name, node.timeout);
    case "queues":
      return yield* takeThreeOfEach(ctx, [`${node.name}a`, `${node.name}b`]);
    case "random":
      ctx.setCustomStatus([ctx.random(), ctx.newGuid(), ctx.currentUtcDateTime]);
      return "drawn";
    case "child":
      return yield* ctx.callSubOrchestrator("run", node.body);
    case "generations":
      return yield* ctx.callSubOrchestrator("generations", node);
    case "sequence": {
      const results: unknown[] = [];
      for (const part of node.parts) results.push(yield* perform(ctx, part));
      return results;
    }
    case "all":
      return yield* ctx.all(node.parts.map(branch));
    case "any": {
      const open = node.parts.map(branch);
      if (open.length === 0) return [];
      if (open.length > 2) yield* ctx.createTimer("2s"); // some have ended when the race begins
      const winner = yield* ctx.any(open);
      const results = yield* ctx.all(open);
      const first = Math.min(...open.map(({ order }) => order));
      return winner.order === first ? results : "not the first in history";
    }
    case "again": {
      const everything = ctx.all(node.parts.map(branch));
      while ((yield* ctx.any([everything, ctx.createTimer("1s")])) !== everything)
        yield* ctx.createTimer("1s");
      return yield* everything;
    }
    case "map":
      return yield* ctx.map(node.parts, (part) => perform(ctx, part), { concurrency: 2 });
  }
}

/** A wait that loses is dropped: it must leave the event to the next. */
function* takeThree(
  ctx: OrchestrationContext,
  name: string,
  timeout: boolean,
): OrchestrationGenerator<unknown> {
  const seen: unknown[] = [];
  while (seen.length < 3) {
    const payload = yield* ctx.waitForExternalEvent(name, timeout ? { timeout: "1s" } : {});
    if (payload !== undefined) seen.push(payload);
  }
  return seen;
}

/** The loser of each round is dropped: it must leave the event to the next round. */
function* takeThreeOfEach(
  ctx: OrchestrationContext,
  names: readonly string[],
): OrchestrationGenerator<unknown> {
  const seen = names.map((): unknown[] => []);
  while (seen.some(({ length }) => length < 3)) {
    const waits = names.map((name) => ctx.waitForExternalEvent(name));
    const winner = yield* ctx.any(waits);
    seen[waits.indexOf(winner)]?.push(yield* winner);
  }
  return seen;
}

const orchestrations = [
  defineOrchestration("run", function* (ctx, node: Program) {
    return yield* perform(ctx, node);
  }),
  defineOrchestration("generations", function* (ctx, node: Extract<Program, { kind: "generations" }>) {
    if (node.count === 0) return yield* perform(ctx, node.body);
    yield* ctx.callActivity("double", node.count);
    ctx.callActivity("double", 0); // fire and forget
    ctx.setCustomStatus(node.count);
    return yield* ctx.continueAsNew({ ...node, count: node.count - 1 });
  }),
];

/** Names and payloads of the events of a program, in the order they are raised in. */
function eventsIn(node: Program): (readonly [string, number])[] {
  if ("body" in node) return eventsIn(node.body);
  if ("parts" in node) return node.parts.flatMap(eventsIn);
  if (!("name" in node)) return [];
  const names = node.kind === "queues" ? [`${node.name}a`, `${node.name}b`] : [node.name];
  const payloads = node.kind === "event" ? [0] : [0, 1, 2];
  return payloads.flatMap((payload) => names.map((name) => [name, payload] as const));
}

/** A pure source of choices: the same seed chooses the same. */
function chooser(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Run {
  readonly output: unknown;
  /** All that each instance committed: what is stored in the end, and sent, follows from it. */
  readonly checkpoints: readonly (readonly [string, readonly Checkpoint[]])[];
  /** How often an execution in memory was thrown away. */
  readonly evictions: number;
}

type Temperature = "hot" | "cold" | "mixed" | "blocked";

function run(node: Program, seed: number, temperature: Temperature): Run {
  const choose = chooser(seed);
  const chooseTemperature = chooser(seed + 1);
  const repeats = new Map<string, number>();
  let evictions = 0;
  const schedule: Schedule = {
    batch: (available) => 1 + choose(available),
    activityTime: () => choose(4) * 700,
    hasCode: () => temperature !== "blocked" || chooseTemperature(4) > 0,
    goesCold: () => {
      const isCold = temperature === "cold" || (temperature === "mixed" && chooseTemperature(3) === 0);
      if (isCold) evictions++;
      return isCold;
    },
    repeats: ({ id }) => {
      const seen = repeats.get(id) ?? 0;
      repeats.set(id, seen + 1);
      return seen < 2 && choose(4) === 0;
    },
  };
  const attempts = new Map<string, number>();
  const activities = {
    double: (input: unknown) => Number(input) * 2,
    failing: (input: unknown) => {
      throw new Error(String(input));
    },
    flaky: (
      input: unknown,
      {
        instanceId,
        executionId,
        firstAttemptId,
        attempt,
      }: {
        readonly instanceId: string;
        readonly executionId: string;
        readonly firstAttemptId: number;
        readonly attempt: number;
      },
    ) => {
      const key = `${instanceId}/${executionId}/${firstAttemptId}`;
      attempts.set(key, attempt);
      if (attempt <= Number(input) % 3) throw new Error("not yet");
      return Number(input) * 2;
    },
  };
  const hub = new TestHub(orchestrations, activities, { compareCold: false }, schedule);
  const start = hub.instance("i1").message.start("run", node, { executionId: "e".repeat(32) });
  hub.send({ ...start, id: "start" });
  const raised = new Map<string, number>();
  for (let round = 0; round < 100 && !isOver(hub); round++) {
    hub.run(hub.now + 1000 * choose(3));
    raise(hub, eventsIn(node), raised, choose);
    if (choose(6) === 0) interrupt(hub);
    if (round > 10) hub.run(hub.now + 10_000);
  }
  return {
    output: hub.instance("i1").output,
    checkpoints: [...hub.instances].map(([id, { checkpoints }]) => [id, checkpoints]),
    evictions,
  };
}

function isOver(hub: TestHub): boolean {
  return hub.instances.get("i1")?.stored.state?.status === "Completed";
}

/** Raises each event once on each instance, in order, some before they are waited for and some long after. */
function raise(
  hub: TestHub,
  events: ReturnType<typeof eventsIn>,
  raised: Map<string, number>,
  choose: (below: number) => number,
): void {
  for (const [instanceId, instance] of hub.instances) {
    if (!instance.stored.state) continue;
    const from = raised.get(instanceId) ?? 0;
    const to = Math.min(events.length, from + choose(4));
    for (const [index, [name, payload]] of events.slice(from, to).entries()) {
      const id = `${instanceId} ${from + index}`;
      hub.send({
        id,
        instanceId,
        event: { type: "EventRaised", timestamp: hub.now, name, input: String(payload) },
      });
    }
    raised.set(instanceId, to);
  }
}

/** Suspends what runs, for a while. */
function interrupt(hub: TestHub): void {
  for (const [instanceId, { stored }] of hub.instances) {
    if (stored.state?.status !== "Running") continue;
    const id = `${instanceId} at ${hub.turns}`;
    const timestamp = hub.now;
    hub.send({ id: `suspend ${id}`, instanceId, event: { type: "ExecutionSuspended", timestamp } });
    const resume = { type: "ExecutionResumed", timestamp } as const;
    hub.send({ id: `resume ${id}`, instanceId, visibleAt: hub.now + 1500, event: resume });
  }
}

/** Texts are compared first, because that is fast. */
function expectSame(expected: Run, ...others: readonly Run[]): void {
  const text = textOf(expected);
  for (const other of others) {
    if (textOf(other) !== text)
      expect(withoutStacks(other.checkpoints)).toEqual(withoutStacks(expected.checkpoints));
  }
}

function textOf({ checkpoints }: Run): string {
  return JSON.stringify(checkpoints, (key, value: unknown) => {
    if (key === "stackTrace") return undefined;
    return value instanceof Set ? [...(value as Set<unknown>)] : value;
  });
}

describe("any program under any schedule", () => {
  const { stackTraceLimit } = Error;
  beforeAll(() => (Error.stackTraceLimit = 0)); // nobody looks at them, and making them takes time
  afterAll(() => (Error.stackTraceLimit = stackTraceLimit));

  it("ends like the straight-line interpreter, hot or cold, with the same checkpoints", () => {
    fc.assert(
      fc.property(programs({ maxDepth: 3, maxLength: 4 }), fc.nat(), (node, seed) => {
        const hot = run(node, seed, "hot");
        const cold = run(node, seed, "cold");
        const mixed = run(node, seed, "mixed");

        expect(hot.output).toEqual(interpret(node));
        expect(run(node, seed, "blocked").output).toEqual(interpret(node));
        expectSame(hot, cold, mixed);
      }),
      { numRuns: 100 },
    );
  });

  it("is stored and sends the same hot, cold and with random evictions, 2,000 small ones", () => {
    let [ran, evicted] = [0, 0];

    fc.assert(
      fc.property(programs({ maxDepth: 2, maxLength: 3 }), fc.nat(), (node, seed) => {
        const hot = run(node, seed, "hot");
        const mixed = run(node, seed, "mixed");

        expectSame(hot, mixed, run(node, seed, "cold"));
        ran++;
        if (mixed.evictions > 0) evicted++;
      }),
      { numRuns: 2000 },
    );

    expect(ran).toBe(2000);
    expect(evicted).toBeGreaterThan(1000);
  }, 120_000);
});
