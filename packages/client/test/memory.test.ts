/** The client on a real backend, without a worker. */
import { InstanceAlreadyExistsError, InvalidInstanceStateError, WaitTimeoutError } from "@perdure/core";
import { MemoryBackend } from "@perdure/backend-memory";
import { Client } from "../src";

async function idsOf(instances: AsyncIterable<{ readonly instanceId: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { instanceId } of instances) ids.push(instanceId);
  return ids.sort();
}

describe("a client without a worker", () => {
  it("sees what it has started as Pending", async () => {
    const client = new Client(new MemoryBackend());

    const handle = await client.startNew("purchase", { id: 7 }, { instanceId: "a", tags: { team: "shop" } });

    await expect(handle.status()).resolves.toMatchObject({
      instanceId: "a",
      name: "purchase",
      status: "Pending",
      input: { id: 7 },
      tags: { team: "shop" },
      createdAt: expect.any(Date),
    });
    await expect(handle.history()).resolves.toEqual([]);
  });

  it("may raise events and terminate before a worker comes", async () => {
    const handle = await new Client(new MemoryBackend()).startNew("purchase");

    await handle.raiseEvent("approval", true);
    await handle.terminate();
  });

  it("can neither replace nor purge a pending instance, nor wait for it for ever", async () => {
    const client = new Client(new MemoryBackend());
    const handle = await client.startNew("purchase", undefined, { instanceId: "a" });

    const again = client.startNew("purchase", undefined, { instanceId: "a" });

    await expect(again).rejects.toThrow(InstanceAlreadyExistsError);
    await expect(handle.purge()).rejects.toThrow(InvalidInstanceStateError);
    await expect(handle.waitForStart({ timeout: 0 })).rejects.toThrow(WaitTimeoutError);
  });

  it("lets one of many concurrent starts of an id create it, and all attach", async () => {
    const client = new Client(new MemoryBackend());

    const handles = await Promise.all(
      Array.from({ length: 50 }, () =>
        client.startNew("purchase", undefined, { instanceId: "a", ifExists: "attach" }),
      ),
    );

    expect(handles.filter(({ created }) => created)).toHaveLength(1);
  });

  it("lists by filter and by page", async () => {
    const client = new Client(new MemoryBackend());
    for (const id of ["a-1", "a-2", "b-1"]) {
      await client.startNew(id.startsWith("a") ? "first" : "second", id, { instanceId: id, tags: { id } });
    }

    await expect(idsOf(client.list())).resolves.toEqual(["a-1", "a-2", "b-1"]);
    await expect(idsOf(client.list({ instanceIdPrefix: "a-" }))).resolves.toEqual(["a-1", "a-2"]);
    await expect(idsOf(client.list({ name: "second" }))).resolves.toEqual(["b-1"]);
    await expect(idsOf(client.list({ tags: { id: "a-2" } }))).resolves.toEqual(["a-2"]);
    await expect(idsOf(client.list({ status: "Failed" }))).resolves.toEqual([]);
    const pages: number[] = [];
    for await (const { instances } of client.list().byPage({ pageSize: 2 })) pages.push(instances.length);
    expect(pages).toEqual([2, 1]);
  });
});
