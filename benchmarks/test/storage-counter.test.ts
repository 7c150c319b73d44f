import type { StorageRequest } from "@perdure/backend-azure-storage";
import {
  StorageCounter,
  difference,
  isPolling,
  kindOf,
  only,
  sum,
  totalOf,
} from "../src/hubs/storage-counter";

const commit: StorageRequest = { service: "table", operation: "transaction", resource: "BenchHistory" };
const poll: StorageRequest = { service: "queue", operation: "receiveMessages", resource: "bench-control-03" };

describe("kindOf", () => {
  it.each([
    [commit, "History transaction"],
    [poll, "control receiveMessages"],
    [{ service: "queue", operation: "putMessage", resource: "bench-workitems" }, "workitems putMessage"],
    [{ service: "blob", operation: "putBlob", resource: "other" }, "other putBlob"],
  ] as const)("names %j by its part of the hub: %s", (request, kind) => {
    expect(kindOf(request, "Bench")).toBe(kind);
  });
});

describe("StorageCounter", () => {
  it("counts every request by kind", () => {
    const counter = new StorageCounter("Bench");
    for (const request of [commit, poll, commit]) counter.count(request);

    expect(counter.now()).toEqual({ "History transaction": 2, "control receiveMessages": 1 });
  });

  it("does not change counts it has given out", () => {
    const counter = new StorageCounter("Bench");
    const before = counter.now();
    counter.count(commit);

    expect(before).toEqual({});
    expect(difference(counter.now(), before)).toEqual({ "History transaction": 1 });
  });
});

describe("counts", () => {
  const counts = { "History transaction": 5, "control receiveMessages": 3, "Partitions transaction": 1 };

  it("differ by what was added, kinds without change left out", () => {
    expect(difference({ ...counts, "History getRow": 2 }, { ...counts, "History transaction": 1 })).toEqual({
      "History transaction": 4,
      "History getRow": 2,
    });
  });

  it("are added kind by kind", () => {
    expect(sum(counts, { "History transaction": 1, "History getRow": 1 })).toEqual({
      ...counts,
      "History transaction": 6,
      "History getRow": 1,
    });
  });

  it("are polling when they look for work or renew leases", () => {
    expect(only(counts, isPolling)).toEqual({ "control receiveMessages": 3, "Partitions transaction": 1 });
    expect(totalOf(counts)).toBe(9);
  });
});
