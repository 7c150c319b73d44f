import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { Client } from "@perdure/client";
import { silentLogger } from "@perdure/core";
import type { RuntimeStatus } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { run } from "../../src/run";
import { fakeSurroundings } from "./fake-surroundings";
import type { FakeOptions, Written } from "./fake-surroundings";
import { breaks, echo, fragile, sleeps, waits } from "./orchestrations";

export interface Ended extends Written {
  readonly exitCode: number;
}

/** A folder with a task hub in its usual place, a worker on it, and a command line in it. */
export class Hub {
  readonly client: Client;
  readonly #backend: EmbeddedBackend;
  readonly #worker: Worker;

  private constructor(
    readonly folder: string,
    backend: EmbeddedBackend,
  ) {
    this.#backend = backend;
    this.client = new Client(backend);
    this.#worker = new Worker(backend, {
      orchestrations: [echo, breaks, waits, sleeps],
      activities: [fragile],
      logger: silentLogger,
    });
  }

  static async start(): Promise<Hub> {
    const folder = await newFolder();
    const backend = new EmbeddedBackend({ path: path.join(folder, ".perdure/PerdureHub.perdure") });
    const hub = new Hub(folder, backend);
    await hub.#worker.start();
    return hub;
  }

  run(args: readonly string[], options: Omit<FakeOptions, "workingFolder"> = {}): Promise<Ended> {
    return runIn(this.folder, args, options);
  }

  /** Resolves once an instance has a status, also when it has ended before. */
  async reached(instanceId: string, status: RuntimeStatus): Promise<void> {
    while ((await this.client.get(instanceId))?.status !== status)
      await this.#backend.instances.waitForChange(instanceId, AbortSignal.timeout(100));
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function newFolder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), "perdure-cli-"));
}

/** A command line in this process. */
export async function runIn(
  workingFolder: string,
  args: readonly string[],
  options: Omit<FakeOptions, "workingFolder"> = {},
): Promise<Ended> {
  const { surroundings, written } = fakeSurroundings({ ...options, workingFolder });
  const exitCode = await run(args, surroundings);
  return { exitCode, ...written };
}
