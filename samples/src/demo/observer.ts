import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal } from "perdure";
import type { Client, InstanceSnapshot } from "perdure";
import type { Sample } from "../sample";
import type { Board, Row } from "./board";

const LOOK_EVERY_MS = 250;

/** Looks at the hub as any client could, and shows on a board what it sees. */
export class Observer {
  /** As of the last look, in the order of the samples. */
  instances: readonly InstanceSnapshot[] = [];
  readonly #since = new Date();
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(
    private readonly client: Client,
    private readonly samples: readonly Sample[],
    private readonly board: Board,
  ) {}

  start(): void {
    this.#watching = this.watch();
  }

  /** Looks once more, so that the board shows the end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async look(): Promise<readonly InstanceSnapshot[]> {
    const found: InstanceSnapshot[] = [];
    for await (const instance of this.client.list({ createdFrom: this.#since })) found.push(instance);
    const rank = (instance: InstanceSnapshot): number => this.sampleIndex(instance);
    this.instances = found.sort((a, b) => rank(a) - rank(b) || a.createdAt.getTime() - b.createdAt.getTime());
    this.board.show(this.instances.map((instance) => this.row(instance)));
    return this.instances;
  }

  private async watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.look().catch(() => undefined); // storage out of reach: whoever works with it will say so
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.look().catch(() => undefined);
  }

  private row(instance: InstanceSnapshot): Row {
    const { instanceId, name, status, createdAt, completedAt } = instance;
    const end = completedAt ?? new Date();
    return {
      sample: this.samples[this.sampleIndex(instance)]?.name ?? name,
      instanceId,
      status,
      detail: detailOf(instance),
      elapsedMs: Math.max(0, end.getTime() - createdAt.getTime()),
    };
  }

  private sampleIndex({ name }: InstanceSnapshot): number {
    const index = this.samples.findIndex(({ orchestrations }) => orchestrations.some((x) => x.name === name));
    return index < 0 ? this.samples.length : index;
  }
}

/** Why it ended, or what it says of itself while it runs. */
function detailOf({ status, failure, blocked, customStatus }: InstanceSnapshot): string {
  if (isTerminal(status)) return failure?.errorMessage ?? "";
  if (blocked) return blocked.message;
  if (typeof customStatus !== "object" || customStatus === null) return text(customStatus);
  return Object.entries(customStatus)
    .map(([key, value]) => `${words(key)} ${text(value)}`)
    .join(", ");
}

/** `sleepsUntil` becomes `sleeps until`. */
function words(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Times to the minute, other text as it is, and the rest as JSON. */
function text(value: unknown): string {
  if (typeof value !== "string") return value === undefined ? "" : JSON.stringify(value);
  return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):.*Z$/, "$1 $2");
}
