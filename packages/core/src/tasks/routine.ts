import { InvalidDefinitionError } from "../errors";
import { toError } from "../failure";
import { Past } from "./past";
import { Task } from "./task";
import type { OrchestrationGenerator } from "./task";

type Step<T> = () => IteratorResult<Task<unknown>, T>;

/**
 * A task that drives a generator: the orchestrator itself, a retry loop, a concurrent branch. The only code that
 * steps generators. Once started it runs on, observed or not.
 */
export class RoutineTask<T> extends Task<T> {
  readonly #generator: OrchestrationGenerator<T>;

  /**
   * @param currentOrder History index of the event being applied.
   * @throws InvalidDefinitionError when `generator` is none.
   */
  constructor(
    generator: OrchestrationGenerator<T>,
    private readonly currentOrder: () => number,
  ) {
    super();
    assertGenerator(generator);
    this.#generator = generator;
    this.advance(() => generator.next());
  }

  /** Steps the generator until it waits for an unsettled task, returns, or throws. A loop, never recursion. */
  private advance(first: Step<T>): void {
    let step: Step<T> | undefined = first;
    while (step) {
      let yielded: IteratorResult<Task<unknown>, T>;
      try {
        yielded = step();
      } catch (error) {
        this.settle({ status: "failed", error: toError(error) }, this.currentOrder());
        return;
      }
      if (yielded.done) {
        this.settle({ status: "completed", result: yielded.value }, this.currentOrder());
        return;
      }
      step = this.waitFor(yielded.value);
    }
  }

  /** The next step when there is nothing to wait for; otherwise the task makes it when it settles. */
  private waitFor(yielded: unknown): Step<T> | undefined {
    if (!(yielded instanceof Task)) return () => this.#generator.throw(notATask(yielded));
    try {
      const past = new Past();
      yielded.observe(past);
      past.tell();
    } catch (error) {
      return () => this.#generator.throw(error); // a timer could not be armed again
    }
    if (yielded.isCompleted) return this.resumeWith(yielded);
    yielded.onSettled((task) => this.advance(this.resumeWith(task)));
    return undefined;
  }

  private resumeWith({ outcome }: Task<unknown>): Step<T> {
    if (outcome?.status === "failed") return () => this.#generator.throw(outcome.error);
    return () => this.#generator.next(outcome?.result);
  }
}

function assertGenerator(value: unknown): void {
  const is =
    typeof value === "object" &&
    value !== null &&
    "next" in value &&
    "throw" in value &&
    Symbol.iterator in value;
  if (is) return;
  throw new InvalidDefinitionError(
    `Orchestrator code must be a generator, but a function returned ${describe(value)}: write it as function* (ctx, input).`,
  );
}

function notATask(value: unknown): TypeError {
  return new TypeError(
    `An orchestrator can wait only for tasks of its context, but it yielded ${describe(value)}. Do the work in an activity and yield ctx.callActivity(...).`,
  );
}

function describe(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return value === null ? "null" : `a value of type ${typeof value}`;
}
