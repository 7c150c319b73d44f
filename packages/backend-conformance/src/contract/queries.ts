import { isTerminal } from "@perdure/core";
import type { InstancePage, InstanceQuery, InstanceStatus, RuntimeStatus } from "@perdure/core";
import { begin, startOf, turnOf } from "../builders";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

const DAY_MS = 86_400_000;

/** Each filter, and the ids it finds in the scene `populate` makes. */
const FILTERS: Readonly<
  Record<string, { query: (from: number) => Partial<InstanceQuery>; finds: readonly string[] }>
> = {
  "no filter": { query: () => ({}), finds: ["a-1", "a-2", "b'1", "B-1", "ü-1"] },
  "one status": { query: () => ({ statuses: ["Running"] }), finds: ["a-1", "b'1"] },
  "several statuses": { query: () => ({ statuses: ["Completed", "Failed"] }), finds: ["a-2", "B-1"] },
  "a status nobody has": { query: () => ({ statuses: ["Blocked"] }), finds: [] },
  "the status of what has not started": { query: () => ({ statuses: ["Pending"] }), finds: ["ü-1"] },
  "an id prefix": { query: () => ({ instanceIdPrefix: "a-" }), finds: ["a-1", "a-2"] },
  "an id prefix with a quote": { query: () => ({ instanceIdPrefix: "b'" }), finds: ["b'1"] },
  "an id prefix in upper case": { query: () => ({ instanceIdPrefix: "B" }), finds: ["B-1"] },
  "an id prefix of another script": { query: () => ({ instanceIdPrefix: "ü" }), finds: ["ü-1"] },
  "an id prefix that is a whole id": { query: () => ({ instanceIdPrefix: "a-1" }), finds: ["a-1"] },
  "a name": { query: () => ({ name: "billing" }), finds: ["a-2", "ü-1"] },
  "a name with a quote": { query: () => ({ name: "it's" }), finds: ["b'1"] },
  "part of a name": { query: () => ({ name: "bill" }), finds: [] },
  "created from, inclusive": {
    query: (from) => ({ createdFrom: from + 2000 }),
    finds: ["b'1", "B-1", "ü-1"],
  },
  "created to, exclusive": { query: (from) => ({ createdTo: from + 2000 }), finds: ["a-1", "a-2"] },
  "created from and to a millisecond": {
    query: (from) => ({ createdFrom: from + 1000, createdTo: from + 1001 }),
    finds: ["a-2"],
  },
  "a tag": { query: () => ({ tags: { team: "red" } }), finds: ["a-1", "b'1"] },
  "two tags": { query: () => ({ tags: { team: "red", tier: "1" } }), finds: ["a-1"] },
  "a tag nobody has": { query: () => ({ tags: { colour: "red" } }), finds: [] },
  "everything at once": {
    query: (from) => ({
      statuses: ["Running"],
      instanceIdPrefix: "a",
      name: "orders",
      createdFrom: from,
      createdTo: from + 1,
      tags: { tier: "1" },
    }),
    finds: ["a-1"],
  },
};

