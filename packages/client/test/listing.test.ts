import { InvalidArgumentError } from "@perdure/core";
import { Client } from "../src";
import type { InstanceSnapshotPage, ListFilter, PageOptions } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

function setUp(count: number) {
  const backend = new FakeBackend();
  for (let i = 0; i < count; i++) {
    backend.instances.put(
      instance(`a-${String(i).padStart(3, "0")}`, { status: i % 10 === 9 ? "Failed" : "Completed" }),
    );
  }
  return { instances: backend.instances, client: new Client(backend) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("list", () => {
  it("yields every instance, across pages", async () => {
    const { instances, client } = setUp(250);

    const all = await collect(client.list());

    expect(all).toHaveLength(250);
    expect(all[0]!.createdAt).toEqual(new Date(Date.UTC(2030, 0, 1)));
    expect(instances.queries).toHaveLength(3);
  });

  it("passes over empty pages", async () => {
    const { instances, client } = setUp(20);
    const listing = client.list({ status: "Failed" });

    const pages = await collect(listing.byPage({ pageSize: 5 }));

    expect(pages.map((page) => page.instances.length)).toEqual([0, 1, 0, 1]);
    expect(instances.queries).toHaveLength(4);
    expect((await collect(listing)).map(({ instanceId }) => instanceId)).toEqual(["a-009", "a-019"]);
  });

  it("reads no page before it is asked for", async () => {
    const { instances, client } = setUp(250);

    for await (const { instanceId } of client.list()) if (instanceId === "a-050") break;

    expect(instances.queries).toHaveLength(1);
  });

  it("reads anew at each iteration", async () => {
    const { instances, client } = setUp(1);
    const listing = client.list();
    await collect(listing);

    instances.put(instance("b"));

    expect(await collect(listing)).toHaveLength(2);
  });

  it("goes on after the page a token came with", async () => {
    const { client } = setUp(10);
    const pages: InstanceSnapshotPage[] = [];
    for await (const page of client.list().byPage({ pageSize: 4 })) {
      pages.push(page);
      break;
    }

    const rest = await collect(
      client.list().byPage({ pageSize: 4, continuationToken: pages[0]!.continuationToken! }),
    );

    expect(rest.flatMap((page) => page.instances.map((i) => i.instanceId))).toHaveLength(6);
    expect(rest.at(-1)).not.toHaveProperty("continuationToken");
  });

  it("hands the whole filter to the backend", async () => {
    const { instances, client } = setUp(0);
    const createdFrom = new Date(5);
    const createdTo = new Date(9);

    await collect(
      client.list({
        status: ["Running", "Pending"],
        name: "purchase",
        instanceIdPrefix: "order-'",
        createdFrom,
        createdTo,
        tags: { team: "shop" },
        includePayloads: true,
      }),
    );

    expect(instances.queries).toEqual([
      {
        statuses: ["Running", "Pending"],
        name: "purchase",
        instanceIdPrefix: "order-'",
        createdFrom: 5,
        createdTo: 9,
        tags: { team: "shop" },
        includePayloads: true,
        pageSize: 100,
      },
    ]);
  });

  it("asks for no payloads by default", async () => {
    const { instances, client } = setUp(0);

    await collect(client.list());

    expect(instances.queries).toEqual([{ includePayloads: false, pageSize: 100 }]);
  });

  it.each<[string, unknown]>([
    ["an unknown status", { status: "running" }],
    ["an unknown status in a list", { status: ["Running", "Done"] }],
    ["an empty status", { status: "" }],
    ["no status", { status: [] }],
    ["an undefined status", { status: [undefined] }],
    ["an empty name", { name: "" }],
    ["an empty prefix", { instanceIdPrefix: "" }],
    ["an invalid date", { createdFrom: new Date("x") }],
    ["a date that is none", { createdTo: 5 }],
    ["dates in the wrong order", { createdFrom: new Date(2), createdTo: new Date(1) }],
    ["tags that are none", { tags: "team" }],
    ["a tag that is no string", { tags: { team: 1 } }],
  ])("refuses %s at once", (_what, filter) => {
    expect(() => setUp(0).client.list(filter as ListFilter)).toThrow(InvalidArgumentError);
  });

  it("names the statuses there are", () => {
    expect(() => setUp(0).client.list({ status: "done" as "Failed" })).toThrow(
      /'done'.*Pending, Running, .*Terminated/,
    );
  });

  it("does not show the value of a bad tag", () => {
    const tags = { key: { token: "s3cret" } as unknown as string };

    expect(() => setUp(0).client.list({ tags })).toThrow(/^(?!.*s3cret).*'key'/);
  });

  it.each<[string, unknown]>([
    ["page size 0", { pageSize: 0 }],
    ["page size 1001", { pageSize: 1001 }],
    ["half a page size", { pageSize: 1.5 }],
    ["a page size that is text", { pageSize: "10" }],
    ["an empty token", { continuationToken: "" }],
  ])("refuses %s at once", (_what, options) => {
    expect(() =>
      setUp(0)
        .client.list()
        .byPage(options as PageOptions),
    ).toThrow(InvalidArgumentError);
  });
});
