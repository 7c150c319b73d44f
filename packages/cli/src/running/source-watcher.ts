import { realpathSync } from "node:fs";
import path from "node:path";
import { watch } from "chokidar";
import type { FSWatcher } from "chokidar";

const CODE = /\.([cm]?[jt]sx?|json)$/;
const QUIET_MS = 100;

/** Tells of changes to source files, some time after the last of several that come together. */
export class SourceWatcher {
  readonly #watcher: FSWatcher;
  readonly #root: string;
  readonly #isOfInterest: (file: string) => boolean;
  readonly #onChange: (file: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param root The folder to watch, with all folders in it but those of packages and those with a leading dot. */
  constructor(root: string, isOfInterest: (file: string) => boolean, onChange: (file: string) => void) {
    this.#root = realpathSync(root);
    this.#isOfInterest = isOfInterest;
    this.#onChange = onChange;
    this.#watcher = watch(this.#root, { ignored: (file) => this.isIgnored(file), ignoreInitial: true });
    this.#watcher.on("all", (_event, file) => this.changed(file));
  }

  /** Resolves once no change is missed any more. */
  async ready(): Promise<void> {
    await new Promise<void>((resolve) => this.#watcher.once("ready", resolve));
  }

  /** Watches files outside of the folder too, unless they are of packages. */
  include(files: Iterable<string>): void {
    const outside = [...files].filter(
      (file) => !this.isInside(file) && !file.includes(`${path.sep}node_modules${path.sep}`),
    );
    if (outside.length > 0) this.#watcher.add(outside);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }

  private changed(file: string): void {
    if (!CODE.test(file) || !this.#isOfInterest(file)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onChange(file), QUIET_MS);
  }

  private isIgnored(file: string): boolean {
    if (!this.isInside(file)) return false;
    return path
      .relative(this.#root, file)
      .split(path.sep)
      .some((part) => part === "node_modules" || part.startsWith("."));
  }

  private isInside(file: string): boolean {
    return file === this.#root || file.startsWith(this.#root + path.sep);
  }
}
