import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StoragePlace } from "../connection/storage";
import { isReport } from "./messages";
import type { LoadedFiles, Order, Report } from "./messages";

/** How long a process may take to end before it is made to. */
const PATIENCE_MS = 10_000;

export interface CodeProcessOptions {
  readonly file: string;
  readonly place: StoragePlace;
  readonly workingFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether what the user's code prints goes to standard error. */
  readonly isQuiet: boolean;
  readonly onReport: (report: Report) => void;
  /** Not told of an end that was asked for. */
  readonly onUnexpectedEnd: (how: string) => void;
}

/** A process with a worker of the user's code. It knows which files that was loaded from. */
export class CodeProcess {
  /** Paths of all files the user's code consists of, as far as they have been loaded; those of packages too. */
  readonly files = new Set<string>();
  readonly #child: ChildProcess;
  #stopping: Promise<void> | undefined;

  constructor(options: CodeProcessOptions) {
    const { file, place, workingFolder, env, isQuiet, onReport, onUnexpectedEnd } = options;
    this.#child = fork(require.resolve("./worker-process"), {
      cwd: workingFolder,
      env: { ...env, WATCH_REPORT_DEPENDENCIES: "1" },
      stdio: ["ignore", isQuiet ? 2 : "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message: Report | LoadedFiles) => {
      if ("watch:require" in message || "watch:import" in message) this.addFiles(message);
      else if (isReport(message)) onReport(message);
    });
    this.#child.once("exit", (code, signal) => {
      if (!this.#stopping) onUnexpectedEnd(signal ?? `exit code ${code ?? 0}`);
    });
    this.tell({ type: "run", file, place, workingFolder });
  }

  /** Lets it finish its turns and resolves once it is gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.end();
    return this.#stopping;
  }

  private async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.tell({ type: "stop" });
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    await gone;
    clearTimeout(patience);
  }

  private tell(order: Order): void {
    // One that is gone hears nothing; its end is told by its exit.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  private addFiles({ "watch:require": required = [], "watch:import": imported = [] }: LoadedFiles): void {
    for (const file of required) if (file !== null) this.files.add(file);
    for (const url of imported) if (url?.startsWith("file:")) this.files.add(fileURLToPath(url));
  }
}
