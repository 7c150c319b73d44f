import type {
  AnyActivity,
  AnyOrchestration,
  Backend,
  LogLevel,
  Logger,
  OrchestrationDefinition,
} from "@perdure/core";
import { Client } from "@perdure/client";
import type { InstanceHandle, InstanceSnapshot, StartOptions } from "@perdure/client";
import { Worker } from "@perdure/worker";
import type { WorkerOptions } from "@perdure/worker";
import type { Scene } from "../scene";

export interface Code {
  readonly orchestrations?: readonly AnyOrchestration[];
  readonly activities?: readonly AnyActivity[];
}

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** Waits a few seconds for what is running when a case ends, not the usual half minute. */
const SHUTDOWN = "2s";

/** One process of the application under test: a worker with code, and a client. */
export class App {
  readonly client: Client;
  readonly worker: Worker;
  readonly logs: LogLine[] = [];

  constructor(
    readonly scene: Scene,
    readonly backend: Backend,
    code: Code,
    options: Partial<WorkerOptions>,
  ) {
    const { clock } = scene;
    const log = (level: LogLevel) => (message: string) => void this.logs.push({ level, message });
    const logger: Logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
    this.client = new Client(backend, { clock });
    this.worker = new Worker(backend, { ...code, clock, logger, shutdownTimeout: SHUTDOWN, ...options });
  }

  /** Starts an instance and waits for its result. */
  async call<TInput, TOutput>(
    orchestration: OrchestrationDefinition<TInput, TOutput>,
    input: TInput,
    options?: StartOptions,
  ): Promise<TOutput> {
    return this.result(await this.start(orchestration, input, options));
  }

  /** As `client.startNew`, with an input always. */
  start<TInput, TOutput>(
    orchestration: OrchestrationDefinition<TInput, TOutput>,
    input: TInput,
    options?: StartOptions,
  ): Promise<InstanceHandle<TOutput>> {
    const start = this.client.startNew.bind(this.client) as (
      definition: OrchestrationDefinition<TInput, TOutput>,
      input: TInput,
      options?: StartOptions,
    ) => Promise<InstanceHandle<TOutput>>;
    return start(orchestration, input, options);
  }

  result<T>(handle: InstanceHandle<T>): Promise<T> {
    return handle.result({ timeout: this.scene.patienceMs });
  }

  end<T>(handle: InstanceHandle<T>): Promise<InstanceSnapshot<T>> {
    return handle.waitForCompletion({ timeout: this.scene.patienceMs });
  }

  /** Waits until the instance says so by its status. */
  until<T>(
    handle: InstanceHandle<T>,
    what: string,
    isReached: (snapshot: InstanceSnapshot<T>) => boolean,
  ): Promise<InstanceSnapshot<T>> {
    return this.scene.until(`${what} of '${handle.instanceId}'`, async () => {
      const snapshot = await handle.tryStatus();
      return snapshot && isReached(snapshot) ? snapshot : undefined;
    });
  }

  /** Waits until the code of the instance has set this custom status. */
  async reaches(handle: InstanceHandle, customStatus: unknown): Promise<void> {
    await this.until(
      handle,
      `custom status ${String(customStatus)}`,
      (snapshot) => snapshot.customStatus === customStatus,
    );
  }
}

/** Starts a process with this code, on the first backend of the hub unless told otherwise. It stops with the case. */
export async function runApp(
  scene: Scene,
  code: Code,
  options: Partial<WorkerOptions> & { readonly backend?: Backend } = {},
): Promise<App> {
  const { backend = scene.backend, ...workerOptions } = options;
  const app = new App(scene, backend, code, workerOptions);
  await app.worker.start();
  scene.onEnd(() => app.worker.stop());
  return app;
}

/** Something a case lets happen when it is time. */
export class Gate {
  readonly #promise: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.#promise = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  /** Resolves once the gate is open, or rejects when `signal` aborts. */
  async pass(signal?: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) => {
      const abort = (): void => reject(new Error("aborted at the gate"));
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
    await Promise.race([this.#promise, aborted]);
  }
}
