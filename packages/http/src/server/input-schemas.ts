/** Schemas that users give for the inputs of their orchestrations, by the Standard Schema (standardschema.dev). */
import { nameOf } from "@perdure/core";
import type { ListedOrchestration } from "./options";
import { badRequest } from "./refusal";

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

interface SchemaResult {
  readonly issues?: readonly SchemaIssue[] | undefined;
}

/** What every library of the Standard Schema offers; the JSON schema only some do. */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

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

  names(): readonly string[] {
    return [...this.#listed.keys()];
  }

  /** Checks an input, where there is a schema for it, and leaves it as it is. @throws Refusal */
  async check(name: string, input: unknown): Promise<void> {
    const result = await this.#listed.get(name)?.input?.["~standard"].validate(input);
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

function jsonSchemaOf({ input, inputJsonSchema }: ListedOrchestration): object {
  if (inputJsonSchema) return inputJsonSchema;
  try {
    return input?.["~standard"].jsonSchema?.input({ target: "draft-2020-12" }) ?? {};
  } catch {
    return {}; // a schema that JSON schema cannot express; it validates nevertheless
  }
}
