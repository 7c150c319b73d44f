/**
 * The user's code in a process of its own, started again when its sources change.
 *
 * - D1 There is one process at a time: the next begins when the former is gone.
 * - D2 A change while one ends or begins leads to one more start.
 * - D3 Code that does not load leaves everything else running; the next change may mend it.
 */
import path from "node:path";
import type { StoragePlace } from "../connection/storage";
import { CodeProcess } from "./code-process";
import type { Report } from "./messages";
import { SourceWatcher } from "./source-watcher";

export interface DevSessionOptions {
  readonly file: string;
  /** Watched, with all in it. */
  readonly root: string;
  readonly place: StoragePlace;
  readonly workingFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether what the user's code prints goes to standard error. */
  readonly isQuiet: boolean;
  readonly onReport: (report: Report) => void;
  readonly onChange: (file: string) => void;
  readonly onUnexpectedEnd: (how: string) => void;
}

export class DevSession {
  readonly #options: DevSessionOptions;
  readonly #watcher: SourceWatcher;
  #process: CodeProcess | undefined;
  /** Whether what runs is whole: then only its own files count. */
  #isRunning = false;
  #restarting: Promise<void> | undefined;
  #isStale = false;
  #isStopped = false;

  constructor(options: DevSessionOptions) {
    this.#options = options;
    this.#watcher = new SourceWatcher(
      options.root,
      (file) => this.concerns(file),
      (file) => {
        options.onChange(path.relative(options.workingFolder, file));
        void this.restart();
      },
    );
  }

  async start(): Promise<void> {
    await this.#watcher.ready();
    await this.restart();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watcher.stop();
    await this.#restarting;
    await this.#process?.stop();
  }

  private restart(): Promise<void> {
    this.#isStale = true;
    this.#restarting ??= this.renew().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  /** D1, D2 */
  private async renew(): Promise<void> {
    while (this.#isStale && !this.#isStopped) {
      this.#isStale = false;
      await this.#process?.stop();
      this.#process = this.begin();
    }
  }

  private begin(): CodeProcess {
    const { file, place, workingFolder, env, isQuiet, onReport, onUnexpectedEnd } = this.#options;
    this.#isRunning = false;
    const started: CodeProcess = new CodeProcess({
      ...{ file, place, workingFolder, env, isQuiet },
      onReport: (report) => {
        if (started !== this.#process) return;
        this.#isRunning = report.type === "running";
        this.#watcher.include(started.files);
        onReport(report);
      },
      onUnexpectedEnd: (how) => {
        this.#isRunning = false;
        onUnexpectedEnd(how);
      },
    });
    return started;
  }

  /** Of code that did not load nobody knows which files it needs: any may be the missing one. */
  private concerns(file: string): boolean {
    const loaded = this.#process?.files;
    if (!this.#isRunning || !loaded || loaded.size === 0) return true;
    return loaded.has(file) || file === this.#options.file;
  }
}
