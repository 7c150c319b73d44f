/** What runs between `start` and `stop`: timers, ownership, what comes from other processes, and who waits for work. */
import { Wakeups } from "@perdure/core";
import type { ActivityWorkItem, Clock, OrchestrationSession } from "@perdure/core";
import type { Key } from "../file/keys";
import type { OwnedPartition } from "../work/owned-partition";
import type { Ownership } from "../work/ownership";
import type { Services } from "../work/services";
import { SessionSource } from "../work/session-source";
import { WorkItems } from "../work/work-items";

/** How long to wait for more after the bell has rung. */
const GATHER_MS = 1;
/** Timers fired before other work has its turn. */
const TIMERS_AT_A_TIME = 500;

export class Engine {
  readonly #ending = new AbortController();
  readonly #rings = new Wakeups();
  readonly #sessions: SessionSource;
  readonly #items: WorkItems;
  #loops: Promise<unknown> | undefined;
  #isRung = false;
  readonly #onRing = (): void => {
    this.#isRung = true;
    this.#rings.notify();
  };

  constructor(
    private readonly services: Services,
    private readonly ownership: Ownership,
    /** Told of what failed and will be tried again. */
    private readonly onError: (what: string, error: unknown) => void,
  ) {
    this.#sessions = new SessionSource(services, (partition) => this.onSessionEnd(partition));
    this.#items = new WorkItems(services, ownership.id);
  }

  async start(): Promise<void> {
    this.services.file.bell.listen(this.#onRing);
    await this.ownership.look();
    this.#loops = Promise.all([this.fireTimers(), this.listen(), this.renew()]);
  }

  /** Gives back what is locked and ends what runs. */
  async stop(): Promise<void> {
    await this.end();
    for (const held of [...this.services.held]) held.giveBack();
    await this.ownership.leave();
  }

  /** As the death of the process would: nothing is given back. For tests. */
  async die(): Promise<void> {
    for (const held of [...this.services.held]) held.die();
    await this.end();
  }

  async nextSession(signal: AbortSignal): Promise<OrchestrationSession | undefined> {
    const { mailroom, clock } = this.services;
    while (!signal.aborted && !this.isEnding) {
      const session = await this.#sessions.next();
      if (session) return session;
      await mailroom.ready.wait(clock, signal, this.#ending.signal);
    }
    return undefined;
  }

  async nextActivities(limit: number, signal: AbortSignal): Promise<readonly ActivityWorkItem[]> {
    const { activityArrivals, clock } = this.services;
    while (!signal.aborted && !this.isEnding) {
      const { nextDue } = this.#items;
      if (nextDue !== undefined && nextDue <= clock.now()) {
        const items = await this.#items.take(limit);
        if (items.length > 0) return items;
      } else await activityArrivals.wait([signal, this.#ending.signal], alarm(clock, nextDue));
    }
    return [];
  }

  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  private get isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  private async end(): Promise<void> {
    this.#ending.abort("stopped");
    this.services.file.bell.unlisten(this.#onRing);
    await this.#loops;
  }

  private async fireTimers(): Promise<void> {
    const { mailroom, clock } = this.services;
    while (!this.isEnding) {
      const fired = mailroom.fireTimers(TIMERS_AT_A_TIME);
      if (fired === TIMERS_AT_A_TIME) await new Promise(setImmediate);
      else await mailroom.timers.wait(clock, this.#ending.signal);
    }
  }

  /** Takes in what other processes leave, when they ring. */
  private async listen(): Promise<void> {
    const { clock } = this.services;
    while (!this.isEnding) {
      if (!this.#isRung) await this.#rings.wait([this.#ending.signal]);
      await clock.sleep(GATHER_MS, this.#ending.signal);
      this.#isRung = false;
      await this.attempt("Looking for messages of other processes", () => this.takeIn());
    }
  }

  private async takeIn(): Promise<void> {
    const { file, mailroom, commits, activityArrivals } = this.services;
    file.refresh();
    const notes: Key[] = [];
    for (const partition of mailroom.partitions) notes.push(...mailroom.readNotes(partition));
    activityArrivals.notify();
    if (this.ownership.isOutdated) await this.ownership.look();
    if (notes.length > 0) {
      await commits.run((transaction) => {
        for (const key of notes) transaction.remove(key);
      });
    }
  }

  private async renew(): Promise<void> {
    const { clock, lockMs } = this.services;
    for (;;) {
      await clock.sleep(lockMs / 3, this.#ending.signal);
      if (this.isEnding) return;
      await this.attempt("Renewing what is owned", async () => {
        await Promise.all([this.ownership.look(), this.#items.renew()]);
      });
      this.#onRing(); // should the bell not have been heard
    }
  }

  private onSessionEnd(partition: OwnedPartition): void {
    if (!partition.isLeaving || partition.isLost || partition.hasSessions || this.isEnding) return;
    void this.attempt("Giving up a partition", () => this.ownership.release(partition));
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.isEnding) this.onError(what, error);
    }
  }
}

function alarm(
  clock: Clock,
  at: number | undefined,
): { readonly clock: Clock; readonly at: number } | undefined {
  return at === undefined ? undefined : { clock, at };
}
