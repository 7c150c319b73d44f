import { Client } from "@perdure/client";
import { MemoryBackend } from "@perdure/backend-memory";
import { defineOrchestration, silentLogger } from "@perdure/core";
import { z } from "zod";
import { createManagementApi } from "../src";
import type { ManagementApiOptions } from "../src";
import type { Json } from "./support/json";

const PREFIX = "/runtime/webhooks/durabletask";

const order = z.object({ id: z.string(), items: z.array(z.object({ amount: z.number().positive() })) });
const pay = defineOrchestration(
  "pay",
  function* (_, input) {
    return input.id;
  },
  { input: order, version: "2.1" },
);

/** A schema of no known library, which looks something up. */
const even = {
  "~standard": {
    version: 1 as const,
    vendor: "by hand",
    validate: async (value: unknown) =>
      typeof value === "number" && value % 2 === 0
        ? { value }
        : { issues: [{ message: "give an even number" }] },
  },
};

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z
  .lazy(() => z.object({ name: z.string(), children: z.array(tree) }))
  .meta({ id: "tree" });

describe("schemas of inputs", () => {
  const listed = [
    { orchestration: pay, description: "Pays an order." },
    { orchestration: "halve", input: even, inputJsonSchema: { type: "integer", multipleOf: 2 } },
    { orchestration: "plant", input: tree },
    { orchestration: "rest" },
  ];

  function api(options: ManagementApiOptions = {}): {
    client: Client;
    ask: (path: string, body?: unknown) => Promise<{ status: number; body: Json }>;
  } {
    const client = new Client(new MemoryBackend());
    const app = createManagementApi(client, { orchestrations: listed, logger: silentLogger, ...options });
    return {
      client,
      ask: async (path, body) => {
        const init =
          body === undefined
            ? {}
            : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
        const response = await app.request(`http://localhost${PREFIX}${path}`, init);
        return { status: response.status, body: await response.json() };
      },
    };
  }

  it("let through what fits, as it is, with the version of the definition", async () => {
    const { client, ask } = api();
    const input = { id: "1", items: [{ amount: 5 }], more: "kept" };

    const { status, body } = await ask("/orchestrators/pay", input);

    expect(status).toBe(202);
    await expect(client.get(body.id)).resolves.toMatchObject({ input, version: "2.1" });
    expect((await ask("/orchestrators/halve", 4)).status).toBe(202);
    expect((await ask("/orchestrators/rest", { any: "thing" })).status).toBe(202);
    expect((await ask("/orchestrators/not-listed", 1)).status).toBe(202);
  });

  it("refuse what does not, and say where", async () => {
    const { client, ask } = api();

    const { status, body } = await ask("/orchestrators/pay/order-1", {
      id: 5,
      items: [{ amount: 1 }, { amount: -1 }],
    });

    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: "InvalidArgument",
      issues: [
        { in: "body", path: "id", message: expect.stringContaining("string") },
        { in: "body", path: "items.1.amount", message: expect.stringContaining("0") },
      ],
    });
    await expect(client.get("order-1")).resolves.toBeUndefined();
    expect((await ask("/orchestrators/halve", 3)).body.message).toContain("give an even number");
    expect((await ask("/orchestrators/plant", { name: "oak", children: [{}] })).status).toBe(400);
  });

  it("hold for schedules, too", async () => {
    const { ask } = api();
    const schedule = { id: "nightly", orchestration: "halve", spec: { cron: "0 3 * * *" } };

    expect((await ask("/schedules", { ...schedule, input: 3 })).status).toBe(400);
    expect((await ask("/schedules", { ...schedule, input: 4 })).status).toBe(201);
  });

  it("are told in the document, one path for each orchestration", async () => {
    const { body } = await api().ask("/openapi.json");

    const { paths, components } = body;
    expect(paths["/orchestrators/pay"].post).toMatchObject({ description: "Pays an order." });
    expect(components.schemas.Input_pay.properties.items.items.properties.amount).toMatchObject({
      exclusiveMinimum: 0,
    });
    expect(components.schemas.Input_halve).toEqual({ type: "integer", multipleOf: 2 });
    expect(components.schemas.Input_rest).toEqual({});
    const text = JSON.stringify(components.schemas.Input_plant);
    for (const [, ref] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = ref!.split("/").reduce((at: Json, key) => at?.[key], body);
      expect(found).toBeDefined();
    }
  });

  it("can be all there is to start", async () => {
    const { ask } = api({ unlisted: "refuse" });

    const refused = await ask("/orchestrators/payy", {});

    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain("give one of pay, halve, plant, rest");
    expect((await ask("/orchestrators/halve", 2)).status).toBe(202);
  });
});
