/** Real processes, in a pseudo-terminal or with pipes. They run the sources. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { optional } from "@perdure/core";

const REPOSITORY = path.resolve(__dirname, "../../../..");
export const LOADER = path.join(REPOSITORY, "scripts/run-sources.js");
/** The command line itself. */
export const PROGRAM = path.join(REPOSITORY, "packages/perdure/bin/perdure.js");
/** Several command lines in one process. */
export const DRIVER = path.join(__dirname, "driver.ts");
const LIMIT_MS = 60_000;

type Env = Readonly<Record<string, string>>;

/** Nothing of what the tests were started with but what processes need. */
function cleanEnv(env: Env): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  return { PATH, HOME, ...optional("TMPDIR", TMPDIR), ...env };
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A process whose output is kept, and can be waited for. */
export abstract class TestProcess {
  #text = "";
  #wake: (() => void) | undefined;

  /** What it wrote to standard error, where that is apart. */
  talk = "";

  /** All that it wrote, in the order it came. */
  get text(): string {
    return this.#text;
  }

  abstract readonly end: Promise<ProcessEnd>;
  abstract kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  abstract write(text: string): void;

  /** Resolves with the first match in all that it has written; fails when it ends first, or takes too long. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    let isOver: string | undefined;
    const limit = setTimeout(() => over(`nothing matched ${pattern} in ${LIMIT_MS} ms`), LIMIT_MS);
    const over = (why: string): void => {
      isOver = why;
      this.#wake?.();
    };
    void this.end.then(({ exitCode }) => over(`it ended with ${exitCode}`));
    try {
      for (;;) {
        const found = pattern.exec(this.#text);
        if (found) return found;
        if (isOver !== undefined)
          throw new Error(`Not printed: ${pattern}; ${isOver}. It printed:\n${this.#text}\n${this.talk}`);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(limit);
    }
  }

  protected add(text: string): void {
    this.#text += text;
    this.#wake?.();
  }
}

class PipedProcess extends TestProcess {
  readonly end: Promise<ProcessEnd>;
  readonly #child;
  constructor(script: string, args: readonly string[], cwd: string, env: Env) {
    super();
    this.#child = spawn(process.execPath, ["--require", LOADER, script, ...args], {
      cwd,
      env: cleanEnv(env),
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.add(text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.talk += text;
    });
    this.end = once(this.#child, "close").then(([exitCode, signal]) => ({
      exitCode: exitCode as number | null,
      signal: signal as string | null,
    }));
  }

  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }
}

class TerminalProcess extends TestProcess {
  readonly end: Promise<ProcessEnd>;
  readonly #terminal;

  constructor(script: string, args: readonly string[], cwd: string, env: Env) {
    super();
    this.#terminal = spawnInTerminal(process.execPath, ["--require", LOADER, script, ...args], {
      ...{ cwd, env: cleanEnv({ TERM: "xterm-256color", ...env }), cols: 200, rows: 50 },
    });
    this.#terminal.onData((text) => this.add(text));
    this.end = new Promise((resolve) => {
      this.#terminal.onExit(({ exitCode }) => resolve({ exitCode, signal: null }));
    });
  }

  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    this.#terminal.kill(signal);
  }

  write(text: string): void {
    this.#terminal.write(text);
  }
}

export function piped(script: string, args: readonly string[], cwd: string, env: Env = {}): PipedProcess {
  return new PipedProcess(script, args, cwd, env);
}

export function inTerminal(script: string, args: readonly string[], cwd: string, env: Env = {}): TestProcess {
  return new TerminalProcess(script, args, cwd, env);
}
