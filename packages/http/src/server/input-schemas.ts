/** Schemas of the inputs of orchestrations: of their definitions, or as the server is told. */
import { nameOf } from "@perdure/core";
import type { StandardSchema } from "@perdure/core";
import type { ListedOrchestration } from "./options";
import { badRequest } from "./refusal";

/** The orchestrations that are listed, by name. */
export class InputSchemas {
  readonly #listed: ReadonlyMap<string, ListedOrchestration>;

  constructor(orchestrations: readonly ListedOrchestration[]) {
    this.#listed = new Map(
      orchestrations.map((one) => [nameOf(one.orchestration, "The orchestration name"), one]),
    );
  }

  has(name: string): boolean {
    return this.#listed.has(name);
  }

  /** That of the definition, if there is one. */
  versionOf(name: string): string | undefined {
    const orchestration = this.#listed.get(name)?.orchestration;
    return typeof orchestration === "object" ? orchestration.version : undefined;
  }

  names(): readonly string[] {
    return [...this.#listed.keys()];
  }

  /** Checks an input, where there is a schema for it, and leaves it as it is. @throws Refusal */
  async check(name: string, input: unknown): Promise<void> {
    const result = await schemaOf(this.#listed.get(name))?.["~standard"].validate(input);
    if (!result?.issues) return;
    throw badRequest(
      result.issues.map(({ message, path = [] }) => ({
        in: "body",
        path: path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
        message,
      })),
    );
  }

  /** For the OpenAPI document. */
  described(): readonly { readonly name: string; readonly description?: string; readonly schema: object }[] {
    return [...this.#listed].map(([name, one]) => ({
      name,
      ...(one.description === undefined ? {} : { description: one.description }),
      schema: jsonSchemaOf(one),
    }));
  }
}

function schemaOf(listed: ListedOrchestration | undefined): StandardSchema | undefined {
  if (!listed) return undefined;
  const { input, orchestration } = listed;
  return input ?? (typeof orchestration === "string" ? undefined : orchestration.input);
}

function jsonSchemaOf(listed: ListedOrchestration): object {
  if (listed.inputJsonSchema) return listed.inputJsonSchema;
  try {
    return schemaOf(listed)?.["~standard"].jsonSchema?.input({ target: "draft-2020-12" }) ?? {};
  } catch {
    return {}; // a schema that JSON schema cannot express; it validates nevertheless
  }
}
