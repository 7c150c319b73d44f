import { InvalidDefinitionError } from "./errors";
import { assertName } from "./ids";
import type { Logger } from "./logger";
import type { OrchestrationContext } from "./orchestration/context";
import { isStandardSchema } from "./standard-schema";
import type { SchemaInput, StandardSchema } from "./standard-schema";
import type { OrchestrationGenerator } from "./tasks/task";

/** What an activity knows about the call it serves. */
export interface ActivityContext {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly orchestrationName: string;
  /** 1 for the first try by the retry policy; redelivery after a crash keeps the number. */
  readonly attempt: number;
  /** The same for every attempt and every redelivery of one call, and for no other call. */
  readonly idempotencyKey: string;
  /** Aborts when the result is no longer wanted: time ran out, the instance ended, the worker stops or lost the lock. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export type ActivityHandler<TInput, TOutput> = (
  ctx: ActivityContext,
  input: TInput,
) => TOutput | Promise<TOutput>;

export type OrchestrationHandler<TInput, TOutput> = (
  ctx: OrchestrationContext,
  input: TInput,
) => OrchestrationGenerator<TOutput>;

export interface ActivityDefinition<TInput, TOutput> {
  readonly kind: "activity";
  readonly name: string;
  readonly handler: ActivityHandler<TInput, TOutput>;
}

export interface OrchestrationDefinition<TInput, TOutput> {
  readonly kind: "orchestration";
  readonly name: string;
  /** Recorded with every instance started from this definition; code reads it as `ctx.version`. */
  readonly version?: string;
  readonly handler: OrchestrationHandler<TInput, TOutput>;
  /** What clients check the input by before they start an instance. */
  readonly input?: StandardSchema;
}

export interface OrchestrationDefinitionOptions {
  /** Recorded with every instance started from the definition; code reads it as `ctx.version`. */
  readonly version?: string;
}

/** Names an external event and fixes its payload type for both `raiseEvent` and `waitForExternalEvent`. */
export interface EventDefinition<TPayload> {
  readonly kind: "event";
  readonly name: string;
  /** Carries the type; never set. */
  readonly __payload?: TPayload;
}

/** A definition of any types, as registries hold it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs are contravariant: no other type admits every definition
export type AnyOrchestration = OrchestrationDefinition<any, unknown>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs are contravariant: no other type admits every definition
export type AnyActivity = ActivityDefinition<any, unknown>;

/** Makes `input` optional when `undefined` is a legal input. */
export type InputArgs<TInput, TOptions> = undefined extends TInput
  ? [input?: TInput, options?: TOptions]
  : [input: TInput, options?: TOptions];

/**
 * Defines an activity: ordinary code, run at least once for each call.
 *
 * @throws InvalidDefinitionError when `handler` is not a function; InvalidArgumentError for a bad name.
 */
export function defineActivity<TInput = void, TOutput = unknown>(
  name: string,
  handler: ActivityHandler<TInput, TOutput>,
): ActivityDefinition<TInput, TOutput> {
  assertName(name, "The activity name");
  assertFunction(handler, `activity '${name}'`);
  return { kind: "activity", name, handler };
}

/**
 * Defines an orchestration by a generator function that waits only for tasks of its context.
 *
 * With a schema as `input`, clients check what an instance is started with. The type of the input is what the schema
 * takes, and that is also what is stored and what the code gets: what a schema makes of a value is not used.
 *
 * @throws InvalidDefinitionError when `handler` is async or not a function, or `input` is no schema;
 * InvalidArgumentError for a bad name.
 */
export function defineOrchestration<TSchema extends StandardSchema, TOutput = unknown>(
  name: string,
  handler: OrchestrationHandler<SchemaInput<TSchema>, TOutput>,
  options: OrchestrationDefinitionOptions & { readonly input: TSchema },
): OrchestrationDefinition<SchemaInput<TSchema>, TOutput>;
export function defineOrchestration<TInput = void, TOutput = unknown>(
  name: string,
  handler: OrchestrationHandler<TInput, TOutput>,
  options?: OrchestrationDefinitionOptions,
): OrchestrationDefinition<TInput, TOutput>;
export function defineOrchestration<TInput, TOutput>(
  name: string,
  handler: OrchestrationHandler<TInput, TOutput>,
  options: OrchestrationDefinitionOptions & { readonly input?: StandardSchema } = {},
): OrchestrationDefinition<TInput, TOutput> {
  assertName(name, "The orchestration name");
  assertFunction(handler, `orchestration '${name}'`);
  if (/^Async/.test(handler.constructor.name)) {
    throw new InvalidDefinitionError(
      `The orchestration '${name}' is an async function. Write function* and yield* tasks instead of awaiting promises.`,
    );
  }
  if (options.input !== undefined && !isStandardSchema(options.input)) {
    throw new InvalidDefinitionError(
      `The input of the orchestration '${name}' is no schema: give one of a library that follows the Standard Schema, version 1.`,
    );
  }
  return { kind: "orchestration", name, handler, ...options };
}

/**
 * Defines an external event.
 *
 * @throws InvalidArgumentError for a bad name.
 */
export function defineEvent<TPayload = void>(name: string): EventDefinition<TPayload> {
  assertName(name, "The event name");
  return { kind: "event", name };
}

/** The name of a definition, or the name itself. */
export function nameOf(named: string | { readonly name: string }, what: string): string {
  const name: unknown = typeof named === "string" ? named : (named as { name?: unknown } | undefined)?.name;
  assertName(name, what);
  return name;
}

function assertFunction(handler: unknown, what: string): void {
  if (typeof handler === "function") return;
  throw new InvalidDefinitionError(`The handler of ${what} is of type ${typeof handler}: give a function.`);
}
