import type { Past } from "./past";
import { Task } from "./task";
import type { TaskOutcome } from "./task";

type TaskResult<T> = T extends Task<infer R> ? R : never;

/** Results of a tuple or array of tasks, in argument order. */
export type TaskResults<T extends readonly Task<unknown>[]> = { -readonly [K in keyof T]: TaskResult<T[K]> };

/** How each of a tuple or array of tasks ended, in argument order. */
export type TaskOutcomes<T extends readonly Task<unknown>[]> = {
  -readonly [K in keyof T]: TaskOutcome<TaskResult<T[K]>>;
};

/** Shared life of composites: they hear of each child's end once, in the order of history, until they settle (K3, K4). */
abstract class CompositeTask<T> extends Task<T> {
  readonly #unheard: Set<Task<unknown>>;

  constructor(protected readonly children: readonly Task<unknown>[]) {
    super();
    this.#unheard = new Set(children);
  }

  /** Called for each child that has settled. */
  protected abstract childSettled(child: Task<unknown>): void;

  protected get allHeard(): boolean {
    return this.#unheard.size === 0;
  }

  protected override onObserved(past: Past): void {
    for (const child of this.#unheard) {
      child.observe(past);
      if (child.isCompleted) past.add(child.order, () => this.#hear(child));
      else child.onSettled(this.#hear);
    }
  }

  protected override onUnobserved(): void {
    for (const child of this.#unheard) {
      child.offSettled(this.#hear);
      child.unobserve();
    }
  }

  /** Lets go of the children it has not heard of, then settles: code that runs on may want what they waited for. */
  protected finish(outcome: TaskOutcome<T>, order: number): void {
    this.onUnobserved();
    this.settle(outcome, order);
  }

  readonly #hear = (child: Task<unknown>): void => {
    if (this.isObserved && !this.isCompleted && this.#unheard.delete(child)) this.childSettled(child);
  };
}

/** Shared by the composites that need every child. */
abstract class WholeTask<T> extends CompositeTask<T> {
  #lastOrder: number;

  /** @param order History index of the event being applied. */
  constructor(children: readonly Task<unknown>[], order: number) {
    super(children);
    this.#lastOrder = order;
  }

  protected abstract resultOf(children: readonly Task<unknown>[]): T;

  protected override onObserved(past: Past): void {
    super.onObserved(past);
    if (this.children.length === 0) this.succeed();
  }

  protected override childSettled(child: Task<unknown>): void {
    this.#lastOrder = child.order;
    if (this.allHeard) this.succeed();
  }

  private succeed(): void {
    this.finish({ status: "completed", result: this.resultOf(this.children) }, this.#lastOrder);
  }
}

/** All results in argument order, or the first failure in history order. */
export class WhenAllTask<T extends readonly Task<unknown>[]> extends WholeTask<TaskResults<T>> {
  protected override childSettled(child: Task<unknown>): void {
    if (child.outcome?.status === "failed") this.finish(child.outcome, child.order);
    else super.childSettled(child);
  }

  protected override resultOf(children: readonly Task<unknown>[]): TaskResults<T> {
    return children.map(({ outcome }) =>
      outcome?.status === "completed" ? outcome.result : undefined,
    ) as TaskResults<T>;
  }
}

/** How every task ended, in argument order. Never fails. */
export class WhenAllSettledTask<T extends readonly Task<unknown>[]> extends WholeTask<TaskOutcomes<T>> {
  protected override resultOf(children: readonly Task<unknown>[]): TaskOutcomes<T> {
    return children.map(({ outcome }) => outcome) as TaskOutcomes<T>;
  }
}

/** The first task to settle, successful or not. */
export class WhenAnyTask extends CompositeTask<Task<unknown>> {
  protected override childSettled(child: Task<unknown>): void {
    this.finish({ status: "completed", result: child }, child.order);
  }
}

/** The outcome of the first task to settle. */
export class RaceTask<T> extends CompositeTask<T> {
  protected override childSettled(child: Task<unknown>): void {
    if (child.outcome) this.finish(child.outcome as TaskOutcome<T>, child.order);
  }
}

/**
 * Settles as `task` does, or with `onTimeout` when the timer fires first; the loser is let go. With the timer cancelled
 * there is no limit.
 */
export class TimedTask<T> extends CompositeTask<T> {
  constructor(
    private readonly task: Task<T>,
    timer: Task<void>,
    private readonly onTimeout: TaskOutcome<T>,
  ) {
    super([task, timer]);
  }

  protected override childSettled(child: Task<unknown>): void {
    if (child !== this.task && child.outcome?.status === "failed") return;
    const outcome = child === this.task ? this.task.outcome : this.onTimeout;
    if (outcome) this.finish(outcome, child.order);
  }
}
