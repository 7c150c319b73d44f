import type { HistoryEvent, InstanceState, Outbox } from "@perdure/core";
import {
  begin,
  commitFirst,
  completed,
  eventTo,
  resultOf,
  runActivities,
  scheduled,
  sent,
  startOf,
  stateOf,
  turnOf,
} from "../builders";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

export const checkpoints: Topic = {
  title: "checkpoints (B1, B2)",
  cases: [
    contractCase("a checkpoint shows to every reader once it resolves", async (scene) => {
      const { start, state, session } = await begin(scene, { events: [scheduled(scene, 0, '"in"')] });
      const reader = await scene.hub.another();

      const history = await reader.instances.getHistory(start.instanceId);

      expect(history.map(({ type }) => type)).toEqual([
        "OrchestratorStarted",
        "ExecutionStarted",
        "TaskScheduled",
      ]);
      expect(history[1]).toEqual({ ...start.event, messageId: start.id });
      expect(await reader.instances.get(start.instanceId)).toMatchObject({
        status: "Running",
        executionId: state.executionId,
      });
      await session.release();
    }),

    contractCase("a reader sees all of a checkpoint or none, while it is being made", async (scene) => {
      const { session, state } = await begin(scene);
      const before = (await scene.instances.getHistory(state.instanceId)).length;
      const events = [...manyScheduled(scene, 150), completed(scene)];
      const seen = new Set<number>();
      const done = new AbortController();
      const reading = (async () => {
        while (!done.signal.aborted) {
          seen.add((await scene.instances.getHistory(state.instanceId)).length);
          await scene.clock.sleep(1);
        }
      })();

      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, events, { mode: "append" }));
      done.abort();
      await reading;

      for (const length of seen) expect([before, before + 152]).toContain(length);
      await session.release();
    }),

    contractCase("nobody gets a message of a checkpoint before the checkpoint can be read", async (scene) => {
      const other = await scene.hub.another();
      const { session, state } = await begin(scene);
      const targets = Array.from({ length: 10 }, () => scene.id("target"));
      const events = targets.map((target, index) => sent(scene, index, target));

      const committing = session.checkpoint(turnOf(scene, state, events));
      const received = [];
      for (let count = 0; count < targets.length; count++) {
        const receiver = await scene.lockAny([scene.backend, other]);
        received.push(receiver.instanceId);
        const history = await other.instances.getHistory(state.instanceId);
        expect(history.filter(({ type }) => type === "EventSent")).toHaveLength(targets.length);
        await scene.take(receiver);
        await receiver.release();
      }
      await committing;

      expect(received.sort()).toEqual(targets.sort());
      await session.release();
    }),

    contractCase(
      "nobody gets an activity of a checkpoint before the checkpoint can be read",
      async (scene) => {
        const { session, state } = await begin(scene);
        const committing = session.checkpoint(turnOf(scene, state, [scheduled(scene, 0)]));

        const item = await scene.lockActivity();

        const history = await scene.instances.getHistory(item.message.instanceId);
        expect(history.at(-1)).toMatchObject({ type: "TaskScheduled", eventId: 0 });
        await committing;
        await item.complete(resultOf(scene, state, 0));
        await scene.take(session);
        await session.release();
      },
    ),

    contractCase("checkpoints append to history, through one session and the next", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.checkpoint(turnOf(scene, state, [raised(scene, 1)]));
      await first.checkpoint(turnOf(scene, state, [raised(scene, 2)]));
      await first.release();
      await scene.instances.send(eventTo(scene, state.instanceId, "next"));
      const second = await scene.lock();
      await second.load();
      await scene.take(second);
      await second.checkpoint(turnOf(scene, { ...state, customStatus: "3" }, [raised(scene, 3)]));
      await second.release();

      const history = await scene.instances.getHistory(state.instanceId);

      expect(history.filter(({ type }) => type === "OrchestratorStarted")).toHaveLength(4);
      expect(history.flatMap((event) => (event.type === "EventRaised" ? [event.input] : []))).toEqual([
        "1",
        "2",
        "3",
      ]);
      expect(await scene.instances.get(state.instanceId)).toMatchObject({ customStatus: "3" });
    }),

    ...caseForEach(
      { "3 events": 3, "300 events": 300, "1,000 events": 1000 },
      (length) => `a checkpoint that replaces drops a history of ${length}`,
      async (scene, length) => {
        const { session, state, start } = await begin(scene);
        await session.checkpoint(turnOf(scene, state, manyRaised(scene, length)));
        const next: InstanceState = { ...state, executionId: "f".repeat(32), recentMessageIds: [start.id] };
        const restarted: HistoryEvent = { ...start.event, executionId: next.executionId, input: '"again"' };

        await session.checkpoint(turnOf(scene, next, [restarted], { mode: "replace" }));

        const history = await scene.instances.getHistory(state.instanceId);
        expect(history).toEqual([expect.objectContaining({ type: "OrchestratorStarted" }), restarted]);
        expect(await session.load()).toEqual({ state: next, history });
        expect(await scene.instances.get(state.instanceId)).toMatchObject({
          executionId: next.executionId,
          input: '"again"',
        });
        await session.checkpoint(turnOf(scene, next, [raised(scene, 1)]));
        expect(await scene.instances.getHistory(state.instanceId)).toHaveLength(4);
        await session.release();
      },
    ),

    contractCase("a history replaced by a longer one is the longer one", async (scene) => {
      const { session, state, start } = await begin(scene, { events: manyRaised(scene, 20) });
      const kept = manyRaised(scene, 250);

      await session.checkpoint({
        ...turnOf(scene, state, []),
        mode: "replace",
        events: [start.event, ...kept],
      });

      expect(await scene.instances.getHistory(state.instanceId)).toEqual([start.event, ...kept]);
      await session.release();
    }),

    contractCase("a fan-out of 1,000 activities is one checkpoint, and each is sent", async (scene) => {
      const { session, state } = await begin(scene);

      await session.checkpoint(turnOf(scene, state, manyScheduled(scene, 1000)));

      expect(await scene.instances.getHistory(state.instanceId)).toHaveLength(1003);
      await runActivities(scene, [scene.backend], 1000);
      const results = await scene.take(session, 1000);
      expect(new Set(results.map(({ id }) => id)).size).toBe(1000);
      await session.release();
    }),

    contractCase("every field of the state and of its events comes back", async (scene) => {
      const start = startOf(scene, scene.id(), fullStart(scene));
      const { session, state } = await begin(scene, { start });
      const full = fullState(scene, state);
      const events = oneOfEach(scene);

      await session.checkpoint(turnOf(scene, full, events));

      const { history, state: loaded } = await session.load();
      expect(loaded).toEqual(full);
      expect(history.slice(-events.length)).toEqual(events);
      const { startExecutionId: _s, recentMessageIds: _r, carriedOutbox: _c, ...visible } = full;
      expect(await scene.instances.get(state.instanceId)).toEqual({ ...visible, input: start.event.input });
      await session.release();
    }),

    contractCase("a field that a later checkpoint leaves out is gone", async (scene) => {
      const { session, state } = await begin(scene);
      await session.checkpoint(turnOf(scene, { ...state, customStatus: '"there"' }, []));

      await session.checkpoint(turnOf(scene, state, []));

      expect((await session.load()).state).toEqual(state);
      expect(await scene.instances.get(state.instanceId)).not.toHaveProperty("customStatus");
      await session.release();
    }),

    contractCase("absent stays apart from null, false, 0 and the empty string", async (scene) => {
      const inputs = [undefined, "null", "false", "0", '""'];
      const { session, state } = await begin(scene);

      await session.checkpoint(
        turnOf(
          scene,
          state,
          inputs.map((input, index) => scheduled(scene, index, input)),
        ),
      );

      const { history } = await session.load();
      const stored = history.filter((event) => event.type === "TaskScheduled");
      expect(stored.map(({ input }) => input)).toEqual(inputs);
      expect(stored[0]).not.toHaveProperty("input");
      await session.release();
    }),

    contractCase(
      "what a checkpoint decides is sent once: child, event, timer and parent's completion",
      async (scene) => {
        const parent = {
          name: "parent",
          instanceId: scene.id("parent"),
          executionId: "e".repeat(32),
          taskScheduledId: 7,
        };
        const child = scene.id("child");
        const target = scene.id("target");
        const start = startOf(scene, scene.id(), { parent });
        const { session, state } = await begin(scene, {
          start,
          events: [
            childCreated(scene, 0, child),
            sent(scene, 1, target, '"hello"'),
            completed(scene, '"done"'),
          ],
          state: { status: "Completed", output: '"done"' },
        });
        await session.release();

        const received = await drain(scene, 3);

        expect(received.get(child)).toMatchObject([
          { event: { type: "ExecutionStarted", name: "child", parent: { instanceId: state.instanceId } } },
        ]);
        expect(received.get(target)).toMatchObject([
          { event: { type: "EventRaised", name: "sent", input: '"hello"' } },
        ]);
        expect(received.get(parent.instanceId)).toMatchObject([
          { event: { type: "SubOrchestrationInstanceCompleted", taskScheduledId: 7, result: '"done"' } },
        ]);
        expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
      },
    ),

    contractCase("a message to the instance itself comes to the session that sent it", async (scene) => {
      const { session, state } = await begin(scene);

      await session.checkpoint(turnOf(scene, state, [sent(scene, 0, state.instanceId, '"me"')]));

      expect(await scene.take(session)).toMatchObject([{ event: { name: "sent", input: '"me"' } }]);
      await session.release();
    }),

    contractCase("activities that the worker runs itself are not sent", async (scene) => {
      const { session, state } = await begin(scene);

      await session.checkpoint(
        turnOf(scene, state, manyScheduled(scene, 3), { localActivities: new Set([0, 2]) }),
      );

      const item = await scene.lockActivity();
      expect(item.message.taskScheduledId).toBe(1);
      await item.complete(resultOf(scene, state, 1));
      expect(await scene.lockActivityWithin(300)).toBeUndefined();
      await scene.take(session);
      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));
      await session.release();
    }),

    contractCase("activities that the worker cannot run itself after all are sent then", async (scene) => {
      const { session, state } = await begin(scene);
      const events = manyScheduled(scene, 3);
      await session.checkpoint(turnOf(scene, state, events, { localActivities: new Set([0, 1, 2]) }));

      await session.handOver([activityOf(state, 2)]);

      const item = await scene.lockActivity();
      expect(item.message.taskScheduledId).toBe(2);
      await item.complete(resultOf(scene, state, 2));
      expect(await scene.lockActivityWithin(300)).toBeUndefined();
      await scene.take(session);
      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));
      await session.release();
    }),

    contractCase("what former generations left to send is sent, whatever their event ids", async (scene) => {
      const { session, state } = await begin(scene);
      const target = scene.id("target");
      const formerId = "0".repeat(32);
      const carriedOutbox: Outbox = {
        messages: [eventTo(scene, target, "from before")],
        activities: [{ ...activityOf(state), id: `${formerId}/0`, executionId: formerId }],
      };

      await session.checkpoint(
        turnOf(scene, { ...state, carriedOutbox }, [scheduled(scene, 0)], { localActivities: new Set([0]) }),
      );

      const item = await scene.lockActivity();
      expect(item.message).toEqual(carriedOutbox.activities[0]);
      await item.complete({ ...resultOf(scene, state, 0), executionId: formerId });
      const receiver = await scene.lock();
      expect(receiver.instanceId).toBe(target);
      expect(await scene.take(receiver)).toEqual(carriedOutbox.messages);
      await receiver.release();
      await scene.take(session);
      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));
      await session.release();
      expect(await scene.lockActivityWithin(300)).toBeUndefined();
    }),

    contractCase(
      "messages taken before a checkpoint are acknowledged by it, later ones are not",
      async (scene) => {
        const { session: first, state } = await begin(scene);
        await scene.instances.send(eventTo(scene, state.instanceId, "consumed"));
        await scene.take(first);
        await first.checkpoint(turnOf(scene, state, [raised(scene, 1)]));
        const later = eventTo(scene, state.instanceId, "later");
        await scene.instances.send(later);
        await scene.take(first);
        await first.abandon(scene.clock.now(), "to see what comes back");

        const second = await scene.lock();

        await second.load();
        expect(await scene.take(second)).toEqual([later]);
        await second.release();
        expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
      },
    ),

    contractCase("a checkpoint without messages counts as any other", async (scene) => {
      const { session, state } = await begin(scene);

      await session.checkpoint(turnOf(scene, { ...state, customStatus: "1" }, [raised(scene, 1)]));
      await session.checkpoint(turnOf(scene, { ...state, customStatus: "2" }, [raised(scene, 2)]));
      await session.release();

      expect(await scene.instances.get(state.instanceId)).toMatchObject({ customStatus: "2" });
      expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
    }),

    contractCase("an owner attaches to the version it committed, and loads nothing", async (scene) => {
      const { session: first, state } = await begin(scene);
      const { version } = first;
      await first.release();
      await scene.instances.send(eventTo(scene, state.instanceId, "next"));
      const second = await scene.lock();

      expect(version).toBeDefined();
      expect(second.attach(version ?? {})).toBe(true);

      expect(second.version).toBe(version);
      await scene.take(second);
      await second.checkpoint(turnOf(scene, state, [raised(scene, 1)]));
      expect(second.version).not.toBe(version);
      expect(second.attach(version ?? {})).toBe(false);
      await second.release();
    }),

    contractCase("nobody attaches to another state than the committed one", async (scene) => {
      const { session: first, state } = await begin(scene);
      const stale = first.version ?? {};
      await first.checkpoint(turnOf(scene, state, [raised(scene, 1)]));
      await first.release();
      await scene.instances.send(eventTo(scene, state.instanceId, "next"));
      const second = await scene.lock();

      expect(second.attach(stale)).toBe(false);
      expect(second.attach({})).toBe(false);

      expect((await second.load()).history).toHaveLength(4);
      await scene.take(second);
      await second.release();
    }),

    contractCase("what callers change afterwards does not change what is stored", async (scene) => {
      const start = startOf(scene, scene.id(), { tags: { colour: "red" } });
      const tags: Record<string, string> = { colour: "red" };
      const events = manyRaised(scene, 2);
      await scene.instances.create(start, []);
      const session = await scene.lock();
      await session.load();
      await scene.take(session);
      await commitFirst(scene, session, start, { events, state: { tags } });

      tags["colour"] = "blue";
      events.length = 0;

      const { state, history } = await session.load();
      expect(state?.tags).toEqual({ colour: "red" });
      expect(history).toHaveLength(4);
      await session.release();
    }),

    contractCase("times keep their milliseconds", async (scene) => {
      const at = scene.clock.now() + 123_456_789;
      const { session, state } = await begin(scene, {
        events: [{ type: "TimerCreated", timestamp: at - 1, eventId: 0, fireAt: at }],
        state: { lastUpdatedAt: at },
      });

      const { history } = await session.load();

      expect(history.at(-1)).toEqual({ type: "TimerCreated", timestamp: at - 1, eventId: 0, fireAt: at });
      expect(await scene.instances.get(state.instanceId)).toMatchObject({ lastUpdatedAt: at });
      await session.release();
    }),
  ],
};

