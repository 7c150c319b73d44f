/**
 * A few seeds of the simulation, for every run of the tests. `npm run test:simulation` runs thousands, and
 * `npm run test:planted` shows that it finds bugs that are planted.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { plantedBugs } from "./simulation/planted-bugs";
import { explain, shrink } from "./simulation/shrink";
import { simulate } from "./simulation/simulate";

const SEEDS = 30;
/** Seeds that once found a bug. */
const KEPT = [
  60, // a deletion that failed
  115, // a suspend that came after its resume
  727, // a message whose blob a paused owner looked for too late
  1996, // an owner that deleted its successor's anchor
];
const ROOT = path.resolve(__dirname, "../../..");

describe("the protocol on simulated storage", () => {
  it.each([...Array.from({ length: SEEDS }, (_, index) => index + 1), ...KEPT])(
    "loses nothing and repeats nothing, seed %i",
    async (seed) => {
      const outcome = await simulate(seed);

      if (outcome.violations.length > 0) throw new Error(explain(await shrink(outcome)));
      expect(outcome.checks).toBeGreaterThan(5);
    },
    60_000,
  );

  it("does the same for the same seed", async () => {
    const [first, second] = [await simulate(3), await simulate(3)];

    expect(second.requests).toBe(first.requests);
    expect(second.struck).toEqual(first.struck);
  });

  it("knows bugs that can still be planted", () => {
    expect(plantedBugs.length).toBeGreaterThanOrEqual(10);
    for (const { name, changes } of plantedBugs) {
      for (const { file, find } of changes) {
        const found = readFileSync(path.join(ROOT, file), "utf8").split(find).length - 1;
        expect({ name, find, found }).toEqual({ name, find, found: 1 });
      }
    }
  });
});
