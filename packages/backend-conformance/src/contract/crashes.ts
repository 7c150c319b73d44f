import type { Backend, OrchestrationSession, TaskMessage } from "@perdure/core";
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
  turnOf,
} from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

/** Each case lets the first process die in another gap between two steps; a new one takes over. */
export const crashes: Topic = {
  title: "crashes (B3, B4)",
  cases: [
    contractCase("dead after the lock: the messages come to another process", async (scene) => {
      const start = startOf(scene, scene.id());
      await scene.instances.create(start, []);
      await scene.lock();

      const { session } = await takeOver(scene);

      expect(await scene.take(session)).toEqual([start]);
      expect(await session.load()).toEqual({ history: [] });
      await session.release();
    }),

    contractCase("dead after taking messages: they come to another process, counted", async (scene) => {
      const start = startOf(scene, scene.id());
      await scene.instances.create(start, []);
      const first = await scene.lock();
      await first.load();
      await scene.take(first);

      const { session } = await takeOver(scene);

      expect(await scene.take(session)).toEqual([start]);
      expect(session.deliveryCount).toBeGreaterThanOrEqual(2);
      await session.release();
    }),

    contractCase(
      "dead after a checkpoint: another process finds it, and everything it sent",
      async (scene) => {
        const target = scene.id("target");
        const { state } = await begin(scene, { events: [scheduled(scene, 0), sent(scene, 1, target)] });

        const heir = await succeed(scene);

        expect(await heir.instances.get(state.instanceId)).toMatchObject({ status: "Running" });
        const item = await scene.lockActivity(heir);
        expect(item.message).toMatchObject({ instanceId: state.instanceId, taskScheduledId: 0 });
        await item.complete(resultOf(scene, state, 0));
        const received = await collect(scene, heir, (messages) => {
          const types = messages.map(({ event }) => event.type);
          return types.includes("EventRaised") && types.includes("TaskCompleted");
        });
        expect(idsOf(received, target)).toEqual([`${state.executionId}/1`]);
      },
    ),

    contractCase("dead with an instance that it had started itself: all of it is found", async (scene) => {
      const { session: first } = await begin(scene);
      await first.release();
      await scene.pass(2000); // now the process is sure to own what it sends to, and has nothing else in hand
      const { state } = await begin(scene, { events: [scheduled(scene, 0)], checkpoint: local(0) });

      const { session } = await takeOver(scene);

      expect(session.instanceId).toBe(state.instanceId);
      expect((await session.load()).state).toEqual(state);
      await session.release();
    }),

    contractCase("dead with every message consumed: the instance comes back all the same", async (scene) => {
      const { state } = await begin(scene, { events: [scheduled(scene, 0)], checkpoint: local(0) });

      const { session } = await takeOver(scene);

      expect(session.instanceId).toBe(state.instanceId);
      expect((await session.load()).state).toEqual(state);
      await session.release();
    }),

    contractCase("dead while it ran activities itself: others run them", async (scene) => {
      const events = [scheduled(scene, 0, '"zero"'), scheduled(scene, 1), scheduled(scene, 2)];
      const { state } = await begin(scene, { events, checkpoint: local(0, 2) });

      const { session, heir } = await takeOver(scene);
      expect((await session.load()).state).toEqual(state);

      const ran = await runActivities(scene, [heir], 3);
      expect(new Set(ran.map(({ taskScheduledId }) => taskScheduledId))).toEqual(new Set([0, 1, 2]));
      expect(ran.find(({ taskScheduledId }) => taskScheduledId === 0)).toMatchObject({ input: '"zero"' });
      await session.release();
    }),

    contractCase(
      "dead after the result of its own activity was committed: nobody runs it again",
      async (scene) => {
        const { session: first, state } = await begin(scene, {
          events: [scheduled(scene, 0), scheduled(scene, 1)],
          checkpoint: local(0, 1),
        });
        await first.checkpoint(turnOf(scene, state, [resultOf(scene, state, 0).event]));

        const { session, heir } = await takeOver(scene);
        await session.load();

        const item = await scene.lockActivity(heir);
        expect(item.message.taskScheduledId).toBe(1);
        await item.complete(resultOf(scene, state, 1));
        expect(await scene.lockActivityWithin(300, heir)).toBeUndefined();
        await session.release();
      },
    ),

    contractCase(
      "dead after completion: the instance stays complete and sends nothing new",
      async (scene) => {
        const { state } = await begin(scene, {
          events: [scheduled(scene, 0), completed(scene, '"out"')],
          state: { status: "Completed", output: '"out"' },
          checkpoint: local(0),
        });

        const heir = await succeed(scene);
        await scene.pass(scene.options.lockMs);
        const again = await scene.lockWithin(scene.options.lockMs, heir);
        if (again) await again.load();
        await again?.release();

        expect(await heir.instances.get(state.instanceId)).toMatchObject({
          status: "Completed",
          output: '"out"',
        });
        expect(await heir.instances.getHistory(state.instanceId)).toHaveLength(4);
      },
    ),

    contractCase("dead after release: nothing comes back", async (scene) => {
      const { session, state } = await begin(scene);
      await session.release();
      await scene.pass(1000);

      const heir = await succeed(scene);
      const again = await scene.lockWithin(scene.watchMs, heir);
      const repeats = again ? await messagesOf(again) : [];

      expect(repeats.every(({ event }) => event.type === "ExecutionStarted")).toBe(true); // only what had been acknowledged late
      await again?.release();
      expect(await heir.instances.getHistory(state.instanceId)).toHaveLength(2);
    }),

    contractCase("dead with messages that have arrived but were not taken: all come", async (scene) => {
      const { state } = await begin(scene);
      const messages = Array.from({ length: 5 }, (_, index) =>
        eventTo(scene, state.instanceId, "n", String(index)),
      );
      for (const message of messages) await scene.instances.send(message);

      const heir = await succeed(scene);
      const received = await collect(scene, heir, (all) => idsOf(all, state.instanceId).length >= 5);

      const events = received.filter(({ event }) => event.type === "EventRaised");
      expect(idsOf(events, state.instanceId)).toEqual(ids(messages));
    }),

    contractCase("dead while an activity ran: it is delivered again, counted", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0, '"in"')] });
      await session.release();
      const first = await scene.lockActivity();

      const heir = await succeed(scene);
      const second = await scene.lockActivity(heir);

      expect(second.message).toEqual(first.message);
      expect(second.deliveryCount).toBeGreaterThanOrEqual(2);
      await second.complete(resultOf(scene, state, 0));
    }),

    contractCase(
      "dead after an activity was completed: its result comes, and it does not run again",
      async (scene) => {
        const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
        await session.release();
        const item = await scene.lockActivity();
        const result = resultOf(scene, state, 0, '"done"');
        await item.complete(result);

        const heir = await succeed(scene);
        const received = await collect(scene, heir, (messages) => ids(messages).includes(result.id));

        expect(received.find(({ id }) => id === result.id)).toEqual(result);
        expect(await scene.lockActivityWithin(scene.watchMs, heir)).toBeUndefined();
      },
    ),

    contractCase("three owners in a row die, and the fourth finds everything", async (scene) => {
      const start = startOf(scene, scene.id());
      await scene.instances.create(start, []);
      let owner = scene.backend;
      for (let death = 0; death < 3; death++) {
        const session = await lockInstance(scene, owner, start.instanceId);
        const { state } = await session.load();
        if (state) await session.checkpoint(turnOf(scene, state, [sent(scene, death, state.instanceId)]));
        else {
          await scene.take(session);
          await commitFirst(scene, session, start);
        }
        await scene.hub.crash(owner);
        owner = await scene.hub.another();
        await owner.instances.send(eventTo(scene, start.instanceId, `death ${death}`));
      }

      const session = await lockInstance(scene, owner, start.instanceId);
      const { history } = await session.load();
      const received = new Set(ids(await scene.take(session)));
      await scene.untilDone("both messages", async () => {
        for (const { id } of session.takeMessages()) received.add(id);
        await scene.pass(20);
        return received.has(`${start.event.executionId}/1`) && received.has(`${start.event.executionId}/2`);
      });

      expect(history.filter(({ type }) => type === "EventSent")).toHaveLength(2);
      await session.release();
    }),

    contractCase("a death costs nothing to what other processes hold", async (scene) => {
      const other = await scene.hub.another();
      const { session, state } = await begin(scene);

      await scene.hub.crash(other);
      await scene.pass(2 * scene.options.lockMs);

      expect(session.lost.aborted).toBe(false);
      await session.checkpoint(turnOf(scene, { ...state, customStatus: '"alive"' }, []));
      expect(await scene.instances.get(state.instanceId)).toMatchObject({ customStatus: '"alive"' });
      await session.release();
    }),
  ],
};

