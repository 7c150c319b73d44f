/** What cases share: one hub, ids, and waits that end. No case waits for anything but through here. */
import type {
  ActivityWorkItem,
  Backend,
  Clock,
  DeadLetter,
  InstanceStore,
  OrchestrationSession,
  TaskMessage,
} from "@perdure/core";
import type { HubOptions, TestHub } from "./harness";

const HOUR_MS = 3_600_000;
const PATIENCE_MS = { virtual: 600_000, real: 45_000 };
const LONGEST_PAUSE_MS = 1000;

type Look<T> = () => Promise<T | undefined | false> | T | undefined | false;

export class Scene {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly instances: InstanceStore;
  /** How long to wait for what must come. */
  readonly patienceMs: number;
  /** How long to look for what must not come. */
  readonly watchMs: number;
  #ids = 0;
  readonly #cleanups: (() => Promise<void>)[] = [];

  constructor(
    readonly hub: TestHub,
    readonly time: "virtual" | "real",
    readonly options: HubOptions,
  ) {
    this.backend = hub.backend;
    this.clock = hub.clock;
    this.instances = hub.backend.instances;
    this.patienceMs = PATIENCE_MS[time];
    this.watchMs = time === "virtual" ? HOUR_MS : 2 * options.lockMs;
  }

  /** An id no other call returns. */
  id(prefix = "instance"): string {
    return `${prefix}-${++this.#ids}`;
  }

  /** Runs `cleanup` when the case has ended; the last one first. */
  onEnd(cleanup: () => Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  pass(ms: number): Promise<void> {
    return this.clock.sleep(ms);
  }

  /** Lets queries catch up with what has been committed. */
  async listed(): Promise<void> {
    if (this.hub.listingLagMs !== undefined) await this.pass(this.hub.listingLagMs);
  }

  /** The process hangs or, where that cannot be had, dies. */
  pause(backend: Backend): Promise<void> {
    return (this.hub.pause ?? this.hub.crash).call(this.hub, backend);
  }

  /** The next session, which must come. */
  async lock(backend = this.backend): Promise<OrchestrationSession> {
    const session = await this.within(this.patienceMs, (signal) => backend.orchestrations.lockNext(signal));
    if (!session) throw new Error(`No session came within ${this.patienceMs} ms.`);
    return session;
  }

  /** The next session through whichever of several processes gets it. */
  async lockAny(backends: readonly Backend[]): Promise<OrchestrationSession> {
    const found = await this.within(this.patienceMs, async (expired) => {
      const won = new AbortController();
      expired.addEventListener("abort", () => won.abort(), { once: true });
      const sessions = await Promise.all(
        backends.map(async ({ orchestrations }) => {
          const session = await orchestrations.lockNext(won.signal);
          won.abort();
          return session;
        }),
      );
      const [first, ...others] = sessions.filter((session) => session !== undefined);
      for (const other of others) await other.abandon(this.clock.now(), "one is enough");
      return first;
    });
    if (!found) throw new Error(`No session came to any process within ${this.patienceMs} ms.`);
    return found;
  }

  /** The next session if one comes within `ms`. */
  lockWithin(ms: number, backend = this.backend): Promise<OrchestrationSession | undefined> {
    return this.within(ms, (signal) => backend.orchestrations.lockNext(signal));
  }

  /** The next activity, which must come. */
  async lockActivity(backend = this.backend): Promise<ActivityWorkItem> {
    const item = await this.lockActivityWithin(this.patienceMs, backend);
    if (!item) throw new Error(`No activity came within ${this.patienceMs} ms.`);
    return item;
  }

  async lockActivityWithin(ms: number, backend = this.backend): Promise<ActivityWorkItem | undefined> {
    const [item] = await this.within(ms, (signal) => backend.activities.lockNext(1, signal));
    return item;
  }

  /** Takes `count` messages, in as many goes as it takes. */
  async take(session: OrchestrationSession, count = 1): Promise<readonly TaskMessage[]> {
    const messages: TaskMessage[] = [];
    await this.within(this.patienceMs, async (signal) => {
      while (!signal.aborted) {
        messages.push(...session.takeMessages());
        if (messages.length >= count) return;
        if (session.lost.aborted) throw new Error("The session was lost while it waited for messages.");
        await session.waitForMessages(signal);
      }
    });
    if (messages.length < count) throw new Error(`Only ${messages.length} of ${count} messages came.`);
    return messages;
  }

  /** Takes messages until this one comes. Repeats of earlier ones may come too (B4). */
  async takeMessage(session: OrchestrationSession, messageId: string): Promise<TaskMessage> {
    return this.until(`message '${messageId}'`, () =>
      session.takeMessages().find(({ id }) => id === messageId),
    );
  }

  async deadLetters(backend = this.backend): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const letter of backend.deadLetters.list()) letters.push(letter);
    return letters;
  }

  /** Looks again and again until `look` returns something. */
  until<T>(what: string, look: Look<T>): Promise<T> {
    return this.repeat(what, look, (pause) => Math.min(2 * pause, LONGEST_PAUSE_MS));
  }

  /** As `until`, for steps that wait themselves: nothing passes between two of them. */
  untilDone<T>(what: string, step: Look<T>): Promise<T> {
    return this.repeat(what, step, () => 0);
  }

  private async repeat<T>(what: string, look: Look<T>, next: (pause: number) => number): Promise<T> {
    const deadline = this.clock.now() + this.patienceMs;
    for (let pause = next(2); ; pause = next(pause)) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (this.clock.now() >= deadline) throw new Error(`Not within ${this.patienceMs} ms: ${what}.`);
      if (pause > 0) await this.clock.sleep(pause);
    }
  }

  /** Runs `action` with a signal that aborts after `ms`. */
  async within<T>(ms: number, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const expired = new AbortController();
    const done = new AbortController();
    void this.clock.sleep(ms, done.signal).then(() => expired.abort());
    try {
      return await action(expired.signal);
    } finally {
      done.abort();
    }
  }
}
