/** The OpenAPI document of the API, from the definitions by which it validates. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { InputSchemas } from "./input-schemas";
import type { ApiEnv, Route } from "./route";

type Document = ReturnType<OpenAPIHono<ApiEnv>["getOpenAPI31Document"]>;

const DESCRIPTION =
  "Starts, watches and operates durable orchestrations. Routes, statuses and bodies that Durable Functions has " +
  "are as there. Errors have a stable `code`.";

/** Tells the app about its routes. */
export function registerRoutes(app: OpenAPIHono<ApiEnv>, routes: readonly Route[]): void {
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "functionsKey", {
    ...{ type: "apiKey", in: "header", name: "x-functions-key" },
  });
  registry.registerComponent("securitySchemes", "code", { type: "apiKey", in: "query", name: "code" });
  for (const { config } of routes) registry.registerPath(config);
}

/** Makes the document when it is first asked for, and then tells everyone where they asked. */
export function openApiDocument(app: OpenAPIHono<ApiEnv>, schemas: InputSchemas): (base: string) => Document {
  let document: Document | undefined;
  return (base) => {
    document ??= newDocument(app, schemas);
    return { ...document, servers: [{ url: base }] };
  };
}

function newDocument(app: OpenAPIHono<ApiEnv>, schemas: InputSchemas): Document {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Perdure management API", version: "1", description: DESCRIPTION },
    security: [{ bearer: [] }, { functionsKey: [] }, { code: [] }],
  });
  for (const listed of schemas.described()) addListed(document, listed);
  return document;
}

/** A path of its own for an orchestration that is listed, with its input. */
function addListed(document: Document, listed: ReturnType<InputSchemas["described"]>[number]): void {
  const { name, description, schema } = listed;
  const key = `Input_${name.replace(/[^\w.-]/g, "_")}`;
  const start = document.paths?.["/orchestrators/{name}"]?.post;
  if (!start || !document.components) return;
  document.components.schemas = { ...document.components.schemas, [key]: { ...rooted(schema, key) } };
  const { operationId: _operationId, parameters = [], ...others } = start;
  document.paths = {
    ...document.paths,
    [`/orchestrators/${encodeURIComponent(name)}`]: {
      post: {
        ...others,
        operationId: `start_${key}`,
        summary: `Starts ${name} under a random id. The body is its input.`,
        ...(description === undefined ? {} : { description }),
        parameters: parameters.filter((parameter) => !("in" in parameter && parameter.in === "path")),
        requestBody: { content: { "application/json": { schema: { $ref: `#/components/schemas/${key}` } } } },
      },
    },
  };
}

/** References within a schema start from its root, which is elsewhere now. */
function rooted(schema: unknown, key: string): object {
  return JSON.parse(JSON.stringify(schema), (name, value: unknown) => {
    if (name === "$schema") return undefined;
    const isOwn = name === "$ref" && typeof value === "string" && value.startsWith("#");
    return isOwn ? `#/components/schemas/${key}${value.slice(1)}` : value;
  }) as object;
}