function local(...eventIds: readonly number[]): { readonly localActivities: ReadonlySet<number> } {
  return { localActivities: new Set(eventIds) };
}

/** The first process dies and a new one starts. */
async function succeed(scene: Scene): Promise<Backend> {
  await scene.hub.crash(scene.backend);
  return scene.hub.another();
}

/** The first process dies; a new one gets the next session. */
async function takeOver(
  scene: Scene,
): Promise<{ readonly heir: Backend; readonly session: OrchestrationSession }> {
  const heir = await succeed(scene);
  return { heir, session: await scene.lock(heir) };
}

async function lockInstance(
  scene: Scene,
  backend: Backend,
  instanceId: string,
): Promise<OrchestrationSession> {
  const session = await scene.lock(backend);
  expect(session.instanceId).toBe(instanceId);
  return session;
}

async function messagesOf(session: OrchestrationSession): Promise<readonly TaskMessage[]> {
  await session.load();
  return session.takeMessages();
}

/** Consumes whatever comes until `enough`. */
async function collect(
  scene: Scene,
  backend: Backend,
  enough: (messages: readonly TaskMessage[]) => boolean,
): Promise<readonly TaskMessage[]> {
  const messages: TaskMessage[] = [];
  return scene.untilDone("enough messages", async () => {
    const session = await scene.lockWithin(scene.patienceMs, backend);
    if (session) {
      messages.push(...(await messagesOf(session)));
      await session.release();
    }
    return enough(messages) ? messages : undefined;
  });
}

function ids(messages: readonly TaskMessage[]): readonly string[] {
  return messages.map(({ id }) => id);
}

function idsOf(messages: readonly TaskMessage[], instanceId: string): readonly string[] {
  return [...new Set(ids(messages.filter((message) => message.instanceId === instanceId)))];
}
