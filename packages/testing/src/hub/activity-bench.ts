/**
 * The activities of a test: the code to run for each name, and a record of each run. Workers get one definition for
 * each name they are given at first; whatever else is called reaches them under one name of its own, so that a mock
 * can be set at any time.
 */
import { HTTP_ACTIVITY } from "@perdure/call-http";
import { ActivityNotRegisteredError, decode, defineActivity, encode, nameOf, optional } from "@perdure/core";
import type { ActivityContext, ActivityMessage, AnyActivity, Clock } from "@perdure/core";
import type { RunningActivities } from "../time/running-activities";

/** One run of an activity. */
export interface ActivityCall<TInput = unknown, TOutput = unknown> {
  readonly name: string;
  readonly instanceId: string;
  readonly input: TInput;
  /** 1 for the first try by the retry policy. */
  readonly attempt: number;
  /** The same for every attempt and every repeat of one call. */
  readonly idempotencyKey: string;
  readonly startedAt: Date;
  /** `"lost"`: the worker died while it ran. */
  readonly outcome: "running" | "completed" | "failed" | "lost";
  /** Set when completed, unless it returned nothing. */
  readonly output?: TOutput;
  /** What was thrown, when failed. */
  readonly error?: unknown;
}

type Handler = (ctx: ActivityContext, input: unknown) => unknown;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Recorded {
  readonly call: Mutable<ActivityCall>;
  readonly owner: object;
}

const ANY_OTHER = "activity that a test has not registered";

/** A call of an activity that is neither registered nor mocked. */
class ActivityNotMockedError extends ActivityNotRegisteredError {
  constructor(name: string) {
    super(name);
    this.message = `No activity '${name}' is registered or mocked. Check the spelling, pass it to TestHost.start, or mock it.`;
  }
}

export class ActivityBench {
  readonly #handlers = new Map<string, Handler>();
  readonly #mocks = new Map<string, Handler>();
  readonly #recorded: Recorded[] = [];

  constructor(
    activities: readonly AnyActivity[],
    mocks: readonly AnyActivity[],
    private readonly running: RunningActivities,
    private readonly clock: Clock,
  ) {
    for (const { name, handler } of activities) this.#handlers.set(name, handler);
    for (const { name, handler } of mocks) this.#mocks.set(name, handler);
  }

  mock(name: string, handler: Handler): void {
    this.#mocks.set(name, handler);
  }

  unmock(name: string): void {
    this.#mocks.delete(name);
  }

  /** Oldest first. */
  calls(name?: string): readonly ActivityCall[] {
    return this.#recorded.flatMap(({ call }) =>
      name === undefined || call.name === name ? [{ ...call }] : [],
    );
  }

  forgetCalls(): void {
    this.#recorded.length = 0;
  }

  /** What one worker registers, in place of what would send requests too. `owner` stands for its process. */
  definitions(owner: object): readonly AnyActivity[] {
    const named = [...new Set([...this.#handlers.keys(), HTTP_ACTIVITY])].map((name) =>
      defineActivity(name, (ctx, input: unknown) => this.run(owner, ctx, input)),
    );
    const other = defineActivity(ANY_OTHER, (ctx, [name, input]: readonly [string, string | null]) =>
      this.run(owner, { ...ctx, name }, decode(input ?? undefined)),
    );
    return [...named, other];
  }

  /** Sends calls of other names where `definitions` has something for them. */
  redirect(message: ActivityMessage): ActivityMessage {
    if (this.#handlers.has(message.name)) return message;
    const input = encode([message.name, message.input], "input of an activity");
    return { ...message, name: ANY_OTHER, ...optional("input", input) };
  }

  /** The process has died: what it was running is lost. */
  lose(owner: object): void {
    for (const { call, owner: its } of this.#recorded)
      if (its === owner && call.outcome === "running") call.outcome = "lost";
    this.running.forget(owner);
  }

  private async run(owner: object, ctx: ActivityContext, input: unknown): Promise<unknown> {
    const { name, instanceId, attempt, idempotencyKey } = ctx;
    const call: Mutable<ActivityCall> = {
      name,
      instanceId,
      input,
      attempt,
      idempotencyKey,
      startedAt: new Date(this.clock.now()),
      outcome: "running",
    };
    this.#recorded.push({ call, owner });
    const settle = (outcome: Pick<ActivityCall, "outcome" | "output" | "error">): void => {
      if (call.outcome === "running") Object.assign(call, outcome);
    };
    try {
      const handler = this.#mocks.get(name) ?? this.#handlers.get(name);
      if (!handler) throw new ActivityNotMockedError(name);
      const label = `activity '${name}' of instance '${instanceId}'`;
      const output = await this.running.run(label, owner, () => handler(ctx, input));
      settle({ outcome: "completed", ...optional("output", output) });
      return output;
    } catch (error) {
      settle({ outcome: "failed", error });
      throw error;
    }
  }
}

/** The name of an activity in an argument. */
export function activityName(activity: string | { readonly name: string }): string {
  return nameOf(activity, "The activity name");
}
