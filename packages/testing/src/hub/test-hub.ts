/**
 * A task hub in memory on virtual time, with a worker that can die and a client that cannot. What `TestHost` shows and
 * `explore` drives.
 */
import { randomUUID } from "node:crypto";
import { MemoryBackend, MemoryStore } from "@perdure/backend-memory";
import { Client } from "@perdure/client";
import { isTerminal, systemClock, toError } from "@perdure/core";
import type {
  AnyActivity,
  AnyOrchestration,
  Backend,
  Clock,
  HistoryEvent,
  InstanceState,
  Logger,
  MessageEvent,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import { formatHistory } from "../format-history";
import { Bell } from "../time/bell";
import { RunningActivities } from "../time/running-activities";
import { VirtualTime } from "../time/virtual-time";
import type { Stall } from "../time/virtual-time";
import { ActivityBench } from "./activity-bench";
import { InstanceBlockedError, NeverReachedError, StalledError } from "./errors";
import { ObservedInstances } from "./observed-instances";
import type { Side, StorageOperation } from "./operations";
import { StorageFaults } from "./storage-faults";
import type { WatchedInstance } from "./watched-instance";
import { Watchers } from "./watchers";
import { WorkerProcess } from "./worker-process";

export interface TestHubOptions {
  readonly orchestrations: readonly AnyOrchestration[];
  readonly activities: readonly AnyActivity[];
  readonly mocks: readonly AnyActivity[];
  readonly autoAdvance: boolean;
  readonly startTime: number;
  readonly takeoverMs: number;
  readonly patienceMs: number;
  readonly logger: Logger;
}

/** Events at the end of a history that an error quotes. */
const QUOTED_EVENTS = 5;

export class TestHub {
  readonly client: Client;
  readonly bench: ActivityBench;
  readonly faults = new StorageFaults();
  readonly watchers = new Watchers((error) => this.end(error));
  readonly time: VirtualTime;
  readonly running: RunningActivities;
  /** For code of activities: its sleeps are virtual. */
  readonly clock: Clock;
  /** Called on both sides of each operation of a living worker. It may kill it. */
  onOperation: (operation: StorageOperation, side: Side) => void = () => undefined;
  /** Called with the messages a worker takes. */
  onTaken: (messages: readonly TaskMessage[]) => void = () => undefined;
  readonly #store = new MemoryStore();
  readonly #memory: MemoryBackend;
  readonly #bell = new Bell();
  readonly #stalls = new Set<(error: Error) => void>();
  #ended: Error | undefined;
  #process: WorkerProcess;
  #starting: Promise<void> = Promise.resolve();

  constructor(private readonly options: TestHubOptions) {
    this.running = new RunningActivities(this.#bell);
    this.time = new VirtualTime(this.#bell, () => this.running.holding.length > 0, options);
    this.time.onStall = (stall) => this.tellOfStall(stall);
    this.clock = this.running.clock(this.time.world);
    this.bench = new ActivityBench(options.activities, options.mocks, this.running, this.clock);
    this.#memory = new MemoryBackend({ store: this.#store, clock: this.time.world });
    this.client = new Client(this.clientBackend(), { clock: this.time.waiting });
    this.#process = this.newProcess();
  }

  start(): Promise<void> {
    this.#starting = this.#process.start();
    return this.#starting;
  }

  /** Lets the worker finish what it runs, then ends all of it. May be called twice. */
  async stop(): Promise<void> {
    this.time.drain();
    await this.#starting;
    const stopped = new AbortController();
    const drained = this.#process.stop().finally(() => stopped.abort());
    await Promise.race([drained, systemClock.sleep(this.options.patienceMs, stopped.signal)]);
    this.abandon();
  }

  /** Ends all of it at once, and lets nothing finish. */
  abandon(): void {
    this.#process.die();
    this.time.stop();
    this.running.end();
    this.end(new StalledError("The test host has stopped: nothing can come any more."));
  }

  /** The worker dies at once, another one takes over some time later. */
  crash(): void {
    this.#process.die();
    const next = (this.#process = this.newProcess());
    this.#starting = this.time.world.sleep(this.options.takeoverMs).then(() => next.start());
  }

  history(instanceId: string): Promise<readonly HistoryEvent[]> {
    return this.#memory.instances.getHistory(instanceId);
  }

  /** Starts an instance under ids that are the same in every hub. */
  create(message: StartMessage): Promise<void> {
    return this.#memory.instances.create(message, []);
  }

  /** Delivers a message now, whatever faults there are. */
  deliver(message: TaskMessage): void {
    void this.#memory.instances.send(message);
  }

  tell(instanceId: string, event: MessageEvent): void {
    this.deliver({ id: randomUUID(), instanceId, event });
  }

  /**
   * Resolves with the first state that is as wanted; time passes meanwhile.
   *
   * @throws NeverReachedError when the instance ends first, InstanceBlockedError, StalledError.
   */
  reached(instanceId: string, isWanted: (instance: WatchedInstance) => boolean): Promise<WatchedInstance> {
    let end: (() => void) | undefined;
    const reached = new Promise<WatchedInstance>((resolve, reject) => {
      const judge = (instance: WatchedInstance): boolean => {
        if (instance.instanceId !== instanceId) return false;
        if (isWanted(instance)) resolve(instance);
        else if (isTerminal(instance.status)) reject(endedInstead(instance));
        else if (instance.status === "Blocked")
          reject(new InstanceBlockedError(instanceId, instance.blocked));
        else return false;
        return true;
      };
      const unwatch = this.watchers.watch((instance) => {
        try {
          return judge(instance);
        } catch (error) {
          reject(toError(error)); // thrown by the predicate
          return true;
        }
      });
      this.rejectAtStall(reject);
      end = () => {
        unwatch();
        this.#stalls.delete(reject);
      };
    });
    return this.time.during(reached.finally(() => end?.()));
  }

  /** As the promise, but rejects when time can move no more. */
  async untilStalled(promise: Promise<void>): Promise<void> {
    const settled = new AbortController();
    try {
      await Promise.race([promise, this.untilStall(settled.signal)]);
    } finally {
      settled.abort();
    }
  }

  private newProcess(): WorkerProcess {
    return new WorkerProcess({
      store: this.#store,
      clock: this.time.world,
      orchestrations: this.options.orchestrations,
      bench: this.bench,
      logger: this.options.logger,
      observer: {
        around: (operation, side, instanceId) => {
          this.#bell.ring();
          this.onOperation(operation, side);
          this.faults.apply(operation, side, instanceId);
        },
        committed: (state: InstanceState) => this.watchers.committed(state),
        taken: (messages) => this.onTaken(messages),
      },
    });
  }

  private clientBackend(): Backend {
    const memory = this.#memory;
    const observer = {
      around: async (operation: StorageOperation, side: Side, instanceId: string | undefined) => {
        this.#bell.ring();
        this.faults.apply(operation, side, instanceId);
        return Promise.resolve();
      },
    };
    return {
      orchestrations: memory.orchestrations,
      activities: memory.activities,
      instances: new ObservedInstances(memory.instances, observer, (signal) => this.untilStall(signal)),
      deadLetters: memory.deadLetters,
      createTaskHub: () => memory.createTaskHub(),
      deleteTaskHub: () => memory.deleteTaskHub(),
      start: () => memory.start(),
      stop: () => memory.stop(),
    };
  }

  private untilStall(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.rejectAtStall(reject);
      signal.addEventListener("abort", () => this.#stalls.delete(reject), { once: true });
    });
  }

  private async tellOfStall(stall: Stall): Promise<void> {
    const error = new StalledError(await this.explain(stall));
    this.rejectWaits(error);
  }

  /** All waits fail from now on. */
  private end(error: Error): void {
    this.#ended ??= error;
    this.rejectWaits(error);
  }

  private rejectAtStall(reject: (error: Error) => void): void {
    if (this.#ended) reject(this.#ended);
    else this.#stalls.add(reject);
  }

  private rejectWaits(error: Error): void {
    for (const reject of [...this.#stalls]) reject(error);
    this.#stalls.clear();
  }

  private async explain(stall: Stall): Promise<string> {
    if (stall === "activity runs") {
      return [
        `Time stands still: for ${this.options.patienceMs} ms of real time nothing has happened but that these run: ${this.running.holding.join("; ")}.`,
        "Mock an activity that is never to end with mockNever, let it sleep with host.sleep, or raise 'patience'.",
      ].join(" ");
    }
    const open = this.watchers.latest.filter(({ status }) => !isTerminal(status));
    const stories = await Promise.all(open.map((instance) => this.story(instance)));
    return [
      "Nothing is due, so what is waited for cannot come. An event that nobody raises, perhaps.",
      ...stories,
    ].join("\n");
  }

  private async story({ instanceId, name, status, blocked }: WatchedInstance): Promise<string> {
    const history = await this.history(instanceId);
    const reason = blocked ? `: ${blocked.message}` : "";
    return [
      `'${instanceId}' (${name}) is ${status}${reason}. Its history ends with`,
      formatHistory(history.slice(-QUOTED_EVENTS)),
    ].join("\n");
  }
}

function endedInstead({ instanceId, status, failure }: WatchedInstance): NeverReachedError {
  const reason = failure ? `: ${failure.errorMessage}` : "";
  return new NeverReachedError(`Instance '${instanceId}' is ${status}${reason}, and never was as wanted.`);
}
