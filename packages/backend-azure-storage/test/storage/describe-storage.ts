import { connectStorage } from "../../src/storage/azure-storage";
import { odataDate, quote } from "../../src/storage/odata";
import {
  StorageConflict,
  type StorageConflictKind,
  StorageRejectedError,
} from "../../src/storage/storage-errors";
import type { BlobStore, QueueStore, Storage, TableRow, TableStore } from "../../src/storage/storage";
import { BackendConfigurationError, InvalidArgumentError } from "@perdure/core";

/** A storage under test. */
export interface StorageHarness {
  readonly storage: Storage;
  /** Lets time pass for the storage's clock. */
  pass(seconds: number): Promise<void>;
}

/** Name that no other run uses, valid for tables, queues and containers. */
export function uniqueName(): string {
  return `t${process.pid.toString(36)}${Math.random().toString(36).slice(2, 12)}`;
}

/** The emulator, or the account that the environment names. */
export function testConnectionString(): string {
  const connectionString = process.env["PERDURE_TEST_STORAGE"];
  if (connectionString === undefined)
    throw new Error("Set PERDURE_TEST_STORAGE, or let jest's global setup do it.");
  return connectionString;
}

export function connectTestStorage(): Storage {
  return connectStorage({ connectionString: testConnectionString() });
}

const OTHER_ETAG = `W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"`;
const HOSTILE_KEYS = [
  "it's",
  "'",
  "100%",
  "a+b c",
  "ü€😀",
  "{x}",
  "a,b=c(d)",
  "&amp;<>",
  "$batch",
  ';:@!*~^|"[]`',
];
const HOSTILE_TEXTS: readonly (readonly [string, string])[] = [
  ["JSON", '{"a":1}'],
  ["markup", '{"a":"<b>&amp; ]]> <![CDATA[x]]> &#13; \u{1f600}"}'],
  ["tabs, newlines and runs of spaces", '{\n\t"a":  "x  y"\n}'],
  ["carriage returns", '{"a":1}\r\n{"b":2}\r'],
  ["what is no JSON", "plain text"],
  ["what looks like Base64", "aGVsbG8="],
  ["spaces around", "  {} "],
  ["nothing", ""],
  ["a zero character", "{\0}"],
  ["a zero character in front", "\0a"],
  ["control characters", "{\u0001\u001f\u007f\u0085\u009f}"],
  ["the last characters of the plane", "{\ufffe\uffff}"],
  ["line separators", "{\u2028\u2029}"],
  ["half a surrogate pair", "{\ud83d}"],
  ["a byte order mark", "\ufeff{}"],
  ["much that is not ASCII", `{"x":"${"aé€😀".repeat(4800)}"}`],
];

