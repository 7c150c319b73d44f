/**
 * Tasks: units of durable work an orchestrator can wait for.
 *
 * Settling and observing are apart. A task settles once, from outside (a history event) or from its children. It is
 * observed while a routine waits for it, directly or through a composite.
 *
 * - K1 The first settlement wins.
 * - K2 `order` is the history index of the event that settled the task; it decides races, argument order never does.
 * - K3 A composite looks at its children only while it is observed, at what is past in the order of history.
 * - K4 Losing the last observer withdraws the interest: event waits stop taking events, timers go idle.
 */
import type { Past } from "./past";

/**
 * A generator that waits for tasks by yielding them and finally returns `T`.
 *
 * `Generator`'s third parameter defaults to `any`; that is what lets `const x: string = yield task` compile.
 */
export type OrchestrationGenerator<T> = Generator<Task<unknown>, T>;

export type TaskOutcome<T> =
  { readonly status: "completed"; readonly result: T } | { readonly status: "failed"; readonly error: Error };

/** Called with the task that has settled. */
export type TaskListener = (task: Task<unknown>) => void;

/**
 * A unit of durable work. `yield* task` evaluates to `T`; `yield task` does the same at run time, untyped.
 *
 * Never `yield*` an array of tasks: that waits for one after the other; use `ctx.all`.
 */
export abstract class Task<out T> {
  #outcome: TaskOutcome<T> | undefined;
  #order = Number.NaN;
  #observers = 0;
  readonly #listeners = new Set<TaskListener>();

  /** How the task ended; `undefined` while it has not. */
  get outcome(): TaskOutcome<T> | undefined {
    return this.#outcome;
  }

  /** Composites complete only while they are waited for: before that they have not looked at their tasks. */
  get isCompleted(): boolean {
    return this.#outcome !== undefined;
  }

  /** Position in history of what settled it (K2); NaN before that. */
  get order(): number {
    return this.#order;
  }

  *[Symbol.iterator](): Generator<Task<T>, T, unknown> {
    return (yield this) as T;
  }

  /** For the engine: calls `listener` once, when this unsettled task settles. */
  onSettled(listener: TaskListener): void {
    this.#listeners.add(listener);
  }

  /** For the engine: the listener is not called any more. */
  offSettled(listener: TaskListener): void {
    this.#listeners.delete(listener);
  }

  /** For the engine: someone waits for this task from now on. What has happened already goes to `past`. */
  observe(past: Past): void {
    this.#observers++;
    if (this.#observers === 1 && !this.#outcome) this.onObserved?.(past);
  }

  /** For the engine: one observer less. */
  unobserve(): void {
    this.#observers--;
    if (this.#observers === 0 && !this.#outcome) this.onUnobserved?.();
  }

  protected onObserved?(past: Past): void;

  protected onUnobserved?(): void;

  protected get isObserved(): boolean {
    return this.#observers > 0;
  }

  protected settle(outcome: TaskOutcome<T>, order: number): void {
    if (this.#outcome) return; // K1
    this.#outcome = outcome;
    this.#order = order;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(this);
  }
}

/** A task settled from outside, by a history event. */
export class CompletableTask<T> extends Task<T> {
  complete(result: T, order: number): void {
    this.settle({ status: "completed", result }, order);
  }

  fail(error: Error, order: number): void {
    this.settle({ status: "failed", error }, order);
  }
}

/** A task that never settles: the orchestrator ends by other means while it waits for it. */
export class NeverTask extends Task<never> {}
