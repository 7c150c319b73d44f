import { Client } from "@perdure/client";
import type { Explanation, InstanceHandle } from "@perdure/client";
import type {
  Backend,
  Finding,
  HistoryEvent,
  HistoryEventOf,
  InstanceState,
  OrchestrationSession,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import { commitFirst, completed, startOf } from "../builders";
import { runApp } from "../features/app";
import type { App, Code } from "../features/app";
import type { HubOptions } from "../harness";
import { Scene } from "../scene";
import type { Planter, TroubledHub } from "./planter";

/** What has not changed for so long may be called lost. In real time nobody waits for a minute. */
const GRACE_MS = { virtual: 60_000, real: 300 };

/** One hub in trouble, for one row. */
export class Stage {
  readonly scene: Scene;
  readonly planter: Planter;
  /** In milliseconds. A row that has to wait for many of them makes it shorter. */
  graceMs: number;
  #backend: Backend;

  constructor(hub: TroubledHub, time: "virtual" | "real", options: HubOptions) {
    this.scene = new Scene(hub, time, options);
    this.planter = hub.planter;
    this.graceMs = GRACE_MS[time];
    this.#backend = hub.backend;
  }

  get client(): Client {
    return new Client(this.#backend, { clock: this.scene.clock });
  }

  /** An instance whose first turn was committed by hand, and that nobody has looked at since. */
  async begun(
    name: string,
    events: readonly HistoryEvent[],
    state: Partial<InstanceState> = {},
  ): Promise<string> {
    const { scene } = this;
    const start = startOf(scene, scene.id(), { name });
    await scene.instances.create(start, []);
    const session = await scene.lock();
    await session.load();
    await scene.take(session);
    await commitFirst(scene, session, start, { events, state });
    await session.release();
    return start.instanceId;
  }

  /** Completes an instance by hand whose start has been taken. */
  async finish(session: OrchestrationSession, start: TaskMessage | undefined, output: string): Promise<void> {
    if (start?.event.type !== "ExecutionStarted") throw new Error("That is no start.");
    const { scene } = this;
    const end = { status: "Completed" as const, completedAt: scene.clock.now(), output };
    await commitFirst(scene, session, start as StartMessage, {
      events: [completed(scene, output)],
      state: end,
    });
    await session.release();
  }

  /** Has a worker bring an instance to where `isReached` says, and ends the worker. */
  async brought(
    code: Code,
    begin: (app: App) => Promise<InstanceHandle>,
    isReached: (explanation: Explanation) => boolean,
  ): Promise<string> {
    const app = await runApp(this.scene, code);
    const { instanceId } = await begin(app);
    await this.scene.until("the instance to come there", async () =>
      isReached(await app.client.explain(instanceId)),
    );
    await this.scene.listed();
    await app.worker.stop();
    return instanceId;
  }

  /** Ends what works, and has everything lost that is on its way. */
  async lose(): Promise<void> {
    await this.#backend.stop();
    await this.planter.loseMessages();
  }

  rest(): Promise<void> {
    return this.#backend.stop();
  }

  /** Another process begins to work. */
  async work(code: Code): Promise<App> {
    this.#backend = await this.scene.hub.another();
    return runApp(this.scene, code, { backend: this.#backend });
  }

  async doctor(fix = false): Promise<readonly Finding[]> {
    const found: Finding[] = [];
    for await (const finding of this.client.doctor({ fix, grace: this.graceMs })) found.push(finding);
    return found;
  }

  explain(instanceId: string): Promise<Explanation> {
    return this.client.explain(instanceId, { grace: this.graceMs });
  }

  childOf(
    instanceId: string,
    eventId: number,
    name: string,
  ): HistoryEventOf<"SubOrchestrationInstanceCreated"> {
    const timestamp = this.scene.clock.now();
    return { type: "SubOrchestrationInstanceCreated", timestamp, eventId, name, instanceId };
  }
}
