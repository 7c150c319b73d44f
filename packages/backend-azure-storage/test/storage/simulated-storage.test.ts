import { BackendConfigurationError, StorageUnavailableError, VirtualClock } from "@perdure/core";
import { StorageRejectedError } from "../../src/storage/storage-errors";
import type { TableRow, TableStore } from "../../src/storage/storage";
import { SimulatedStorage, type SimulatedStorageOptions } from "../simulated-storage";

const START = Date.UTC(2030, 0, 1);

async function open(options: SimulatedStorageOptions = {}): Promise<{
  readonly clock: VirtualClock;
  readonly storage: SimulatedStorage;
  readonly table: TableStore;
}> {
  const clock = new VirtualClock(START);
  const storage = new SimulatedStorage(clock, options);
  const setup = storage.connect();
  await setup.table("t").createIfMissing();
  await setup.queue("q").createIfMissing();
  return { clock, storage, table: storage.table("t") };
}

const row = (rowKey: string): TableRow => ({ partitionKey: "p", rowKey });

describe("SimulatedStorage", () => {
  it("counts requests and passes them to both hooks", async () => {
    const { storage, table } = await open();
    const seen: string[] = [];
    storage.beforeRequest = ({ number, operation, resource, key }) =>
      void seen.push(`${number} ${operation} ${resource} ${key}`);
    storage.afterRequest = ({ number }) => void seen.push(`${number} done`);

    await table.write({ kind: "insert", row: row("r") });
    await table.transact([{ kind: "upsert", row: row("r") }]);
    await storage.queue("q").put("{}", 0);

    expect(seen).toEqual([
      "1 writeRow t p/r",
      "1 done",
      "2 transaction t p",
      "2 done",
      "3 putMessage q ",
      "3 done",
    ]);
    expect(storage.requests).toBe(3);
    expect(storage.requestsOf("transaction")).toBe(1);
    expect(storage.requestsOf("getRow")).toBe(0);
  });

  it("does nothing of a request that is refused before", async () => {
    const { storage, table } = await open();
    storage.beforeRequest = () => {
      throw new StorageUnavailableError("busy");
    };

    await expect(table.write({ kind: "insert", row: row("r") })).rejects.toThrow("busy");

    expect(storage.snapshot().tables["t"]).toEqual([]);
    expect(storage.requests).toBe(1);
  });

  it("does all of a request whose answer is lost", async () => {
    const { storage, table } = await open();
    storage.afterRequest = () => Promise.reject(new StorageUnavailableError("lost"));

    await expect(table.write({ kind: "insert", row: row("r") })).rejects.toThrow("lost");

    expect(storage.snapshot().tables["t"]).toMatchObject([row("r")]);
  });

  it("holds a request back while a hook waits", async () => {
    const { storage, table } = await open();
    let letGo: (() => void) | undefined;
    storage.beforeRequest = () => new Promise<void>((resolve) => (letGo = resolve));
    const written = table.write({ kind: "insert", row: row("r") });
    await new Promise(setImmediate);
    const before = storage.snapshot().tables["t"];

    letGo!();
    await written;

    expect(before).toEqual([]);
    expect(storage.snapshot().tables["t"]).toHaveLength(1);
  });

  it("gives every connection its own hooks and count, and one storage", async () => {
    const { storage, table } = await open();
    const killed = storage.connect({ beforeRequest: () => new Promise(() => undefined) });

    void killed.table("t").write({ kind: "insert", row: row("never") });
    await table.write({ kind: "insert", row: row("r") });

    expect(killed.snapshot()).toEqual(storage.snapshot());
    expect(killed.snapshot().tables["t"]).toHaveLength(1);
    expect([killed.requests, storage.requests]).toEqual([1, 1]);
  });

  it("counts no request for what a client refuses by itself", async () => {
    const { storage, table } = await open();

    await expect(table.transact([])).rejects.toThrow(StorageRejectedError);
    await expect(table.write({ kind: "insert", row: { ...row("r"), n: Number.NaN } })).rejects.toThrow(Error);
    await expect(storage.queue("q").put("x".repeat(64 * 1024), 0)).rejects.toThrow(StorageRejectedError);

    expect(storage.requests).toBe(0);
  });

  it("gives the same storage for the same calls", async () => {
    const run = async (): Promise<unknown> => {
      const { storage, table } = await open();
      await table.write({ kind: "insert", row: row("r") });
      await storage.queue("q").put("{}", 5);
      await storage.queue("q").receive(1, 5);
      return storage.snapshot();
    };

    expect(await run()).toEqual(await run());
  });

  it("takes no time and no turn of the event loop", async () => {
    const { clock, storage, table } = await open();
    let turned = false;
    const turn = setImmediate(() => (turned = true));

    await table.get("p", "r");
    await storage.queue("q").receive(1, 1);

    clearImmediate(turn);
    expect(turned).toBe(false);
    expect(clock.now()).toBe(START);
  });

  it("shows messages, hidden ones too, with the moment they appear", async () => {
    const { clock, storage } = await open();
    clock.jumpTo(START + 999);

    await storage.queue("q").put("{}", 10);

    expect(storage.snapshot().queues["q"]).toMatchObject([
      { text: "{}", insertedOn: START, visibleAt: START + 10_000, dequeueCount: 0 },
    ]);
  });

  it("cuts visibility off to whole seconds, so that a message shows early and never late", async () => {
    const { clock, storage } = await open();
    const queue = storage.queue("q");
    clock.jumpTo(START + 999);
    await queue.put("{}", 2);

    clock.jumpTo(START + 1999);
    const early = await queue.receive(1, 1);
    clock.jumpTo(START + 2000);
    const due = await queue.receive(1, 1);

    expect([early.length, due.length]).toEqual([0, 1]);
  });

  it("hands messages out by the moment they appear, then by insertion", async () => {
    const { clock, storage } = await open();
    const queue = storage.queue("q");
    for (const [name, delay] of [
      ["c", 3],
      ["a", 1],
      ["b", 1],
    ] as const)
      await queue.put(`{"n":"${name}"}`, delay);
    clock.jumpTo(START + 5000);
    await queue.put('{"n":"d"}', 0);

    const texts = (await queue.receive(32, 1)).map(({ text }) => text);

    expect(texts).toEqual(["a", "b", "c", "d"].map((name) => `{"n":"${name}"}`));
  });

  it("makes empty pages with tokens when it may look at few rows for one", async () => {
    const { table } = await open({ rowsScannedPerPage: 2 });
    await table.transact(["a", "b", "c", "d", "e"].map((rowKey) => ({ kind: "insert", row: row(rowKey) })));
    const pages: (readonly string[])[] = [];

    let continuationToken: string | undefined;
    do {
      const filter = "RowKey eq 'e'";
      const page = await table.query(
        continuationToken === undefined ? { filter } : { filter, continuationToken },
      );
      pages.push(page.rows.map(({ rowKey }) => rowKey));
      continuationToken = page.continuationToken;
    } while (continuationToken !== undefined);

    expect(pages).toEqual([[], [], ["e"]]);
  });

  it("makes pages of at most 1000 rows", async () => {
    const { table } = await open();
    for (let n = 0; n < 11; n++) {
      const rows = Array.from({ length: 100 }, (_, m) => row(String(n * 100 + m).padStart(5, "0")));
      await table.transact(rows.map((each) => ({ kind: "insert", row: each })));
    }

    const first = await table.query({});
    const second = await table.query({ continuationToken: first.continuationToken! });

    expect([first.rows.length, second.rows.length]).toEqual([1000, 100]);
    await expect(table.query({ pageSize: 1001 })).rejects.toThrow(StorageRejectedError);
  });

  it.each<[string, TableRow]>([
    ["a row over 1 MiB", { ...row("r"), ...wide(17) }],
    [
      "too many columns",
      { ...row("r"), ...Object.fromEntries(Array.from({ length: 253 }, (_, n) => [`c${n}`, n])) },
    ],
    ["a column name that is no identifier", { ...row("r"), "not a name": 1 }],
    ["a slash in a key", row("a/b")],
    ["a control character in a key", row("a\u0085b")],
    ["a long key", row("k".repeat(513))],
  ])("refuses %s, as the service does and the emulator may not", async (_, refused) => {
    const { table } = await open();

    await expect(table.write({ kind: "insert", row: refused })).rejects.toThrow(StorageRejectedError);
    await table.write({ kind: "insert", row: { ...row("r"), ...wide(15) } });
  });

  it("has only what was created and not deleted", async () => {
    const { storage } = await open();
    await storage.container("c").createIfMissing();
    await storage.container("c").put("b", Uint8Array.of(1));
    const before = storage.snapshot();

    await storage.table("t").deleteIfPresent();
    await storage.queue("q").deleteIfPresent();
    await storage.container("c").deleteIfPresent();
    await expect(storage.queue("none").put("{}", 0)).rejects.toThrow(BackendConfigurationError);

    expect(before).toEqual({ tables: { t: [] }, queues: { q: [] }, containers: { c: ["b"] } });
    expect(storage.snapshot()).toEqual({ tables: {}, queues: {}, containers: {} });
  });
});

function wide(columns: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: columns }, (_, n) => [`c${n}`, "x".repeat(32 * 1024)]));
}