function raised(scene: Scene, index: number): HistoryEvent {
  const messageId = scene.id("raised");
  return {
    type: "EventRaised",
    timestamp: scene.clock.now(),
    name: "raised",
    input: String(index),
    messageId,
  };
}

function manyRaised(scene: Scene, count: number): HistoryEvent[] {
  return Array.from({ length: count }, (_, index) => raised(scene, index));
}

function manyScheduled(scene: Scene, count: number): HistoryEvent[] {
  return Array.from({ length: count }, (_, index) => scheduled(scene, index));
}

function childCreated(scene: Scene, eventId: number, instanceId: string): HistoryEvent {
  const timestamp = scene.clock.now();
  return {
    type: "SubOrchestrationInstanceCreated",
    timestamp,
    eventId,
    name: "child",
    instanceId,
    input: "1",
  };
}

function activityOf(
  { instanceId, executionId, name }: InstanceState,
  taskScheduledId = 0,
): Outbox["activities"][number] {
  return {
    id: `${executionId}/${taskScheduledId}`,
    instanceId,
    executionId,
    orchestrationName: name,
    taskScheduledId,
    name: "work",
    attempt: 1,
    firstAttemptId: taskScheduledId,
    scheduledAt: 1,
  };
}

/** The messages of the next `count` sessions, by instance. */
async function drain(scene: Scene, count: number): Promise<Map<string, readonly unknown[]>> {
  const received = new Map<string, readonly unknown[]>();
  while (received.size < count) {
    const session = await scene.lock();
    received.set(session.instanceId, await scene.take(session));
    await session.release();
  }
  return received;
}

