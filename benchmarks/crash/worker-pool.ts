import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readDeathNote } from "./embedded/deaths";
import type { Death } from "./embedded/deaths";
import type { Random } from "./random";
import type { WorkerConfig } from "./run-worker";

/** The death of a worker process at our hands, or at its own by our plan. */
export interface Kill {
  readonly workerId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Set when it was planned. */
  readonly death?: Death;
}

/** A time in which a worker process did nothing. */
export interface Pause {
  readonly workerId: string;
  /** Milliseconds since the epoch, as is `until`. */
  readonly at: number;
  readonly until: number;
}

interface WorkerProcess {
  readonly workerId: string;
  readonly child: ChildProcess;
  isUp: boolean;
}

export interface PoolOptions {
  /** How Node is to run worker processes. Default: as it runs this one. */
  readonly execArgv?: readonly string[];
  /** How a worker process is to kill itself, if it is. */
  readonly planDeath?: () => Death | undefined;
  /** Told when a worker process has been killed and is gone, before another takes its place. */
  readonly onDeath?: () => void;
}

const STOP_TIMEOUT_MS = 45_000;

/** A number of worker processes; one that is killed is replaced at once by a new one. */
export class WorkerPool {
  readonly kills: Kill[] = [];
  /** Workers that ended by themselves: none should. */
  readonly faults: string[] = [];
  readonly #processes = new Set<WorkerProcess>();
  #started = 0;
  #isStopping = false;

  /**
   * @param program What each process runs.
   * @param onFault Told when a worker has ended by itself.
   */
  constructor(
    private readonly program: string,
    private readonly config: Omit<WorkerConfig, "workerId">,
    private readonly onFault: () => void,
    private readonly options: PoolOptions = {},
  ) {}

  /** Worker processes started so far, replacements included. */
  get started(): number {
    return this.#started;
  }

  start(count: number): void {
    for (let i = 0; i < count; i++) this.startOne();
  }

  /** Whether every worker has started taking work. */
  get allUp(): boolean {
    return this.up === this.#processes.size;
  }

  /** How many workers have started taking work. */
  get up(): number {
    return [...this.#processes].filter(({ isUp }) => isUp).length;
  }

  /** Kills one of the workers with SIGKILL. */
  killOne(random: Random): void {
    if (this.#processes.size === 0) return; // all have ended by themselves, which is a fault
    const victim = random.pick([...this.#processes]);
    victim.isUp = false;
    this.kills.push({ workerId: victim.workerId, at: Date.now() });
    victim.child.kill("SIGKILL");
  }

  /** Stops one of the workers with SIGSTOP, for a time, and resolves when it goes on. */
  async pauseOne(random: Random, pauseMs: number): Promise<Pause | undefined> {
    const running = [...this.#processes].filter(({ isUp }) => isUp);
    if (running.length === 0) return undefined;
    const { workerId, child } = random.pick(running);
    child.kill("SIGSTOP");
    const at = Date.now();
    await sleep(pauseMs);
    child.kill("SIGCONT");
    return { workerId, at, until: Date.now() };
  }

  /** For the end of the driver: a process that is paused does not see that its driver is gone. */
  killAll(): void {
    this.#isStopping = true;
    for (const { child } of this.#processes) child.kill("SIGKILL");
  }

  /** Lets every worker finish and hand back what it has. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#processes].map((each) => this.stopOne(each)));
  }

  private startOne(): void {
    const workerId = `worker-${(++this.#started).toString().padStart(3, "0")}`;
    const death = this.options.planDeath?.();
    const config: WorkerConfig = { ...this.config, workerId, ...(death ? { death } : {}) };
    const errors = openSync(path.join(config.folder, `${workerId}.log`), "a");
    const child = fork(this.program, [JSON.stringify(config)], {
      stdio: ["ignore", "ignore", errors, "ipc"],
      ...(this.options.execArgv ? { execArgv: [...this.options.execArgv] } : {}),
    });
    closeSync(errors);
    const process: WorkerProcess = { workerId, child, isUp: false };
    this.#processes.add(process);
    child.once("message", () => (process.isUp = true));
    child.once("exit", (code, signal) => this.ended(process, code, signal));
  }

  private ended(process: WorkerProcess, code: number | null, signal: NodeJS.Signals | null): void {
    this.#processes.delete(process);
    const { workerId } = process;
    const how = signal ?? `exit code ${code ?? "?"}`;
    const isKilled = this.hasBeenKilled(workerId) || (signal === "SIGKILL" && this.hasKilledItself(workerId));
    if (isKilled) this.options.onDeath?.();
    if (this.#isStopping) {
      if (code !== 0 && !isKilled) this.faults.push(`${workerId} did not stop as it should: ${how}.`);
    } else if (isKilled) this.startOne();
    else {
      this.faults.push(`${workerId} ended by itself: ${how}.`);
      this.onFault();
    }
  }

  private hasBeenKilled(workerId: string): boolean {
    return this.kills.some((kill) => kill.workerId === workerId);
  }

  private hasKilledItself(workerId: string): boolean {
    const note = readDeathNote(this.config.folder, workerId);
    if (note) this.kills.push({ workerId, ...note });
    return note !== undefined;
  }

  private async stopOne({ child }: WorkerProcess): Promise<void> {
    const exited = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.send("stop", () => undefined); // a process that is gone already has nothing to stop
    await exited;
    clearTimeout(timer);
  }
}
