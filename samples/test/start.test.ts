/** The samples as a user starts them: real processes, storage of their own, a worker killed in the middle. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { samples } from "../src/all";

const REPOSITORY = path.resolve(__dirname, "../..");
const LIMIT_MS = 120_000; // about 20 s are needed; a busy machine takes longer

/** What it printed, and how it ended. */
interface Ended {
  readonly text: string;
  readonly exitCode: number | null;
}

class Command {
  readonly #child: ChildProcess;
  readonly #end: Promise<Ended>;
  #text = "";

  constructor(file: string, args: readonly string[]) {
    const own = Object.entries(process.env).filter(([name]) => !/^(PERDURE|npm)_/.test(name));
    this.#child = spawn(file, args, {
      cwd: REPOSITORY,
      env: Object.fromEntries(own),
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => (this.#text += chunk));
    }
    this.#end = once(this.#child, "close").then(([exitCode]) => ({
      text: this.#text,
      exitCode: exitCode as number | null,
    }));
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found) return found;
      const end = await Promise.race([once(this.#child.stdout!, "data").then(() => undefined), this.#end]);
      if (end) throw new Error(`It ended with ${end.exitCode} and had printed:\n${end.text}`);
    }
  }

  ended(): Promise<Ended> {
    return this.#end;
  }

  interrupt(): void {
    this.#child.kill("SIGTERM");
  }
}

/** The files of hubs that are left in the data folder. */
function hubFiles(): string[] {
  const folder = path.join(REPOSITORY, ".perdure");
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Of all processes it has named: the emulator and the workers. */
function pidsIn(text: string): number[] {
  return [...text.matchAll(/(?:process|Worker) (\d+)/g)].map(([, pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("npm start", () => {
  it.each([
    { storage: "a file", args: [], described: /^Storage: the file \S+\.perdure$/m },
    { storage: "an emulator", args: ["--azurite"], described: /^Storage: Azurite, process \d+/m },
  ])(
    "with --once runs every sample through a crash on $storage and ends with 0",
    async ({ args, described }) => {
      const before = hubFiles();
      const { text, exitCode } = await new Command("npm", ["start", "--", "--once", ...args]).ended();

      expect(text).toMatch(described);
      expect(text).toMatch(/Worker \d+ was killed \(SIGKILL\), with \d+ instances under way/);
      expect(text).not.toMatch(/FAILED/);
      for (const { name } of samples) expect(text).toContain(`✔ ${name}`);
      expect(exitCode).toBe(0);
      expect(pidsIn(text).filter(isAlive)).toEqual([]);
      expect(hubFiles()).toEqual(before);
    },
    LIMIT_MS,
  );

  it.each([
    { storage: "a file", args: [] },
    { storage: "an emulator", args: ["--azurite"] },
  ])(
    "stops on SIGTERM, and so does all it has started on $storage",
    async ({ args }) => {
      const before = hubFiles();
      const program = ["--require", "./scripts/run-sources.js", "samples/src/main.ts"];
      const command = new Command(process.execPath, [...program, ...args]);
      await command.printed(/Worker \d+ takes work/);

      command.interrupt();
      const { text, exitCode } = await command.ended();

      expect(exitCode).toBe(143);
      expect(pidsIn(text).filter(isAlive)).toEqual([]);
      expect(hubFiles()).toEqual(before);
    },
    LIMIT_MS,
  );
});

describe("npm run two-processes", () => {
  it(
    "runs a worker and a client apart and ends with 0",
    async () => {
      const { text, exitCode } = await new Command("npm", ["run", "two-processes", "-w", "samples"]).ended();

      for (const verb of ["start", "query", "suspend", "raise", "resume", "terminate", "list", "purge"]) {
        expect(text).toMatch(new RegExp(`\\[client \\d+\\] ${verb} `));
      }
      expect(text).toMatch(/\[worker \d+\] stopped with exit code 0/);
      expect(exitCode).toBe(0);
    },
    LIMIT_MS,
  );
});