function fullStart(scene: Scene): Parameters<typeof startOf>[2] {
  return {
    name: 'naïve <name> & "quotes" 漢字',
    version: "1.2.3-β",
    input: '{"deep":{"__proto__":1}}',
    tags: { "a b": "c=d", team: "shop", empty: "", ünï: "😀" },
    scheduledStartTime: scene.clock.now() + 1,
    parent: { name: "p", instanceId: "parent of it", executionId: "d".repeat(32), taskScheduledId: 0 },
  };
}

function fullState(scene: Scene, state: InstanceState): InstanceState {
  return {
    ...stateOf({ id: "", instanceId: state.instanceId, event: startEventOf(state) }),
    ...state,
    status: "Blocked",
    lastUpdatedAt: scene.clock.now() + 5,
    completedAt: scene.clock.now() + 6,
    customStatus: '{"progress":0.5}',
    output: '"out"',
    failure: {
      errorType: "TypeError",
      errorMessage: "line 1\nline 2\ttab",
      stackTrace: "at x (y:1:2)\n    at z",
      isNonRetriable: true,
      data: '{"code":7}',
      innerFailure: {
        errorType: "Error",
        errorMessage: "",
        innerFailure: { errorType: "E", errorMessage: "deep" },
      },
    },
    startedBy: "its starter",
    notify: { instanceId: "its starter", eventName: "ended" },
    nextTimerAt: scene.clock.now() + 7,
    awaitedEvents: [
      { name: "Größe Ändern", since: scene.clock.now() + 8 },
      { name: "approval", since: scene.clock.now() + 9 },
    ],
    blocked: { kind: "NonDeterminism", message: "m", expected: "TaskScheduled 'a'", actual: "TimerCreated" },
    recentMessageIds: Array.from({ length: 256 }, (_, index) => `${"a".repeat(32)}/${index}`),
  };
}

