import { Wakeups } from "@perdure/core";
import type { Creation } from "./creation";
import type { Held } from "./held";
import type { Letter } from "./letter";
import type { OwnedPartition } from "./owned-partition";

/** The messages of one instance in the memory of its owner, while there are any or a session holds it. */
export class Inbox {
  readonly arrivals = new Wakeups();
  /** In order of arrival. */
  readonly #waiting = new Map<string, Letter>();
  readonly #taken = new Map<string, Letter>();
  session: Held | undefined;
  /** Set until the start is on the disk. */
  creation: Creation | undefined;
  /** No session before that time, milliseconds since the epoch. */
  heldUntil = 0;
  /** Set when a former session left activities behind; with the ids on the work-item queue then, if it died. */
  orphans: { readonly queued?: ReadonlySet<string> } | undefined;

  constructor(
    readonly instanceId: string,
    readonly partition: OwnedPartition,
  ) {}

  /** When a session can be had; `undefined` when there is no reason for one. */
  get dueAt(): number | undefined {
    if (this.session) return undefined;
    if (this.orphans) return this.heldUntil;
    const [first] = this.#waiting.values();
    return first && Math.max(first.arrivedAt, this.heldUntil);
  }

  get isIdle(): boolean {
    return (
      !this.session && !this.orphans && !this.creation && this.#waiting.size === 0 && this.#taken.size === 0
    );
  }

  get hasMail(): boolean {
    return this.#waiting.size > 0;
  }

  /** Ids of all messages that are here. */
  get messageIds(): ReadonlySet<string> {
    return new Set([...this.#waiting.values(), ...this.#taken.values()].map(({ message }) => message.id));
  }

  get taken(): readonly Letter[] {
    return [...this.#taken.values()];
  }

  get suspects(): readonly Letter[] {
    return [...this.#waiting.values()].filter(({ isSuspect }) => isSuspect);
  }

  /** False when it is here already. */
  add(letter: Letter): boolean {
    if (this.#waiting.has(letter.id) || this.#taken.has(letter.id)) return false;
    this.#waiting.set(letter.id, letter);
    return true;
  }

  take(): readonly Letter[] {
    const letters = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const letter of letters) {
      letter.deliveryCount++;
      this.#taken.set(letter.id, letter);
    }
    return letters;
  }

  /** These are dealt with. */
  forget(letters: readonly Letter[]): void {
    for (const { id } of letters) {
      this.#taken.delete(id);
      this.#waiting.delete(id);
    }
  }

  /** What was taken waits again, before what has come since. */
  putBack(): void {
    const later = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, letter] of [...this.#taken, ...later]) this.#waiting.set(id, letter);
    this.#taken.clear();
  }

  /** What was not taken yet has been deleted by somebody else. */
  clearWaiting(): void {
    this.#waiting.clear();
  }
}
