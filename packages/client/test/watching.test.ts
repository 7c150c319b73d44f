import { MemoryBackend } from "@perdure/backend-memory";
import { InstanceNotFoundError, InvalidArgumentError, VirtualClock } from "@perdure/core";
import type { InstanceStatus } from "@perdure/core";
import { Client } from "../src";
import type { InstanceChange } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";
import { settle } from "./support/time";

function setUp() {
  const { instances, ...backend } = new FakeBackend();
  const clock = new VirtualClock();
  const client = new Client({ ...backend, instances }, { clock });
  const change = (id: string, fields: Partial<InstanceStatus>): void => {
    instances.put(instance(id, fields));
    instances.hint(id);
  };
  return { instances, clock, client, change };
}

describe("watching an instance", () => {
  it("tells how it stands, then each change, until it has finished", async () => {
    const { client, change } = setUp();
    change("a", { status: "Pending" });
    const seen: unknown[] = [];

    const watch = (async () => {
      for await (const { status, customStatus } of client.instance("a").watch())
        seen.push([status, customStatus]);
    })();
    await settle();
    change("a", { status: "Running" });
    await settle();
    change("a", { status: "Running" }); // nothing new
    await settle();
    change("a", { status: "Running", customStatus: '"half"' });
    await settle();
    change("a", { status: "Completed" });
    await watch;

    expect(seen).toEqual([
      ["Pending", undefined],
      ["Running", undefined],
      ["Running", "half"],
      ["Completed", undefined],
    ]);
  });

  it("ends with the reason of the signal, and when there is no instance", async () => {
    const { client, change } = setUp();
    change("a", {});
    const stop = new AbortController();
    const iterator = client.instance("a").watch({ signal: stop.signal })[Symbol.asyncIterator]();
    await iterator.next();

    const next = iterator.next();
    stop.abort(new Error("enough"));

    await expect(next).rejects.toThrow("enough");
    const missing = client.instance("b").watch()[Symbol.asyncIterator]().next();
    await expect(missing).rejects.toThrow(InstanceNotFoundError);
  });
});

describe("watching a hub", () => {
  async function listen(includeExisting: boolean) {
    const backend = new MemoryBackend();
    const clock = new VirtualClock();
    const client = new Client(backend, { clock });
    const stop = new AbortController();
    const heard: string[] = [];
    const note = (change: InstanceChange): void => {
      heard.push(
        change.kind === "gone"
          ? `gone ${change.instanceId}`
          : `${change.instance.status} ${change.instance.instanceId}`,
      );
    };
    await client.startNew("purchase", 1, { instanceId: "old", tags: { team: "blue" } });
    const done = (async () => {
      const filter = { tags: { team: "blue" } };
      for await (const change of client.watch(filter, {
        includeExisting,
        interval: "1s",
        signal: stop.signal,
      }))
        note(change);
    })();
    await settle();
    return { client, clock, heard, stop, done };
  }

  it.each([
    [false, ["Pending new"]],
    [true, ["Pending old", "Pending new"]],
  ])("tells what matches and is new (existing ones: %p)", async (includeExisting, expected) => {
    const { client, clock, heard, stop, done } = await listen(includeExisting);

    await client.startNew("purchase", 1, { instanceId: "new", tags: { team: "blue" } });
    await client.startNew("purchase", 1, { instanceId: "other", tags: { team: "red" } });
    clock.wakeNext();
    await settle();
    clock.wakeNext();
    await settle();

    expect(heard).toEqual(expected);
    stop.abort(new Error("enough"));
    await expect(done).rejects.toThrow("enough");
  });

  it("refuses bad filters and intervals at once", () => {
    const client = new Client(new MemoryBackend());

    expect(() => client.watch({ name: "" })).toThrow(InvalidArgumentError);
    expect(() => client.watch({}, { interval: 50 })).toThrow(InvalidArgumentError);
  });
});
