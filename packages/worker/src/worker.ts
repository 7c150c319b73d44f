import { setMaxListeners } from "node:events";
import { httpCode } from "@perdure/call-http";
import type { HttpOptions } from "@perdure/call-http";
import { InvalidArgumentError, Registry, durationMs, systemClock } from "@perdure/core";
import type { AnyActivity, AnyOrchestration, Backend, Clock, Duration, Logger } from "@perdure/core";
import { scheduleCode, timeZones } from "@perdure/schedules";
import { ActivityDispatcher } from "./activity-dispatcher";
import { ActivityRunner } from "./activity-runner";
import { LiveInstances } from "./live-instances";
import { createLogger } from "./logger";
import { OrchestrationDispatcher } from "./orchestration-dispatcher";
import { Semaphore } from "./semaphore";
import { TimerLateness } from "./timer-lateness";
import type { TimerLatenessReport } from "./timer-lateness";

export interface WorkerOptions {
  readonly orchestrations?: readonly AnyOrchestration[];
  readonly activities?: readonly AnyActivity[];
  /** Activities that run at a time. Default: 100. */
  readonly maxConcurrentActivities?: number;
  /** Turns that run or commit at a time; waiting instances do not count. Default: 100, or what suits the backend. */
  readonly maxConcurrentTurns?: number;
  /** Executions kept in memory between turns; others are replayed when they wake. Default: 10,000. */
  readonly maxLiveInstances?: number;
  /** Memory for them, in bytes, by estimate. Default: 64 MiB. */
  readonly maxLiveBytes?: number;
  /** How long `stop` lets running activities finish before they are aborted and given back. Default: 30 s. */
  readonly shutdownTimeout?: Duration;
  /** Secrets and tokens that `callHttp` may send. */
  readonly http?: HttpOptions;
  /** Default: warnings and errors as JSON lines on standard error. */
  readonly logger?: Logger;
  /** Default: the backend's, else the machine's. */
  readonly clock?: Clock;
}

/** Runs orchestrations and activities of one task hub. One worker per backend object. */
export class Worker {
  readonly #backend: Backend;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lateness = new TimerLateness();
  readonly #options: {
    activities: number;
    turns: number;
    live: number;
    liveBytes: number;
    shutdownMs: number;
  };
  #run:
    | { readonly stopping: AbortController; readonly stopped: AbortController; readonly done: Promise<void> }
    | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws DuplicateRegistrationError, InvalidDefinitionError, InvalidArgumentError */
  constructor(backend: Backend, options: WorkerOptions) {
    this.#backend = backend;
    this.#clock = options.clock ?? backend.clock ?? systemClock;
    const { orchestrations = [], activities = [], http = {} } = options;
    this.#registry = new Registry(
      [...orchestrations, ...scheduleCode.orchestrations],
      [
        ...activities,
        ...scheduleCode.activities,
        ...httpCode(http, this.#clock).activities.filter(({ name }) => !isNamed(name, activities)),
      ],
      timeZones,
    );
    this.#logger = options.logger ?? createLogger();
    this.#options = {
      activities: count(options.maxConcurrentActivities ?? 100, "maxConcurrentActivities"),
      turns: count(
        options.maxConcurrentTurns ?? backend.orchestrations.suitableTurns ?? 100,
        "maxConcurrentTurns",
      ),
      live: count(options.maxLiveInstances ?? 10_000, "maxLiveInstances"),
      liveBytes: count(options.maxLiveBytes ?? 64 * 1024 * 1024, "maxLiveBytes"),
      shutdownMs: durationMs(options.shutdownTimeout ?? "30s", "shutdownTimeout"),
    };
  }

  /** How late timers came to their turn, of all this worker has fired. */
  get timerLateness(): TimerLatenessReport {
    return this.#lateness.report;
  }

  /** Creates the task hub if need be and starts taking work. Does nothing when running. */
  start(): Promise<void> {
    if (this.#run) return Promise.resolve();
    this.#starting ??= this.begin().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /**
   * Takes no more work, lets what runs finish, gives back the rest. May be called first and twice.
   * After the shutdown timeout running activities are aborted and given back.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.end().finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  private async begin(): Promise<void> {
    await this.#backend.createTaskHub();
    await this.#backend.start();
    const stopping = new AbortController();
    const stopped = new AbortController();
    setMaxListeners(0, stopping.signal, stopped.signal); // every session and activity in hand listens
    this.#run = { stopping, stopped, done: this.dispatch(stopping.signal, stopped.signal) };
  }

  private async end(): Promise<void> {
    await this.#starting?.catch(() => undefined); // a failed start leaves nothing to stop but the backend
    const run = this.#run;
    this.#run = undefined;
    if (run) {
      run.stopping.abort();
      const drained = new AbortController();
      void this.#clock.sleep(this.#options.shutdownMs, drained.signal).then(() => {
        if (!drained.signal.aborted) run.stopped.abort();
      });
      await run.done;
      drained.abort();
    }
    await this.#backend.stop();
  }

  private async dispatch(stopping: AbortSignal, stopped: AbortSignal): Promise<void> {
    const activitySlots = new Semaphore(this.#options.activities);
    const stopListeners = new Set<() => void>();
    for (const signal of [stopping, stopped])
      signal.addEventListener("abort", () => {
        for (const listener of [...stopListeners]) listener();
      });
    const runner = new ActivityRunner(this.#registry, this.#clock, this.#logger);
    const activities = new ActivityDispatcher(
      this.#backend.activities,
      runner,
      activitySlots,
      this.#clock,
      this.#logger,
    );
    const orchestrations = new OrchestrationDispatcher(this.#backend.orchestrations, {
      registry: this.#registry,
      clock: this.#clock,
      logger: this.#logger,
      instances: this.#backend.instances,
      runner,
      activitySlots,
      turnSlots: new Semaphore(this.#options.turns),
      live: new LiveInstances(this.#options.live, this.#options.liveBytes),
      lateness: this.#lateness,
      stopping,
      stopped,
      stopListeners,
    });
    await Promise.all([orchestrations.run(), activities.run(stopping, stopped)]);
  }
}

/** Whether there is one already: whoever registers it sends the requests of `callHttp` in another way, or not at all. */
function isNamed(name: string, activities: readonly AnyActivity[]): boolean {
  return activities.some((activity) => (activity as AnyActivity | undefined)?.name === name);
}

function count(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(`${what} is ${value}: give a whole number of 1 or more.`);
}
