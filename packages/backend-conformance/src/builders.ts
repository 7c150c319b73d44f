/** Hand-made messages and checkpoints, as a worker would make them. */
import { deriveId, optional } from "@perdure/core";
import type {
  ActivityMessage,
  Backend,
  Checkpoint,
  HistoryEvent,
  HistoryEventOf,
  InstanceState,
  OrchestrationSession,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import type { Scene } from "./scene";

type Started = HistoryEventOf<"ExecutionStarted">;

/** The start of a top-level instance. Each `generation` of an id is another execution. */
export function startOf(
  scene: Scene,
  instanceId: string,
  details: Partial<Started> & { readonly generation?: number } = {},
): StartMessage {
  const { generation = 0, ...fields } = details;
  const executionId = deriveId(instanceId, "execution", generation);
  return {
    id: `${executionId}/created`,
    instanceId,
    event: {
      type: "ExecutionStarted",
      timestamp: scene.clock.now(),
      executionId,
      name: "conformance",
      ...fields,
    },
  };
}

export function eventTo(
  scene: Scene,
  instanceId: string,
  name: string,
  input?: string,
  visibleAt?: number,
): TaskMessage {
  return {
    id: scene.id("event"),
    instanceId,
    ...optional("visibleAt", visibleAt),
    event: { type: "EventRaised", timestamp: scene.clock.now(), name, ...optional("input", input) },
  };
}

export function stateOf(start: StartMessage, changes: Partial<InstanceState> = {}): InstanceState {
  const { event, instanceId } = start;
  return {
    instanceId,
    executionId: event.executionId,
    startExecutionId: event.executionId,
    name: event.name,
    ...optional("version", event.version),
    status: "Running",
    createdAt: event.timestamp,
    lastUpdatedAt: event.timestamp,
    ...optional("scheduledStartTime", event.scheduledStartTime),
    ...optional("parent", event.parent),
    ...optional("tags", event.tags),
    recentMessageIds: [],
    ...changes,
  };
}

/** A checkpoint of one turn that recorded `events`. */
export function turnOf(
  scene: Scene,
  state: InstanceState,
  events: readonly HistoryEvent[],
  changes: Partial<Checkpoint> = {},
): Checkpoint {
  return {
    state,
    mode: "append",
    events: [{ type: "OrchestratorStarted", timestamp: scene.clock.now() }, ...events],
    localActivities: new Set(),
    cancelledTimers: [],
    ...changes,
  };
}

export function scheduled(scene: Scene, eventId: number, input?: string): HistoryEventOf<"TaskScheduled"> {
  return {
    type: "TaskScheduled",
    timestamp: scene.clock.now(),
    eventId,
    name: "work",
    ...optional("input", input),
  };
}

export function timer(scene: Scene, eventId: number, delayMs: number): HistoryEventOf<"TimerCreated"> {
  const now = scene.clock.now();
  return { type: "TimerCreated", timestamp: now, eventId, fireAt: now + delayMs };
}

export function sent(
  scene: Scene,
  eventId: number,
  instanceId: string,
  input?: string,
): HistoryEventOf<"EventSent"> {
  return {
    type: "EventSent",
    timestamp: scene.clock.now(),
    eventId,
    instanceId,
    name: "sent",
    ...optional("input", input),
  };
}

export function completed(scene: Scene, output?: string): HistoryEventOf<"ExecutionCompleted"> {
  return {
    type: "ExecutionCompleted",
    timestamp: scene.clock.now(),
    status: "Completed",
    ...optional("output", output),
  };
}

/** The result an activity of `state`'s execution sends. */
export function resultOf(
  scene: Scene,
  state: Pick<InstanceState, "instanceId" | "executionId">,
  taskScheduledId: number,
  result?: string,
): TaskMessage {
  const { instanceId, executionId } = state;
  return {
    id: `${executionId}/${taskScheduledId}/result`,
    instanceId,
    executionId,
    event: {
      type: "TaskCompleted",
      timestamp: scene.clock.now(),
      taskScheduledId,
      ...optional("result", result),
    },
  };
}

export interface Begun {
  readonly session: OrchestrationSession;
  readonly state: InstanceState;
  readonly start: StartMessage;
}

/** Creates an instance and commits its first turn, which records `events` besides its start. The session is held. */
export async function begin(
  scene: Scene,
  options: {
    readonly start?: StartMessage;
    readonly events?: readonly HistoryEvent[];
    readonly state?: Partial<InstanceState>;
    readonly checkpoint?: Partial<Checkpoint>;
  } = {},
): Promise<Begun> {
  const start = options.start ?? startOf(scene, scene.id());
  await scene.instances.create(start, []);
  const session = await scene.lock();
  await session.load();
  await scene.take(session);
  return { session, start, state: await commitFirst(scene, session, start, options) };
}

/** Commits the turn that begins the execution. */
export async function commitFirst(
  scene: Scene,
  session: OrchestrationSession,
  start: StartMessage,
  options: {
    readonly events?: readonly HistoryEvent[];
    readonly state?: Partial<InstanceState>;
    readonly checkpoint?: Partial<Checkpoint>;
  } = {},
): Promise<InstanceState> {
  const state = stateOf(start, options.state);
  const started: HistoryEvent = { ...start.event, messageId: start.id };
  const turn = turnOf(scene, state, [started, ...(options.events ?? [])], {
    mode: "replace",
    ...options.checkpoint,
  });
  await session.checkpoint(turn);
  return state;
}

/** Creates an instance that has completed, and lets go of it. */
export async function finished(
  scene: Scene,
  start: StartMessage = startOf(scene, scene.id()),
  output?: string,
): Promise<InstanceState> {
  const end = { status: "Completed" as const, completedAt: scene.clock.now(), ...optional("output", output) };
  const { session, state } = await begin(scene, { start, events: [completed(scene, output)], state: end });
  await session.release();
  return state;
}

/** Lanes in which the processes together run activities. */
const LANES = 8;

/** Runs activities in these processes until `count` different ones have run. Returns every run, repeats too. */
export async function runActivities(
  scene: Scene,
  backends: readonly Backend[],
  count: number,
): Promise<readonly ActivityMessage[]> {
  const ran: ActivityMessage[] = [];
  await scene.within(scene.patienceMs, async (expired) => {
    const done = new AbortController();
    expired.addEventListener("abort", () => done.abort(), { once: true });
    const lane = async ({ activities }: Backend): Promise<void> => {
      for (;;) {
        const [item] = await activities.lockNext(1, done.signal);
        if (!item) return;
        ran.push(item.message);
        if (new Set(ran.map(({ id }) => id)).size >= count) done.abort();
        await item.complete(resultOf(scene, item.message, item.message.taskScheduledId));
      }
    };
    await Promise.all(
      backends.flatMap((backend) =>
        Array.from({ length: Math.ceil(LANES / backends.length) }, () => lane(backend)),
      ),
    );
  });
  return ran;
}