export const queries: Topic = {
  title: "queries",
  cases: [
    ...caseForEach(
      FILTERS,
      (name) => `a query finds exactly what matches: ${name}`,
      async (scene, { query, finds }) => {
        const from = await populate(scene);

        const found = await everything(scene, query(from));

        expect(found.map(({ instanceId }) => instanceId).sort()).toEqual([...finds].sort());
      },
    ),

    contractCase("pages hold no more than asked for, and together everything once", async (scene) => {
      await createMany(scene, 25);

      const pages = await allPages(scene, { pageSize: 10 });

      for (const page of pages) expect(page.instances.length).toBeLessThanOrEqual(10);
      const ids = pages.flatMap((page) => page.instances.map(({ instanceId }) => instanceId));
      expect(new Set(ids).size).toBe(25);
      expect(ids).toHaveLength(25);
    }),

    contractCase("pages of one instance each reach every instance", async (scene) => {
      await createMany(scene, 7);

      const found = await allPages(scene, { pageSize: 1 });

      expect(
        new Set(found.flatMap(({ instances }) => instances.map(({ instanceId }) => instanceId))).size,
      ).toBe(7);
    }),

    contractCase("pages of a filtered query reach every match", async (scene) => {
      await createMany(scene, 20, "odd-");
      await createMany(scene, 5, "even-");

      const pages = await allPages(scene, { pageSize: 3, instanceIdPrefix: "even-" });

      expect(pages.flatMap(({ instances }) => instances)).toHaveLength(5);
    }),

    contractCase("instances created between two pages neither repeat nor hide others", async (scene) => {
      const before = await createMany(scene, 12, "m-");
      const first = await scene.instances.query({ pageSize: 5 });
      await createMany(scene, 6, "a-");
      await createMany(scene, 6, "z-");

      const rest = await allPages(scene, { pageSize: 5 }, first.continuationToken);

      const ids = [first, ...rest].flatMap(({ instances }) => instances.map(({ instanceId }) => instanceId));
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining([...before]));
    }),

    contractCase("instances purged between two pages do not hide others", async (scene) => {
      await populate(scene);
      const first = await scene.instances.query({ pageSize: 1 });
      for (const { instanceId, status } of first.instances) {
        if (isTerminal(status)) await scene.instances.purge(instanceId);
      }

      const rest = await allPages(scene, { pageSize: 1 }, first.continuationToken);

      const ids = [first, ...rest].flatMap(({ instances }) => instances.map(({ instanceId }) => instanceId));
      expect(ids.sort()).toEqual(["a-1", "a-2", "b'1", "B-1", "ü-1"].sort());
    }),

    contractCase("inputs and outputs come only when asked for", async (scene) => {
      const start = startOf(scene, scene.id(), { input: '"in"' });
      const output = { status: "Completed" as const, output: '"out"', customStatus: '"custom"' };
      const { session } = await begin(scene, { start, state: output });
      await session.release();

      const [bare] = await everything(scene, {});
      const [full] = await everything(scene, { includePayloads: true });

      expect(bare).not.toHaveProperty("input");
      expect(bare).not.toHaveProperty("output");
      expect(bare).toMatchObject({
        instanceId: start.instanceId,
        status: "Completed",
        customStatus: '"custom"',
      });
      expect(full).toMatchObject({ input: '"in"', output: '"out"', customStatus: '"custom"' });
    }),

    contractCase("a listed instance says what its status says", async (scene) => {
      await populate(scene);

      for (const listed of await everything(scene, { includePayloads: true })) {
        expect(listed).toEqual(await scene.instances.get(listed.instanceId));
      }
    }),

    contractCase("a large input that is not asked for does not get in the way", async (scene) => {
      await scene.instances.create(startOf(scene, scene.id(), { input: `"${"漢".repeat(400_000)}"` }), []);

      const [bare] = await everything(scene, {});
      const [full] = await everything(scene, { includePayloads: true });

      expect(bare).not.toHaveProperty("input");
      expect(full?.input).toHaveLength(400_002);
    }),

    contractCase("instances are found by when their first timer is due, while it is", async (scene) => {
      const now = scene.clock.now();
      const begun = await begin(scene, { state: { nextTimerAt: now + 10 * DAY_MS } });
      const { session: other } = await begin(scene, { state: { nextTimerAt: now + 20 * DAY_MS } });
      const delayed = startOf(scene, scene.id(), { timestamp: now, scheduledStartTime: now + 5 * DAY_MS });
      await scene.instances.create(delayed, []);
      await other.release();
      const dueBefore = async (time: number): Promise<readonly string[]> =>
        (await everything(scene, { nextTimerBefore: time })).map(({ instanceId }) => instanceId).sort();

      expect(await dueBefore(now + 20 * DAY_MS)).toEqual([begun.state.instanceId, delayed.instanceId].sort());
      expect(await dueBefore(now + 5 * DAY_MS)).toEqual([]);
      const { nextTimerAt: _fired, ...state } = begun.state;
      await begun.session.checkpoint(turnOf(scene, state, []));
      await begun.session.release();
      expect(await dueBefore(now + 20 * DAY_MS)).toEqual([delayed.instanceId]);
      expect(await dueBefore(now + 30 * DAY_MS)).toHaveLength(2);
    }),

    contractCase("a hub without instances has one empty page", async (scene) => {
      expect(await everything(scene, {})).toEqual([]);
    }),
  ],
};

/** Five instances: two running, one completed, one failed, one pending. Returns when the first was created. */
async function populate(scene: Scene): Promise<number> {
  const from = scene.clock.now() - 10_000;
  const rows: readonly [string, string, RuntimeStatus, Record<string, string>?][] = [
    ["a-1", "orders", "Running", { team: "red", tier: "1" }],
    ["a-2", "billing", "Completed"],
    ["b'1", "it's", "Running", { team: "red", tier: "2" }],
    ["B-1", "orders", "Failed", { team: "blue" }],
    ["ü-1", "billing", "Pending"],
  ];
  for (const [index, [instanceId, name, status, tags]] of rows.entries()) {
    const start = startOf(scene, instanceId, {
      name,
      timestamp: from + index * 1000,
      ...(tags ? { tags } : {}),
    });
    if (status === "Pending") await scene.instances.create(start, []);
    else {
      const { session } = await begin(scene, { start, state: { status } });
      await session.release();
    }
  }
  return from;
}

async function createMany(scene: Scene, count: number, prefix = "i-"): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  await Promise.all(ids.map((id) => scene.instances.create(startOf(scene, id), [])));
  return ids;
}

async function everything(scene: Scene, query: Partial<InstanceQuery>): Promise<readonly InstanceStatus[]> {
  return (await allPages(scene, { pageSize: 100, ...query })).flatMap(({ instances }) => instances);
}

/** Every page, or every page after the one that returned `token`. */
async function allPages(
  scene: Scene,
  query: InstanceQuery,
  token?: string,
): Promise<readonly InstancePage[]> {
  await scene.listed();
  const pages: InstancePage[] = [];
  let next = token;
  do {
    const page = await scene.instances.query({
      ...query,
      ...(next === undefined ? {} : { continuationToken: next }),
    });
    pages.push(page);
    next = page.continuationToken;
  } while (next !== undefined);
  return pages;
}
