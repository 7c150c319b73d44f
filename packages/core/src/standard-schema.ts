/**
 * What validation libraries have in common: version 1 of the Standard Schema (standardschema.dev), as far as it is used.
 *
 * Types only. Schemas may validate asynchronously, so nothing here calls one: clients do, before they send.
 */

/** A schema of any library that follows the Standard Schema, such as Zod, Valibot or ArkType. */
export interface StandardSchema<TInput = unknown, TOutput = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<TOutput> | Promise<SchemaResult<TOutput>>;
    /** Carries the types; never set. */
    readonly types?: { readonly input: TInput; readonly output: TOutput } | undefined;
    /** A description of what it takes, where the library has one. */
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

export type SchemaResult<TOutput> =
  { readonly value: TOutput; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type of the values that a schema takes. */
export type SchemaInput<TSchema extends StandardSchema> = NonNullable<TSchema["~standard"]["types"]>["input"];

/** Whether a value is a schema of a version that is known here. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const standard = (Object(value) as Readonly<Record<string, unknown>>)["~standard"];
  const { version, validate } = Object(standard) as Readonly<Record<string, unknown>>;
  return version === 1 && typeof validate === "function";
}
