/** Half a surrogate pair in a key or a filter, which differential runs have found to come through. */
import { VirtualClock } from "@perdure/core";
import { StorageRejectedError } from "../../src/storage/storage-errors";
import type { Storage, TableRow, TableStore } from "../../src/storage/storage";
import { SimulatedStorage } from "../simulated-storage";
import { connectTestStorage, uniqueName } from "./describe-storage";

const HALF = "half \ud83d";

describe.each<[string, () => Storage]>([
  ["The simulated storage", () => new SimulatedStorage(new VirtualClock())],
  ["Azure Storage", connectTestStorage],
])("%s", (_, open) => {
  let storage: Storage;
  let table: TableStore;
  beforeAll(async () => {
    storage = open();
    table = storage.table(uniqueName());
    await table.createIfMissing();
  });
  afterAll(async () => {
    await table.deleteIfPresent();
    await storage.close();
  });

  it.each<[string, TableRow]>([
    ["partition key", { partitionKey: HALF, rowKey: "r" }],
    ["row key", { partitionKey: "p", rowKey: HALF }],
  ])("rejects an insert with half a character in its %s, alone and in a transaction", async (__, row) => {
    await expect(table.write({ kind: "insert", row })).rejects.toThrow(StorageRejectedError);
    await expect(table.transact([{ kind: "insert", row }])).rejects.toThrow(StorageRejectedError);

    expect((await table.query({})).rows).toEqual([]);
  });

  it("rejects a filter with half a character", async () => {
    await expect(table.query({ filter: `Name eq '${HALF}'` })).rejects.toThrow(StorageRejectedError);
  });
});
