import { InvalidDefinitionError } from "@perdure/core";
import type { AnyActivity, AnyOrchestration } from "@perdure/core";
import type { WorkerOptions } from "@perdure/worker";

type Definition = AnyActivity | AnyOrchestration;
type Exports = Readonly<Record<string, unknown>>;

/** What a worker of the user's code is made of. */
export interface UserCode {
  readonly orchestrations: readonly AnyOrchestration[];
  readonly activities: readonly AnyActivity[];
  /** Inputs to try orchestrations with, by their names: what is exported as `examples`. */
  readonly examples: Exports;
  /** All other options of the worker. */
  readonly options: Omit<WorkerOptions, "orchestrations" | "activities">;
}

/**
 * Finds code in what a module exports, by any name: definitions, lists and groups of them, and the options of a worker.
 *
 * @throws InvalidDefinitionError when there is none.
 */
export function codeIn(module: unknown, file: string): UserCode {
  const exported = exportsOf(module as Exports);
  const values = Object.values(exported);
  const found = [...new Set(values.flatMap(definitionsIn))];
  if (found.length === 0) {
    throw new InvalidDefinitionError(
      `${file} exports no orchestration and no activity. Export what defineOrchestration and defineActivity return.`,
    );
  }
  const {
    orchestrations: _orchestrations,
    activities: _activities,
    ...options
  } = values.find(isWorkerOptions) ?? {};
  return {
    orchestrations: found.filter((one) => one.kind === "orchestration"),
    activities: found.filter((one) => one.kind === "activity"),
    examples: isGroup(exported["examples"]) ? exported["examples"] : {},
    options,
  };
}

/** What CommonJS exports is there twice: by name, and as the default of the module. */
function exportsOf(module: Exports): Exports {
  const { default: own, ...named } = module;
  if (!isGroup(own) || isWorkerOptions(own)) return module;
  return { ...("__esModule" in own ? exportsOf(own) : own), ...named };
}

function definitionsIn(value: unknown): readonly Definition[] {
  if (isDefinition(value)) return [value];
  if (Array.isArray(value)) return value.filter(isDefinition);
  if (isWorkerOptions(value)) return [...(value.orchestrations ?? []), ...(value.activities ?? [])];
  return isGroup(value) ? Object.values(value).filter(isDefinition) : [];
}

function isWorkerOptions(value: unknown): value is WorkerOptions {
  if (!isGroup(value)) return false;
  return Array.isArray(value["orchestrations"]) || Array.isArray(value["activities"]);
}

function isDefinition(value: unknown): value is Definition {
  if (typeof value !== "object" || value === null || !("handler" in value) || !("kind" in value))
    return false;
  return value.kind === "orchestration" || value.kind === "activity";
}

/** Names with values, which may be definitions. */
function isGroup(value: unknown): value is Exports {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isDefinition(value);
}
