/** Starts orchestrations and raises their events while workers die, and keeps account of which have ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, InstanceHandle, TerminalStatus } from "perdure";
import { Gate } from "./gate";
import type { Random } from "./random";
import { planRun } from "./scenarios";
import type { Driven, Run } from "./scenarios";

const FINISHED: readonly TerminalStatus[] = ["Completed", "Failed", "Terminated"];

export class Load {
  readonly runs: Run[] = [];
  readonly faults: string[] = [];
  readonly #drives = new Set<Promise<void>>();

  constructor(
    private readonly client: Client,
    private readonly random: Random,
    private readonly giveUp: AbortController,
    private readonly gate = new Gate(),
    private readonly plan: (number: number, random: Random) => Run = planRun,
  ) {}

  /** Starts runs, `pauseMs` apart on average, as long as `wantsMore` says so. */
  async start(pauseMs: number, wantsMore: () => boolean): Promise<void> {
    while (wantsMore() && !this.signal.aborted) {
      await this.startRun(this.plan(this.runs.length, this.random));
      await sleep(this.random.next() * 2 * pauseMs, undefined, { signal: this.signal }).catch(
        () => undefined,
      );
    }
  }

  async startRun(run: Run): Promise<void> {
    this.runs.push(run);
    try {
      const instance = await this.gate.pass(() =>
        this.client.startNew(run.name, run.input, { instanceId: run.instanceId }),
      );
      if (run.drive) this.keep(this.drive(run.drive, instance));
    } catch (error) {
      this.faults.push(`${run.instanceId} could not be started: ${String(error)}`);
    }
  }

  /** Resolves once every run has ended, and gives up when none has for `stuckAfterMs`. */
  async finished(stuckAfterMs: number): Promise<void> {
    let unfinished = (await this.unfinished()).length;
    let changedAt = Date.now();
    while (unfinished > 0 && !this.signal.aborted) {
      await sleep(1000, undefined, { signal: this.signal }).catch(() => undefined); // the loop looks
      const before = unfinished;
      unfinished = (await this.unfinished()).length;
      if (unfinished !== before) changedAt = Date.now();
      else if (Date.now() - changedAt > stuckAfterMs) this.giveUp.abort();
    }
    await Promise.all(this.#drives);
  }

  /** By the listing, which costs one request for many instances. */
  async unfinished(): Promise<readonly Run[]> {
    const ended = new Set<string>();
    for await (const page of this.client.list({ status: FINISHED }).byPage({ pageSize: 1000 })) {
      for (const { instanceId } of page.instances) ended.add(instanceId);
    }
    return this.runs.filter(({ instanceId }) => !ended.has(instanceId));
  }

  private get signal(): AbortSignal {
    return this.giveUp.signal;
  }

  private async drive(drive: NonNullable<Run["drive"]>, instance: InstanceHandle): Promise<void> {
    try {
      await drive(this.gated(instance), this.signal);
    } catch (error) {
      if (!this.signal.aborted)
        this.faults.push(`${instance.instanceId} could not be sent its events: ${String(error)}`);
    }
  }

  private gated(instance: InstanceHandle): Driven {
    return {
      status: () => this.gate.pass(() => instance.status()),
      raiseEvent: (event, payload) => this.gate.pass(() => instance.raiseEvent(event, payload)),
    };
  }

  private keep(drive: Promise<void>): void {
    const kept = drive.finally(() => this.#drives.delete(kept));
    this.#drives.add(kept);
  }
}
