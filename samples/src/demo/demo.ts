/**
 * One run of the samples. Two kinds of processes take part: a worker that runs the samples' code, and this one, which
 * is only a client. In the middle the worker is killed and another takes its place.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "perdure";
import type { Backend } from "perdure";
import { deleteHub, openBackend } from "../hub";
import type { Sample } from "../sample";
import type { Board } from "./board";
import { crashInTheMiddle } from "./crash";
import type { Crash } from "./crash";
import { Observer } from "./observer";
import { aborted, exitCodeOf } from "./stop-request";
import type { DemoStorage } from "./storage";
import { crashText, nextText, outcomeText } from "./texts";
import { WorkerProcess } from "./worker-process";

const TIME_LIMIT_MS = 90_000;

/** How one sample ended. */
export type Outcome = { readonly lines: readonly string[] } | { readonly failure: string };

export interface DemoOptions {
  /** End when the samples have ended. */
  readonly once: boolean;
  /** Leave the task hub in storage. */
  readonly keepHub: boolean;
}

export class Demo {
  readonly #backend: Backend;
  readonly #client: Client;
  #worker: WorkerProcess | undefined;

  constructor(
    private readonly storage: DemoStorage,
    private readonly samples: readonly Sample[],
    private readonly board: Board,
  ) {
    this.#backend = openBackend(storage.hub);
    this.#client = new Client(this.#backend);
  }

  /** Resolves with the exit code, once everything that the run has started has ended. */
  async run({ once, keepHub }: DemoOptions, stop: AbortSignal): Promise<number> {
    await this.#backend.createTaskHub();
    try {
      await this.startWorker();
      const isOk = await this.observed((observer) => this.runSamples(observer, stop));
      if (stop.aborted) return exitCodeOf(stop);
      this.board.say(nextText(this.storage, once));
      if (!once) await this.observed(() => this.keepRunning(stop));
      return isOk ? 0 : 1;
    } finally {
      await this.stopWorker();
      if (!keepHub && this.storage.kind !== "emulator") await deleteHub(this.storage.hub, this.#backend);
      await this.#backend.stop();
    }
  }

  /** True when every sample did what it should. */
  private async runSamples(observer: Observer, stop: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const runs = Promise.all(
      this.samples.map(async (sample) => ({ sample, outcome: await this.outcomeOf(sample) })),
    );
    const crash = this.crash(observer, AbortSignal.any([over.signal, stop]));
    // Each may end first: a crash that could not be survived, the samples, or the patience of the user.
    const ended = await Promise.race([runs, crash.then(() => runs), aborted(stop)]);
    over.abort();
    const crashed = await crash;
    if (!ended) return false;

    await observer.stop();
    this.board.settle();
    this.board.say("");
    for (const { sample, outcome } of ended) this.board.say(outcomeText(sample.name, outcome));
    const isOk = ended.every(({ outcome }) => "lines" in outcome);
    this.board.say(crashText(crashed, isOk));
    return isOk;
  }

  private async outcomeOf(sample: Sample): Promise<Outcome> {
    const tooLate = { failure: `has not ended within ${TIME_LIMIT_MS / 1000} s` };
    try {
      return await Promise.race([
        sample.run(this.#client).then((lines) => ({ lines })),
        sleep(TIME_LIMIT_MS, tooLate, { ref: false }),
      ]);
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  }

  private async crash(observer: Observer, over: AbortSignal): Promise<Crash | undefined> {
    const killed = this.#worker;
    if (!killed) return undefined;
    return crashInTheMiddle(observer, killed, () => this.startWorker(), over, this.board);
  }

  private async keepRunning(stop: AbortSignal): Promise<void> {
    const worker = this.#worker;
    await Promise.race([aborted(stop), worker?.ended]);
    if (!stop.aborted) throw new Error(`The worker process ended with ${worker?.exit}.`);
  }

  private async startWorker(): Promise<WorkerProcess> {
    this.#worker = await WorkerProcess.start(this.storage.hub, (line) => this.board.say(line));
    this.board.say(`Worker ${this.#worker.pid} takes work from hub ${this.storage.hub.taskHub}.`);
    return this.#worker;
  }

  /** A worker finishes what it is doing, unless its storage has gone first: Ctrl+C may end both at the same time. */
  private async stopWorker(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    const stopped = worker.stop();
    while (!worker.hasEnded) {
      if (this.storage.hasEnded()) await worker.kill();
      await Promise.race([stopped, sleep(100)]);
    }
  }

  /** Shows what happens during `phase`. */
  private async observed<T>(phase: (observer: Observer) => Promise<T>): Promise<T> {
    const observer = new Observer(this.#client, this.samples, this.board);
    observer.start();
    try {
      return await phase(observer);
    } finally {
      await observer.stop();
    }
  }
}
