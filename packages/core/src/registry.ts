import type {
  ActivityDefinition,
  AnyActivity,
  AnyOrchestration,
  OrchestrationDefinition,
} from "./definitions";
import { DuplicateRegistrationError, InvalidDefinitionError } from "./errors";
import { noTimeZones } from "./wall-clock";
import type { TimeZones } from "./wall-clock";

/** What a worker knows: code, by name, and the world's clocks. */
export class Registry {
  readonly #orchestrations: ReadonlyMap<string, AnyOrchestration>;
  readonly #activities: ReadonlyMap<string, AnyActivity>;

  /** @throws DuplicateRegistrationError when two of one kind have the same name. */
  constructor(
    orchestrations: readonly AnyOrchestration[],
    activities: readonly AnyActivity[],
    readonly timeZones: TimeZones = noTimeZones,
  ) {
    this.#orchestrations = byName("orchestration", orchestrations);
    this.#activities = byName("activity", activities);
  }

  orchestration(name: string): OrchestrationDefinition<unknown, unknown> | undefined {
    return this.#orchestrations.get(name);
  }

  activity(name: string): ActivityDefinition<unknown, unknown> | undefined {
    return this.#activities.get(name);
  }

  /** Those of users. */
  get orchestrationNames(): readonly string[] {
    return [...this.#orchestrations.keys()].filter((name) => !name.startsWith("@"));
  }
}

function byName<T extends { readonly kind: string; readonly name: string }>(
  kind: string,
  definitions: readonly T[],
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const definition of definitions) {
    if ((definition as T | undefined)?.kind !== kind) {
      throw new InvalidDefinitionError(`Not an ${kind}: register what define${capitalised(kind)} returned.`);
    }
    if (map.has(definition.name)) throw new DuplicateRegistrationError(kind, definition.name);
    map.set(definition.name, definition);
  }
  return map;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