function startEventOf(state: InstanceState): Parameters<typeof stateOf>[0]["event"] {
  return {
    type: "ExecutionStarted",
    timestamp: state.createdAt,
    executionId: state.executionId,
    name: state.name,
  };
}

/** One event of each type that sends nothing. */
function oneOfEach(scene: Scene): readonly HistoryEvent[] {
  const timestamp = scene.clock.now();
  const failure = { errorType: "E", errorMessage: "m", isNonRetriable: true, data: "1" };
  return [
    { type: "TaskCompleted", timestamp, taskScheduledId: 0, result: "null" },
    { type: "TaskCompleted", timestamp, taskScheduledId: 1 },
    { type: "TaskFailed", timestamp, taskScheduledId: 2, failure },
    { type: "SubOrchestrationInstanceCompleted", timestamp, taskScheduledId: 3, result: "[]" },
    { type: "SubOrchestrationInstanceFailed", timestamp, taskScheduledId: 4, failure },
    { type: "TimerFired", timestamp, timerId: 5, fireAt: timestamp - 1 },
    { type: "TimerCancelled", timestamp, timerId: 6 },
    { type: "TimerCancelled", timestamp, messageId: "m-6", timerId: 7, reason: "by an operator" },
    { type: "EventRaised", timestamp, messageId: "m-1", name: "e v e n t", input: '""' },
    { type: "ExecutionSuspended", timestamp, messageId: "m-2", reason: "why" },
    { type: "ExecutionResumed", timestamp, messageId: "m-3" },
    { type: "ExecutionRewound", timestamp, messageId: "m-4", reason: "again" },
    {
      type: "ExecutionTerminated",
      timestamp,
      messageId: "m-5",
      reason: "https://example.org/x",
      recursive: true,
    },
    {
      type: "ExecutionBlocked",
      timestamp,
      reason: { kind: "UnknownOrchestration", message: "m", expected: "e" },
    },
  ];
}
