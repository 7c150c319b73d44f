import { LiveInstance, Registry } from "@perdure/core";
import type { HistoryEvent } from "@perdure/core";
import { LiveInstances } from "../src/live-instances";

const registry = new Registry([], []);

function live(instanceId: string, payload = ""): { instance: LiveInstance; version: object } {
  const history: HistoryEvent[] = [{ type: "EventRaised", timestamp: 1, name: "e", input: payload }];
  return { instance: new LiveInstance(registry, instanceId, { history }), version: {} };
}

describe("LiveInstances", () => {
  it("forgets what was used least recently when there are too many", () => {
    const cache = new LiveInstances(2, Number.MAX_SAFE_INTEGER);
    cache.keep(live("a"));
    cache.keep(live("b"));
    cache.keep(cache.take("a")!);
    cache.keep(live("c"));

    expect(cache.take("b")).toBeUndefined();
    expect(cache.take("a")).toBeDefined();
    expect(cache.take("c")).toBeDefined();
  });

  it("forgets the oldest when they weigh too much, and what weighs too much alone at once", () => {
    const heavy = live("heavy", "x".repeat(100_000));
    const cache = new LiveInstances(100, 150_000);
    for (const id of ["a", "b", "c"]) cache.keep(live(id));

    cache.keep(heavy);

    expect(heavy.instance.weight).toBeGreaterThan(200_000);
    expect(cache.size).toBe(0);
  });

  it("counts the weight of what is taken out no more", () => {
    const cache = new LiveInstances(100, 3 * live("a").instance.weight);
    for (let round = 0; round < 10; round++) {
      for (const id of ["a", "b", "c"]) cache.keep(live(id));
      expect(cache.size).toBe(3);
      for (const id of ["a", "b", "c"]) cache.take(id);
    }
  });
});
