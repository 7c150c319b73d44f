import { setTimeout as sleep } from "node:timers/promises";
import { performance } from "node:perf_hooks";
import { defineOrchestration } from "perdure";
import type { Client, OrchestrationDefinition } from "perdure";
import { closedLoop } from "./closed-loop";
import { assertEqual, counted } from "./workload";

interface Sleep {
  readonly index: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

const NAME = "sleeper";
const IN_FLIGHT = 100;
const LOOK_AGAIN_MS = 20;
/** Nothing that works takes as long to make a step. */
const STUCK_AFTER_MS = 120_000;

/**
 * Many orchestrations that sleep, each until a moment of its own, and when their code went on. The moments are noted by
 * the code itself, which runs in this process; the results are read from storage.
 */
export class Sleepers {
  readonly orchestration: OrchestrationDefinition<Sleep, number>;
  #asleep = 0;
  #awake = 0;
  /** Milliseconds from the moment it was due until the code went on; NaN while it sleeps. */
  readonly #lateness: Float64Array;
  readonly #isAsleep: Uint8Array;

  constructor(readonly count: number) {
    this.#lateness = new Float64Array(count).fill(Number.NaN);
    this.#isAsleep = new Uint8Array(count);
    const fellAsleep = this.fellAsleep.bind(this);
    const wokeUp = this.wokeUp.bind(this);
    this.orchestration = defineOrchestration(NAME, function* (ctx, { index, until }: Sleep) {
      fellAsleep(index);
      yield* ctx.createTimer(new Date(until));
      wokeUp(index, until);
      return index;
    });
  }

  /** Resolves with the seconds until every start was durable, and until every one had come to its timer. */
  async start(
    client: Client,
    until: (index: number) => number,
  ): Promise<{ readonly startedIn: number; readonly asleepIn: number }> {
    const begunAt = performance.now();
    const { elapsedMs } = await closedLoop(this.count, IN_FLIGHT, async (index) => {
      const input = { index, until: until(index) };
      await client.startNew(this.orchestration, input, { instanceId: idOf(index) });
    });
    await this.reach(() => this.#asleep, "has come to its timer");
    return { startedIn: elapsedMs / 1000, asleepIn: (performance.now() - begunAt) / 1000 };
  }

  /** Resolves with how late each went on, once all have. */
  async awake(): Promise<readonly number[]> {
    await this.reach(() => this.#awake, "has gone on after its timer");
    return [...this.#lateness];
  }

  /** @throws when one is not stored as completed with its own index. */
  async assertCompleted(client: Client): Promise<void> {
    await closedLoop(this.count, IN_FLIGHT, async (index) => {
      const instance = client.instance(idOf(index), this.orchestration);
      assertEqual("A sleeper returned", await instance.result({ timeout: "2m" }), index);
    });
  }

  /** @throws when one is not stored as running. */
  async assertAsleep(client: Client): Promise<void> {
    await closedLoop(this.count, IN_FLIGHT, async (index) => {
      const { status } = await client.instance(idOf(index)).waitForStart({ timeout: "2m" });
      assertEqual("A sleeper is", status, "Running");
    });
  }

  private fellAsleep(index: number): void {
    if (this.#isAsleep[index]) return; // a replay
    this.#isAsleep[index] = 1;
    this.#asleep++;
  }

  private wokeUp(index: number, until: number): void {
    if (!Number.isNaN(this.#lateness[index])) return; // the turn was repeated
    this.#lateness[index] = Date.now() - until;
    this.#awake++;
  }

  /** Resolves once there are as many as sleepers. @throws when nothing has changed for long. */
  private async reach(look: () => number, what: string): Promise<void> {
    let before = -1;
    let movedAt = performance.now();
    for (;;) {
      const now = look();
      if (now === this.count) return;
      if (now !== before) movedAt = performance.now();
      before = now;
      if (performance.now() - movedAt > STUCK_AFTER_MS)
        throw new Error(`Of ${counted(this.count)} sleepers only ${counted(now)} ${what}.`);
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

function idOf(index: number): string {
  return `sleeper-${index}`;
}