/** The contract of `storage.ts`, for an implementation of it. */
export function describeStorage(name: string, open: () => StorageHarness): void {
  let harness: StorageHarness;
  let storage: Storage;
  beforeAll(() => {
    harness = open();
    storage = harness.storage;
  });
  afterAll(() => storage.close());

  describe(`${name}: a table`, () => {
    let table: TableStore;
    beforeAll(async () => {
      table = storage.table(uniqueName());
      await table.createIfMissing();
    });
    afterAll(() => table.deleteIfPresent());

    const insert = (row: TableRow): Promise<string> => table.write({ kind: "insert", row });

    it("is created and deleted once, without an error the second time", async () => {
      const other = storage.table(uniqueName());

      await other.createIfMissing();
      await other.createIfMissing();
      await other.deleteIfPresent();
      await other.deleteIfPresent();

      await expect(other.get("p", "r")).rejects.toThrow(BackendConfigurationError);
    });

    it("names itself in every error while it does not exist", async () => {
      const missing = uniqueName();
      const none = storage.table(missing);
      const row = { partitionKey: "p", rowKey: "r" };

      for (const request of [
        () => none.get("p", "r"),
        () => none.query({}),
        () => none.write({ kind: "insert", row }),
        () => none.write({ kind: "merge", row }),
        () => none.write({ kind: "delete", ...row }),
        () => none.transact([{ kind: "insert", row }]),
      ]) {
        const error: unknown = await request().catch((e: unknown) => e);
        expect(error).toBeInstanceOf(BackendConfigurationError);
        expect((error as Error).message).toContain(missing);
      }
    });

    it("gives back every type of value unchanged, and no column for undefined", async () => {
      const row = {
        partitionKey: "types",
        rowKey: "all",
        text: 'é😀 "quoted" \\ \n\r\t end',
        empty: "",
        long: "x".repeat(32 * 1024),
        yes: true,
        no: false,
        zero: 0,
        int32: -2147483648,
        overInt32: 2147483648,
        underInt32: -2147483649,
        time: 1893456000123,
        maxSafe: Number.MAX_SAFE_INTEGER,
        minSafe: Number.MIN_SAFE_INTEGER,
        fraction: 0.1,
        tiny: 5e-324,
        huge: 1.7976931348623157e308,
        wholeDouble: 2 ** 60,
        date: new Date(1893456000123),
        oldDate: new Date(Date.UTC(1601, 0, 1)),
        absent: undefined,
      };

      const etag = await insert(row);

      const { absent, ...written } = row;
      expect(await table.get("types", "all")).toEqual({ ...written, etag });
      expect(absent).toBeUndefined();
    });

    it.each(HOSTILE_KEYS)("keeps rows under the key %j", async (key) => {
      const row = { partitionKey: key, rowKey: key, value: key };

      const inserted = await insert(row);
      const [merged] = await table.transact([{ kind: "merge", row, etag: inserted }]);

      expect(await table.get(key, key)).toEqual({ ...row, etag: merged });
      const filter = `PartitionKey eq ${quote(key)} and value eq ${quote(key)}`;
      expect((await table.query({ filter })).rows).toEqual([{ ...row, etag: merged }]);
      await table.write({ kind: "delete", partitionKey: key, rowKey: key, etag: merged! });
      expect(await table.get(key, key)).toBeUndefined();
    });

    it("keeps large rows that are not ASCII", async () => {
      const columns = (n: number): Record<string, string> =>
        Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, name + "aé€😀".repeat(1000 * n)]));
      const row = { partitionKey: "wide", rowKey: "r", ...columns(6) };

      const etag = await insert(row);
      const [other] = await table.transact([{ kind: "insert", row: { ...row, rowKey: "s" } }]);

      expect(await table.get("wide", "r")).toEqual({ ...row, etag });
      expect(await table.get("wide", "s")).toEqual({ ...row, rowKey: "s", etag: other });
    });

    it("does not store its own etag column when a row that was read is written again", async () => {
      await insert({ partitionKey: "again", rowKey: "r", a: 1 });
      const read = (await table.get("again", "r"))!;

      const etag = await table.write({ kind: "replace", row: read, etag: read.etag });

      expect(await table.get("again", "r")).toEqual({ partitionKey: "again", rowKey: "r", a: 1, etag });
    });

    it("replaces all columns, merges some, and upserts with or without a row", async () => {
      const key = { partitionKey: "kinds", rowKey: "r" };

      await table.write({ kind: "upsert", row: { ...key, a: 1, b: 1 } });
      await table.write({ kind: "merge", row: { ...key, b: 2, c: 2 } });
      const merged = await table.get("kinds", "r");
      await table.write({ kind: "replace", row: { ...key, d: 3 } });
      const replaced = await table.get("kinds", "r");
      const etag = await table.write({ kind: "upsert", row: { ...key, e: 4 } });

      expect(merged).toMatchObject({ a: 1, b: 2, c: 2 });
      expect(replaced).toEqual({ ...key, d: 3, etag: replaced!.etag });
      expect(await table.get("kinds", "r")).toEqual({ ...key, e: 4, etag });
    });

    it("changes the ETag with every write and refuses an older one", async () => {
      const row = { partitionKey: "etags", rowKey: "r" };
      const first = await insert(row);
      const second = await table.write({ kind: "merge", row: { ...row, n: 1 }, etag: first });

      expect(second).not.toBe(first);
      await expectConflict("stale", table.write({ kind: "merge", row, etag: first }));
      await expectConflict("stale", table.write({ kind: "replace", row, etag: first }));
      await expectConflict("stale", table.write({ kind: "delete", ...row, etag: first }));
      expect(await table.get("etags", "r")).toEqual({ ...row, n: 1, etag: second });
    });

    it("tells an existing and a missing row", async () => {
      const row = { partitionKey: "conflicts", rowKey: "r" };
      const nowhere = { partitionKey: "conflicts", rowKey: "nowhere" };
      await insert(row);

      await expectConflict("exists", insert(row));
      for (const etag of [{}, { etag: OTHER_ETAG }]) {
        await expectConflict("missing", table.write({ kind: "replace", row: nowhere, ...etag }));
        await expectConflict("missing", table.write({ kind: "merge", row: nowhere, ...etag }));
        await expectConflict("missing", table.write({ kind: "delete", ...nowhere, ...etag }));
      }
    });

    it("lets one of many concurrent inserts and conditional writes win", async () => {
      const row = { partitionKey: "race", rowKey: "r" };
      const tenTimes = (write: (n: number) => Promise<string>): Promise<PromiseSettledResult<string>[]> =>
        Promise.allSettled(Array.from({ length: 10 }, (_, n) => write(n)));

      const inserts = await tenTimes((n) => insert({ ...row, n }));
      const { etag } = (await table.get("race", "r"))!;
      const replaces = await tenTimes((n) => table.write({ kind: "replace", row: { ...row, n }, etag }));

      expect(inserts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(replaces.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("writes a transaction of every kind and returns its ETags in order", async () => {
      const key = (rowKey: string): TableRow => ({ partitionKey: "tx", rowKey });
      for (const rowKey of ["b", "c", "d"]) await insert({ ...key(rowKey), old: true });

      const etags = await table.transact([
        { kind: "insert", row: { ...key("a"), n: 1 } },
        { kind: "replace", row: { ...key("b"), n: 2 } },
        { kind: "merge", row: { ...key("c"), n: 3 } },
        { kind: "delete", ...key("d") },
        { kind: "upsert", row: { ...key("e"), n: 5 } },
      ]);

      const rows = (await table.query({ filter: "PartitionKey eq 'tx'" })).rows;
      expect(rows).toEqual([
        { ...key("a"), n: 1, etag: etags[0] },
        { ...key("b"), n: 2, etag: etags[1] },
        { ...key("c"), n: 3, old: true, etag: etags[2] },
        { ...key("e"), n: 5, etag: etags[4] },
      ]);
      expect(etags[3]).toBe("");
    });

    it.each(HOSTILE_TEXTS)("carries %s, alone and in a transaction", async (_, text) => {
      const row = { partitionKey: uniqueName(), rowKey: "r", text };

      await insert(row);
      await table.transact([
        { kind: "insert", row: { ...row, rowKey: "s" } },
        { kind: "insert", row: { ...row, rowKey: "t" } },
      ]);

      for (const rowKey of ["r", "s", "t"]) {
        expect((await table.get(row.partitionKey, rowKey))?.["text"]).toBe(text);
      }
    });

    it("writes 100 rows at once", async () => {
      const operations = Array.from({ length: 100 }, (_, n) => ({
        kind: "insert" as const,
        row: { partitionKey: "hundred", rowKey: String(n).padStart(4, "0"), n },
      }));

      const etags = await table.transact(operations);

      const { rows } = await table.query({ filter: "PartitionKey eq 'hundred'" });
      expect(rows.map((row) => row["n"])).toEqual(Array.from({ length: 100 }, (_, n) => n));
      expect(rows.map(({ etag }) => etag)).toEqual(etags);
    });

    it.each<[string, StorageConflictKind, (key: TableRow) => Promise<unknown>]>([
      ["an insert meets a row", "exists", (row) => txAfterInsert(table, { kind: "insert", row })],
      [
        "a replace is stale",
        "stale",
        (row) => txAfterInsert(table, { kind: "replace", row, etag: OTHER_ETAG }),
      ],
      ["a merge is stale", "stale", (row) => txAfterInsert(table, { kind: "merge", row, etag: OTHER_ETAG })],
      [
        "a delete is stale",
        "stale",
        (row) => txAfterInsert(table, { kind: "delete", ...row, etag: OTHER_ETAG }),
      ],
      [
        "a replace misses its row",
        "missing",
        (row) => txAfterInsert(table, { kind: "replace", row: missing(row) }),
      ],
      [
        "a merge misses its row",
        "missing",
        (row) => txAfterInsert(table, { kind: "merge", row: missing(row) }),
      ],
      [
        "a delete misses its row",
        "missing",
        (row) => txAfterInsert(table, { kind: "delete", ...missing(row) }),
      ],
    ])("writes nothing of a transaction in which %s", async (_, kind, transact) => {
      const row = { partitionKey: uniqueName(), rowKey: "present", value: "before" };
      const etag = await insert(row);

      await expectConflict(kind, transact(row));

      const { rows } = await table.query({ filter: `PartitionKey eq ${quote(row.partitionKey)}` });
      expect(rows).toEqual([{ ...row, etag }]);
    });

    it("rejects a transaction that no service takes", async () => {
      const row = (rowKey: string, value = ""): TableRow => ({ partitionKey: "limits", rowKey, value });
      const inserts = (rows: readonly TableRow[]): Promise<unknown> =>
        table.transact(rows.map((each) => ({ kind: "insert", row: each })));
      const wide = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`c${n}`, "x".repeat(32 * 1024)]));

      await expectRejected(inserts([]));
      await expectRejected(inserts(Array.from({ length: 101 }, (_, n) => row(String(n)))));
      await expectRejected(inserts([row("a"), row("a")]));
      await expectRejected(inserts([row("a"), { partitionKey: "other", rowKey: "a" }]));
      await expectRejected(inserts(Array.from({ length: 10 }, (_, n) => ({ ...row(String(n)), ...wide }))));
      expect((await table.query({ filter: "PartitionKey eq 'limits'" })).rows).toEqual([]);
    });

    it("rejects values that no column holds", async () => {
      const key = { partitionKey: "values", rowKey: "r" };

      await expectRejected(insert({ ...key, value: "x".repeat(32 * 1024 + 1) }));
      await expectRejected(insert({ ...key, value: Number.NaN }));
      await expectRejected(insert({ ...key, value: Number.POSITIVE_INFINITY }));
      await expectRejected(insert({ ...key, value: new Date(Number.NaN) }));
      await expectRejected(table.get("half \ud83d", "r"));
    });

    it("answers in key order, page by page, until there is no token", async () => {
      const expected = Array.from({ length: 25 }, (_, n) => String(n).padStart(2, "0"));
      await table.transact(
        expected.map((rowKey) => ({ kind: "insert", row: { partitionKey: "pages", rowKey } })),
      );

      const sizes: number[] = [];
      const seen: string[] = [];
      let continuationToken: string | undefined;
      do {
        const token = continuationToken === undefined ? {} : { continuationToken };
        const page = await table.query({ filter: "PartitionKey eq 'pages'", pageSize: 10, ...token });
        sizes.push(page.rows.length);
        seen.push(...page.rows.map(({ rowKey }) => rowKey));
        continuationToken = page.continuationToken;
      } while (continuationToken !== undefined);

      expect(sizes).toEqual([10, 10, 5]);
      expect(seen).toEqual(expected);
    });

    it("goes on after a page whose next row was deleted", async () => {
      const row = (rowKey: string): TableRow => ({ partitionKey: "gap", rowKey });
      await table.transact(["a", "b", "c"].map((rowKey) => ({ kind: "insert", row: row(rowKey) })));
      const filter = "PartitionKey eq 'gap'";

      const first = await table.query({ filter, pageSize: 1 });
      await table.write({ kind: "delete", ...row("b") });
      const second = await table.query({ filter, continuationToken: first.continuationToken! });

      expect([first, second].map(({ rows }) => rows.map(({ rowKey }) => rowKey))).toEqual([["a"], ["c"]]);
    });

    it("refuses a continuation token that is none", async () => {
      await expect(table.query({ continuationToken: "not a token" })).rejects.toThrow(InvalidArgumentError);
    });

    it("returns only the columns asked for, and the keys", async () => {
      const etag = await insert({ partitionKey: "select", rowKey: "r", a: 1, b: "two", c: true });

      const { rows } = await table.query({ filter: "PartitionKey eq 'select'", select: ["b", "none"] });

      expect(rows).toEqual([{ partitionKey: "select", rowKey: "r", b: "two", etag }]);
    });

    describe("asked with a filter", () => {
      const time = Date.UTC(2031, 4, 5, 6, 7, 8, 9);
      const row = (n: number): TableRow => ({
        partitionKey: "filter",
        rowKey: `r${n}`,
        name: n === 2 ? "it's" : `n${n}`,
        even: n % 2 === 0,
        int: n,
        big: 1e12 + n,
        half: n / 2 + 0.25,
        at: new Date(time + n),
      });
      beforeAll(() => table.transact([0, 1, 2, 3, 4].map((n) => ({ kind: "insert", row: row(n) }))));

      it.each([
        ["name eq 'n1'", [1]],
        [`name eq ${quote("it's")}`, [2]],
        ["name ne 'n1'", [0, 2, 3, 4]],
        ["name gt 'n1'", [3, 4]],
        ["name ge 'n1' and name lt 'n4'", [1, 3]],
        ["even eq true", [0, 2, 4]],
        ["even eq false", [1, 3]],
        ["int le 1", [0, 1]],
        ["int gt -1 and int lt 2", [0, 1]],
        ["big ge 1000000000003L", [3, 4]],
        ["half gt 1.5", [3, 4]],
        [`at ge ${odataDate(time + 3)}`, [3, 4]],
        [`at lt ${odataDate(time + 1)}`, [0]],
        ["even eq true and (int eq 0 or int eq 3)", [0]],
        ["even eq true and int eq 0 or int eq 3", [0, 3]],
        ["not (int ge 1)", [0]],
        ["RowKey ge 'r3' and RowKey lt 'r9'", [3, 4]],
        ["int eq 99", []],
      ])("%s", async (filter, expected) => {
        const { rows } = await table.query({ filter: `PartitionKey eq 'filter' and (${filter})` });

        expect(rows.map(({ rowKey }) => Number(rowKey.slice(1)))).toEqual(expected);
      });

      it("rejects what is no filter", async () => {
        await expectRejected(table.query({ filter: "what is this" }));
      });
    });
  });

  describe(`${name}: a queue`, () => {
    let queue: QueueStore;
    beforeEach(async () => {
      queue = storage.queue(uniqueName());
      await queue.createIfMissing();
    });
    afterEach(() => queue.deleteIfPresent());

    it("is created and deleted once, and names itself while it does not exist", async () => {
      const missing = uniqueName();
      const none = storage.queue(missing);

      await queue.createIfMissing();
      await none.deleteIfPresent();

      for (const request of [
        () => none.put("{}", 0),
        () => none.receive(1, 1),
        () => none.update({ messageId: "m", popReceipt: "p" }, 1),
        () => none.delete({ messageId: "m", popReceipt: "p" }),
      ]) {
        await expect(request()).rejects.toThrow(missing);
      }
    });

    it.each(HOSTILE_TEXTS)("carries %s", async (_, text) => {
      await queue.put(text, 0);
      const [received] = await queue.receive(1, 30);
      await queue.update(received!, 0, `${text}+`);
      const [again] = await queue.receive(1, 30);

      expect(received!.text).toBe(text);
      expect(again!.text).toBe(`${text}+`);
    });

    it("carries 64 KiB and rejects more", async () => {
      const json = (bytes: number): string => `{"x":"${"y".repeat(bytes - 8)}"}`;

      const receipt = await queue.put(json(64 * 1024), 0);

      expect((await queue.receive(1, 30))[0]!.text).toBe(json(64 * 1024));
      await expectRejected(queue.put(json(64 * 1024 + 1), 0));
      await expectRejected(queue.update(receipt, 0, json(64 * 1024 + 1)));
      await expectRejected(queue.put("\0".repeat(64 * 1024), 0));
    });

    it("hands out messages in order, as many as asked for, and counts deliveries", async () => {
      for (const n of [1, 2, 3, 4]) await queue.put(`{"n":${n}}`, 0);

      const first = await queue.receive(3, 60);
      const rest = await queue.receive(32, 60);

      expect(first.map(({ text }) => text)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
      expect(rest.map(({ text }) => text)).toEqual(['{"n":4}']);
      expect(first.map(({ dequeueCount }) => dequeueCount)).toEqual([1, 1, 1]);
      expect(first[0]!.insertedOn % 1000).toBe(0);
      expect(await queue.receive(32, 60)).toEqual([]);
    });

    it("lets messages be seen without taking them, and counts hidden ones too", async () => {
      for (const n of [1, 2]) await queue.put(`{"n":${n},"ä":"<&>"}`, 0);
      await queue.put('{"n":3}', 600);

      const seen = await queue.peek(32);

      expect(seen.map(({ text }) => text)).toEqual(['{"n":1,"ä":"<&>"}', '{"n":2,"ä":"<&>"}']);
      expect(seen.map(({ dequeueCount }) => dequeueCount)).toEqual([0, 0]);
      expect(seen[0]!.insertedOn % 1000).toBe(0);
      expect(await queue.count()).toBe(3);
      expect(await queue.peek(1)).toHaveLength(1);
      expect((await queue.receive(32, 60)).map(({ dequeueCount }) => dequeueCount)).toEqual([1, 1]);
      expect(await queue.peek(32)).toEqual([]);
      expect(await queue.count()).toBe(3);
      await expectRejected(queue.peek(33));
    });

    it("shows a hidden message when its time has come", async () => {
      await queue.put('{"late":true}', 2);
      const early = await queue.receive(1, 1);

      await harness.pass(2);
      const [received] = await queue.receive(1, 1);
      await harness.pass(1);
      const [again] = await queue.receive(1, 1);

      expect(early).toEqual([]);
      expect(received).toMatchObject({ text: '{"late":true}', dequeueCount: 1 });
      expect(again).toMatchObject({ messageId: received!.messageId, dequeueCount: 2 });
    });

    it("updates and deletes a hidden message with the receipt of its put", async () => {
      const put = await queue.put("{}", 600);

      const updated = await queue.update(put, 0, '{"shown":true}');
      const [received] = await queue.receive(1, 60);
      const other = await queue.put("{}", 600);

      expect(updated.messageId).toBe(put.messageId);
      expect(received!.text).toBe('{"shown":true}');
      expect(await queue.delete(other)).toBe(true);
    });

    it("keeps the text and the delivery count through an update without text", async () => {
      await queue.put('{"kept":1}', 0);
      const [received] = await queue.receive(1, 60);

      await queue.update(received!, 0);

      expect((await queue.receive(1, 60))[0]).toMatchObject({ text: '{"kept":1}', dequeueCount: 2 });
    });

    it("refuses an older receipt", async () => {
      const put = await queue.put("{}", 0);
      const [received] = await queue.receive(1, 60);
      const updated = await queue.update(received!, 60);

      for (const stale of [put, received!]) {
        await expectConflict("stale", queue.update(stale, 1));
        expect(await queue.delete(stale)).toBe(false);
      }
      expect(await queue.delete(updated)).toBe(true);
    });

    it("tells a message that is gone", async () => {
      const receipt = await queue.put("{}", 0);
      await queue.delete(receipt);

      expect(await queue.delete(receipt)).toBe(false);
      await expectConflict("missing", queue.update(receipt, 1));
    });

    it("hides for up to seven days, in whole seconds", async () => {
      const week = 7 * 24 * 3600;
      const receipt = await queue.put("{}", week);

      await expectRejected(queue.put("{}", week + 1));
      await expectRejected(queue.update(receipt, week + 1));
      await expectRejected(queue.put("{}", -1));
      await expectRejected(queue.put("{}", 1.5));
      await expectRejected(queue.receive(1, 0));
      await expectRejected(queue.receive(33, 1));
      await expectRejected(queue.receive(0, 1));
      await queue.update(receipt, week);
    });
  });

  describe(`${name}: a blob container`, () => {
    let container: BlobStore;
    beforeAll(async () => {
      container = storage.container(uniqueName());
      await container.createIfMissing();
    });
    afterAll(() => container.deleteIfPresent());

    it("is created and deleted once, and names itself while it does not exist", async () => {
      const missing = uniqueName();
      const none = storage.container(missing);

      await container.createIfMissing();
      await none.deleteIfPresent();

      for (const request of [
        () => none.put("b", new Uint8Array(1)),
        () => none.get("b"),
        () => none.delete("b"),
        () => none.page(1),
        () => listed(none, ""),
      ]) {
        await expect(request()).rejects.toThrow(missing);
      }
    });

    it("gives back bytes, replaces and deletes them", async () => {
      await container.put("bytes", Uint8Array.of(0, 255, 128, 13, 10));
      const first = await container.get("bytes");
      await container.put("bytes", new Uint8Array());
      const second = await container.get("bytes");
      await container.delete("bytes");
      await container.delete("bytes");

      expect([...first!]).toEqual([0, 255, 128, 13, 10]);
      expect([...second!]).toEqual([]);
      expect(await container.get("bytes")).toBeUndefined();
    });

    it("takes many megabytes", async () => {
      const data = Buffer.alloc(12 * 1024 * 1024, "0123456789");

      await container.put("big", data);

      expect(data.equals((await container.get("big"))!)).toBe(true);
    });

    it("takes part of a buffer as it is", async () => {
      await container.put("part", new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2));

      expect([...(await container.get("part"))!]).toEqual([2, 3]);
    });

    it("lists all names page by page, each with the time of its last change", async () => {
      const own = storage.container(uniqueName());
      await own.createIfMissing();
      for (const blob of ["a/1", "a/2", "b/1"]) await own.put(blob, Buffer.from(blob));

      const first = await own.page(2);
      const last = await own.page(2, first.continuationToken);
      await own.deleteIfPresent();

      expect(first.blobs.map(({ name: blob }) => blob)).toEqual(["a/1", "a/2"]);
      expect(last.blobs.map(({ name: blob }) => blob)).toEqual(["b/1"]);
      expect(last.continuationToken).toBeUndefined();
      for (const { modifiedAt } of [...first.blobs, ...last.blobs]) expect(modifiedAt % 1000).toBe(0);
      expect(first.blobs[0]!.modifiedAt).toBeGreaterThan(0);
    });

    it("lists names by prefix, in order, whatever they hold", async () => {
      const names = ["n/a b", "n/c/d", "n/it's%+?#&", "n/{x}", "n/ü😀"];
      for (const blob of [...names, "other"]) await container.put(blob, Buffer.from(blob));

      expect(await listed(container, "n/")).toEqual(names);
      for (const blob of names) expect(Buffer.from((await container.get(blob))!).toString()).toBe(blob);
    });
  });
}

function missing(row: TableRow): TableRow {
  return { ...row, rowKey: "missing" };
}

/** A transaction that would insert a row and then does the operation. */
function txAfterInsert(table: TableStore, operation: Parameters<TableStore["write"]>[0]): Promise<unknown> {
  const { partitionKey } = operation.kind === "delete" ? operation : operation.row;
  return table.transact([{ kind: "insert", row: { partitionKey, rowKey: "new" } }, operation]);
}

async function listed(container: BlobStore, prefix: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const blob of container.list(prefix)) names.push(blob);
  return names;
}

async function expectConflict(kind: StorageConflictKind, request: Promise<unknown>): Promise<void> {
  const error: unknown = await request.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(StorageConflict);
  expect((error as StorageConflict).kind).toBe(kind);
}

async function expectRejected(request: Promise<unknown>): Promise<void> {
  await expect(request).rejects.toThrow(StorageRejectedError);
}
