import type { Clock, InstanceState } from "@perdure/core";
import { isTerminal } from "@perdure/core";
import type { Background } from "./background";
import type { InstanceTable } from "./instance-table";

/** Timers due within this are not worth a request. */
const SOON_MS = 60_000;
/** A run that starts and ends within this is written once. */
const COALESCE_MS = 1000;

interface Pending {
  readonly state: InstanceState;
  readonly input: string | undefined;
  readonly revision: number;
}

/** The row of one instance in the instance table: written when something visible changed, at most once a second. */
export class Projection {
  #pending: Pending | undefined;
  /** The last write, under way or done. */
  #writing: Promise<void> | undefined;
  #visible: string | undefined;
  #soon: Promise<void> | undefined;

  constructor(
    private readonly table: InstanceTable,
    private readonly clock: Clock,
    private readonly background: Background,
  ) {}

  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Storage shows this state as far as is known. */
  assume(state: InstanceState): void {
    this.#visible ??= this.visibleIn(state);
  }

  /**
   * True when something visible changed.
   *
   * @param input Set when a generation began: its input.
   * @param revision Grows with every commit.
   */
  changed(state: InstanceState, input: string | undefined, revision: number): boolean {
    const visible = this.visibleIn(state);
    if (visible === this.#visible && input === undefined) return false;
    this.#visible = visible;
    this.#pending = { state, input: input ?? this.#pending?.input, revision };
    if (!isTerminal(state.status)) this.writeSoon();
    return true;
  }

  /** A timer is gone by the time somebody could have seen that it is soon: it costs no request. */
  private visibleIn({ status, customStatus, nextTimerAt = 0 }: InstanceState): string {
    const timer = nextTimerAt - this.clock.now() > SOON_MS ? nextTimerAt : undefined;
    return JSON.stringify([status, customStatus, timer]);
  }

  private writeSoon(): void {
    if (this.#soon) return;
    this.#soon = this.clock.sleep(COALESCE_MS).finally(() => (this.#soon = undefined));
    this.background.run("writing an instance row", async () => {
      await this.#soon;
      await this.flush();
    });
  }

  /** Storage holds what `changed` said last; nothing to do until it says something else. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) this.#writing = this.write(pending);
    await this.#writing; // possibly begun by another call
  }

  private async write(pending: Pending): Promise<void> {
    try {
      await this.table.project(pending.state, pending.input, pending.revision);
    } catch (error) {
      this.#pending ??= pending;
      this.#visible = undefined;
      throw error;
    }
  }

  /** Resolves when what is pending has been written: at once when the instance has ended, else with the next write. */
  async settled(): Promise<void> {
    if (this.#pending && !isTerminal(this.#pending.state.status)) await this.#soon;
    await this.flush();
  }
}
