/** Requests made from the OpenAPI document: what it allows, and what it does not. */
import * as fc from "fast-check";
import type { Json } from "./json";

export interface FuzzRequest {
  readonly method: string;
  /** As the document has it. */
  readonly path: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Text that breaks things: control characters, halves of pairs, quotes, paths, escapes. */
const NASTY = [
  ...[
    "",
    " ",
    "\u0000",
    "\ud83d",
    "💥",
    "../..",
    "..%2f",
    "%",
    "%zz",
    "'",
    '"',
    "<script>",
    "${7*7}",
    "{{7}}",
    "\\",
  ],
  ...["null", "undefined", "NaN", "-1", "0", "1e309", "9".repeat(40), "__proto__", "constructor", "toString"],
  ...[
    "true",
    "[]",
    "{}",
    "2026-02-30",
    "0000-00-00T00:00:00Z",
    "-271821-04-20T00:00:00.000Z",
    "PT1S",
    "1s",
    "@x",
  ],
];

const text = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ maxLength: 2000, minLength: 500 }),
);

const date = fc.oneof(
  fc.date({ noInvalidDate: true }).map((one) => one.toISOString()),
  fc.constantFrom("2026-01-01", "2026-01-01T00:00:00+02:00", "2030-06-01T12:00:00Z"),
);

/** A value that fits a schema, more or less. */
function fitting(schema: Json, document: Json, depth = 0): fc.Arbitrary<Json> {
  if (typeof schema?.$ref === "string") {
    const found = schema.$ref
      .split("/")
      .slice(1)
      .reduce((at: Json, key: string) => at[key], document);
    return fitting(found, document, depth);
  }
  const options = schema?.anyOf ?? schema?.oneOf;
  if (options) return fc.oneof(...options.map((one: Json) => fitting(one, document, depth)));
  if (schema?.enum) return fc.constantFrom(...schema.enum);
  const type = Array.isArray(schema?.type) ? schema.type[0] : schema?.type;
  switch (type) {
    case "integer":
    case "number":
      return numberOf(schema.minimum ?? -5, schema.maximum ?? 5000);
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(fitting(schema.items, document, depth + 1), { maxLength: 3 });
    case "object":
      return depth > 5 ? fc.constant({}) : objectOf(schema, document, depth);
    case "string":
      if (schema.format === "date-time") return date;
      return fc.oneof(fc.constantFrom(schema.example ?? "echo", "1s", "0 3 * * *", "echo"), text);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

function numberOf(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(min, min + 1, max, max + 1), fc.integer({ min, max }), fc.double());
}

function objectOf(schema: Json, document: Json, depth: number): fc.Arbitrary<Json> {
  const fields = Object.entries<Json>(schema.properties ?? {});
  const values = Object.fromEntries(fields.map(([name, one]) => [name, fitting(one, document, depth + 1)]));
  return fc.record(values, { requiredKeys: schema.required ?? [] });
}

/** Once in a while, when it is left out `absent` times as often. */
function seldom<T>(arbitrary: fc.Arbitrary<T>, absent: number): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 1, arbitrary }, { weight: absent, arbitrary: fc.constant(undefined) });
}

function parameterValue(
  parameter: Json,
  document: Json,
  known: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<string> {
  const values = known[parameter.name];
  const good = values ? fc.constantFrom(...values) : fitting(parameter.schema, document).map(String);
  return fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: text });
}

function requestOf(
  base: string,
  document: Json,
  path: string,
  method: string,
  known: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<FuzzRequest> {
  const { parameters = [], requestBody } = document.paths[path][method];
  const named = (where: string): Json[] => parameters.filter((one: Json) => one.in === where);
  const record = (where: string, requiredToo: boolean): fc.Arbitrary<Record<string, string | undefined>> =>
    fc.record(
      Object.fromEntries(
        named(where).map((one) => {
          const value = parameterValue(one, document, known);
          return [one.name, requiredToo || one.required ? value : seldom(value, 3)];
        }),
      ),
    );
  const schema = requestBody?.content["application/json"].schema;
  const body = fc.oneof(
    {
      weight: 5,
      arbitrary: schema
        ? fitting(schema, document).map((one) => JSON.stringify(one))
        : fc.constant(undefined),
    },
    { weight: 1, arbitrary: fc.jsonValue().map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: text },
  );
  const type = fc.oneof(
    { weight: 8, arbitrary: fc.constant("application/json") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "text/plain",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "x",
      ),
    },
  );
  return fc
    .record({
      params: record("path", true),
      query: record("query", false),
      extra: seldom(fc.tuple(text, text), 30),
      headers: record("header", false),
      body,
      type,
      sse: fc.boolean(),
    })
    .map(({ params, query, extra, headers, body: sent, type: contentType, sse }) => {
      const search = new URLSearchParams([...present(query), ...(extra ? [extra] : [])]);
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name]!));
      const hasBody = sent !== undefined && method !== "get";
      return {
        ...{ method: method.toUpperCase(), path },
        url: `${base}${filled}${search.size > 0 ? `?${search.toString()}` : ""}`,
        headers: {
          ...Object.fromEntries(present(headers).map(([name, value]) => [name, clean(value)])),
          ...(hasBody ? { "content-type": contentType } : {}),
          ...(sse ? { accept: "text/event-stream, text/html" } : {}),
        },
        body: hasBody ? sent : undefined,
      };
    });
}

function present(values: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

function clean(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, "?").trim();
}

/** A segment of a path; one that is no text of Unicode goes as it is, and a dot would name another path. */
function encoded(value: string): string {
  const whole = value.replace(/\p{Surrogate}/gu, "%ED%A0%80");
  const segment = whole === value ? encodeURIComponent(value) : whole;
  return /^\.+$|^$/.test(segment) ? "dots" : segment;
}

/** Requests for every route of the document, of which `known` names values that exist. */
export function requestsOf(
  base: string,
  document: Json,
  known: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<FuzzRequest> {
  const operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      // It looks at everything, twice and with a pause.
      weight: path === "/doctor" ? 1 : 40,
      arbitrary: requestOf(base, document, path, method, known),
    })),
  );
  return fc.oneof(...operations);
}
