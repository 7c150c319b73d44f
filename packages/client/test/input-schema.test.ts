import { InvalidArgumentError, VirtualClock, defineOrchestration } from "@perdure/core";
import type { SchemaIssue, StandardSchema } from "@perdure/core";
import { z } from "zod";
import { Client } from "../src";
import { FakeBackend } from "./support/fake-backend";

const order = z.object({
  id: z.string().min(1),
  items: z.array(z.object({ sku: z.string(), amount: z.number().int() })).min(1),
  note: z.string().default("none"),
});
const purchase = defineOrchestration(
  "purchase",
  function* (_ctx, { id, items }) {
    return `${id}: ${items.length}`;
  },
  { version: "3", input: order },
);
const valid = { id: "7", items: [{ sku: "a", amount: 1 }] };

let backend: FakeBackend;
let client: Client;

beforeEach(() => {
  backend = new FakeBackend();
  client = new Client(backend, { clock: new VirtualClock() });
});

function schemaOf(validate: StandardSchema["~standard"]["validate"]): StandardSchema {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("an orchestration with a schema", () => {
  it("starts with an input that fits, stored as it was given", async () => {
    await client.startNew(purchase, { ...valid, extra: true } as typeof valid);

    expect(backend.instances.creates.at(-1)?.message.event).toMatchObject({
      version: "3",
      input: JSON.stringify({ ...valid, extra: true }),
    });
  });

  it("does not start with one that does not, and the error tells what and where", async () => {
    const input = { id: "", items: [{ sku: "a", amount: 1.5 }, { amount: 2 }] };

    const error: unknown = await client.startNew(purchase, input as never).catch((thrown: unknown) => thrown);

    expect(InvalidArgumentError.is(error)).toBe(true);
    expect((error as Error).message).toBe(
      "The input of orchestration 'purchase' is not valid. id: Too small: expected string to have >=1 characters; " +
        "items[0].amount: Invalid input: expected int, received number; " +
        "items[1].sku: Invalid input: expected string, received undefined",
    );
    expect(backend.instances.creates).toEqual([]);
    expect(backend.createTaskHub).not.toHaveBeenCalled();
  });

  it.each([undefined, null, "text", []])("does not start with %j", async (input) => {
    const start = client.startNew(purchase, input as never);

    await expect(start).rejects.toThrow("The input of orchestration 'purchase' is not valid. Invalid input");
    expect(backend.instances.creates).toEqual([]);
  });

  it("checks what is stored: a date is text by then, and NaN is null", async () => {
    const strict = defineOrchestration("strict", function* () {}, {
      input: z.object({ at: z.date(), n: z.number() }),
    });

    const start = client.startNew(strict, { at: new Date(0), n: Number.NaN });

    await expect(start).rejects.toThrow(/at: .*expected date, received string; n: .*received null/);
  });

  it("waits for a schema that is asynchronous", async () => {
    const isKnown = async (id: string): Promise<boolean> => id === "7";
    const known = defineOrchestration("known", function* () {}, {
      input: z.string().refine(isKnown, "There is no such order."),
    });

    await client.startNew(known, "7");
    await expect(client.startNew(known, "8")).rejects.toThrow("is not valid. There is no such order.");

    expect(backend.instances.creates).toHaveLength(1);
  });

  it("fails as its schema does when that throws", async () => {
    const broken = defineOrchestration("broken", function* () {}, {
      input: schemaOf(() => {
        throw new RangeError("out of order");
      }),
    });

    await expect(client.startNew(broken, 1)).rejects.toThrow(RangeError);
    expect(backend.instances.creates).toEqual([]);
  });

  it.each<[string, SchemaIssue["path"], string]>([
    ["no path", undefined, "wrong"],
    ["an empty path", [], "wrong"],
    ["keys", ["a", "b"], "a.b: wrong"],
    ["an index", [0, "a", 1], "[0].a[1]: wrong"],
    ["segments", [{ key: "a" }, { key: 2 }], "a[2]: wrong"],
    ["a symbol", [Symbol("s")], "Symbol(s): wrong"],
  ])("tells an issue with %s", async (_what, path, text) => {
    const issue = { message: "wrong", ...(path ? { path } : {}) };
    const picky = defineOrchestration("picky", function* () {}, {
      input: schemaOf(() => ({ issues: [issue] })),
    });

    await expect(client.startNew(picky, 1)).rejects.toThrow(`'picky' is not valid. ${text}`);
  });

  it("tells ten issues, and how many more there are", async () => {
    const issues = Array.from({ length: 12 }, (_item, n) => ({ message: "wrong", path: [n] }));
    const picky = defineOrchestration("picky", function* () {}, { input: schemaOf(() => ({ issues })) });

    await expect(client.startNew(picky, 1)).rejects.toThrow(/\[8\]: wrong; \[9\]: wrong; and 2 more$/);
  });

  it("is not checked when it is started by its name", async () => {
    await client.startNew("purchase", { anything: true });

    expect(backend.instances.creates).toHaveLength(1);
  });

  it("has the input of its schedules checked", async () => {
    const spec = { cron: "0 2 * * *", timeZone: "UTC" };

    await client.schedules.create({ id: "nightly", orchestration: purchase, input: valid, spec });
    const wrong = { id: "nightly-2", orchestration: purchase, input: { id: "7" } as never, spec };

    await expect(client.schedules.create(wrong)).rejects.toThrow("'purchase' is not valid. items: ");
    await expect(client.schedules.create({ id: "none", orchestration: purchase, spec })).rejects.toThrow(
      InvalidArgumentError,
    );
    expect(backend.instances.creates).toHaveLength(1);
  });
});
