import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { HubAddress } from "../hub";
import { environmentOf } from "../hub";

const FILE = path.join(__dirname, "../two-processes/worker.ts");

/** What `two-processes/worker.ts` tells the process that started it. */
export type WorkerReport = { readonly ready: true } | { readonly failed: string };

/** A worker in a process of its own, so that it can really crash. It ends, in good order, when this process does. */
export class WorkerProcess {
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, "exit").then(() => undefined);
  }

  /**
   * Resolves when the worker takes work.
   *
   * @param say Gets what the worker writes to standard error, line by line.
   */
  static async start(hub: HubAddress, say: (line: string) => void): Promise<WorkerProcess> {
    const child = fork(FILE, {
      env: { ...process.env, ...environmentOf(hub) },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const worker = new WorkerProcess(child);
    if (child.stderr) {
      createInterface(child.stderr).on("line", (line) => say(`worker ${worker.pid}: ${readable(line)}`));
    }
    const report = await Promise.race([
      once(child, "message").then(([message]) => message as WorkerReport),
      worker.ended.then(() => ({ failed: `ended with ${worker.exit}` })),
    ]);
    if ("ready" in report) return worker;
    await worker.ended;
    throw new Error(`The worker process could not start: ${report.failed}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.exit !== undefined;
  }

  /** How it ended: an exit code or the name of a signal. */
  get exit(): number | string | undefined {
    return this.#child.signalCode ?? this.#child.exitCode ?? undefined;
  }

  /** The crash: no code of the worker gets to run any more. */
  async kill(): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** Lets the worker finish what it is doing. */
  async stop(): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGTERM");
    await this.ended;
  }
}

/** The message of a log line in JSON, or the line as it is. */
function readable(line: string): string {
  try {
    return (JSON.parse(line) as { readonly msg?: string }).msg ?? line;
  } catch {
    return line;
  }
}
