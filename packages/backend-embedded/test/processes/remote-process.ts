import { StorageUnavailableError } from "@perdure/core";
import type { ProcessPool } from "./process-pool";
import { fromPlain, fromText, toText } from "./wire";
import type { Reply, Request, Target } from "./wire";

interface Pending {
  readonly hasSignal: boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** A process that can be asked, killed and stopped. One that is stopped goes on when it is asked for something. */
export class RemoteProcess {
  readonly #number: number;
  readonly #pending = new Map<number, Pending>();
  readonly #locked = new Map<number, AbortController>();
  readonly #exited: Promise<void>;
  #isDead = false;
  #isPaused = false;

  constructor(private readonly pool: ProcessPool) {
    let exited: () => void = () => undefined;
    this.#exited = new Promise((resolve) => (exited = resolve));
    this.#number = pool.have({
      said: (text) => this.take(fromText(text) as Reply),
      exited: () => {
        this.die();
        exited();
      },
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** @throws StorageUnavailableError when the process is dead. */
  call(target: Target, method: string, ...args: readonly unknown[]): Promise<unknown> {
    return new Promise(
      (resolve, reject) => void this.ask(target, method, args, { hasSignal: false, resolve, reject }),
    );
  }

  /** As `call`, with a signal. Of a dead process there is nothing to be had but that it aborts. */
  async wait(
    target: Target,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal,
  ): Promise<unknown> {
    if (signal.aborted) return undefined;
    let abort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const id = this.ask(target, method, args, { hasSignal: true, resolve, reject });
        abort = () => {
          if (this.#isDead) resolve(undefined);
          else this.say({ kind: "abort", id });
        };
        signal.addEventListener("abort", abort, { once: true });
      });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** The answer at once; `undefined` when the process is dead. */
  callSync(target: Target, method: string, ...args: readonly unknown[]): unknown {
    let answer: { readonly result?: unknown; readonly error?: unknown } | undefined;
    this.ask(target, method, args, {
      hasSignal: false,
      resolve: (result) => (answer = { result }),
      reject: (error) => (answer = { error }),
    });
    this.pool.waitSync(() => answer !== undefined || this.#isDead);
    if (answer?.error !== undefined && !this.#isDead) throw answer.error as Error;
    return answer?.result;
  }

  /** Aborts when what has this handle is lost. */
  lost(handle: number): AbortSignal {
    const controller = new AbortController();
    this.#locked.set(handle, controller);
    return controller.signal;
  }

  async kill(): Promise<void> {
    this.die();
    this.pool.signal(this.#number, "SIGKILL");
    await this.#exited;
  }

  pause(): void {
    this.#isPaused = true;
    this.pool.signal(this.#number, "SIGSTOP");
  }

  giveBack(): void {
    this.die();
    this.pool.giveBack(this.#number);
  }

  private ask(target: Target, method: string, args: readonly unknown[], pending: Pending): number {
    const { hasSignal } = pending;
    const id = this.pool.nextId();
    if (!this.#isDead) {
      this.#pending.set(id, pending);
      this.say({ kind: "call", id, target, method, args, hasSignal });
    } else if (!hasSignal) pending.reject(dead());
    return id;
  }

  private say(request: Request): void {
    if (this.#isPaused) this.pool.signal(this.#number, "SIGCONT");
    this.#isPaused = false;
    this.pool.send(this.#number, toText(request));
  }

  private take(reply: Reply): void {
    if (reply.kind === "lost") {
      this.#locked.get(reply.handle)?.abort("lost");
      return;
    }
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.kind === "result") pending?.resolve(reply.result);
    else pending?.reject(fromPlain(reply.error));
  }

  private die(): void {
    this.#isDead = true;
    for (const { hasSignal, reject } of this.#pending.values()) if (!hasSignal) reject(dead());
    this.#pending.clear();
  }
}

function dead(): StorageUnavailableError {
  return new StorageUnavailableError("The process is dead.");
}
