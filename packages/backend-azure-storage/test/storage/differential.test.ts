/**
 * The simulated storage against the emulator: the same operations, drawn at random, must have the same answers. Other
 * tests believe the model; this one is why they may.
 *
 * `npm run test:differential` makes 20,000 operations; PERDURE_DIFFERENTIAL_OPERATIONS asks for another number,
 * PERDURE_DIFFERENTIAL_SEED for others.
 */
import { VirtualClock } from "@perdure/core";
import type { Storage } from "../../src/storage/storage";
import { SimulatedStorage } from "../simulated-storage";
import { connectTestStorage, uniqueName } from "./describe-storage";
import { BlobOperations } from "./differential-blobs";
import { Lane, type Tally } from "./differential-lane";
import type { OperationSource } from "./differential-operation";
import { QueueOperations } from "./differential-queues";
import { Random } from "../support/random";
import { TableOperations } from "./differential-tables";

const OPERATIONS = Number(process.env["PERDURE_DIFFERENTIAL_OPERATIONS"] ?? 4000);
const SEED = Number(process.env["PERDURE_DIFFERENTIAL_SEED"] ?? 1);

type Kind = "tables" | "tables with the empty key" | "queues" | "blobs";

/** Lanes go on side by side, each with its part of the operations on resources of its own. */
const LANES: readonly { readonly kind: Kind; readonly part: number }[] = [
  { kind: "tables with the empty key", part: 0.13 },
  ...Array.from({ length: 3 }, () => ({ kind: "tables" as const, part: 0.13 })),
  ...Array.from({ length: 6 }, () => ({ kind: "queues" as const, part: 0.07 })),
  { kind: "blobs", part: 0.06 },
];

describe("The simulated storage", () => {
  it(
    `answers ${OPERATIONS} operations as the emulator does (seed ${SEED})`,
    async () => {
      const emulator = connectTestStorage();
      const tally: Tally = { operations: new Map(), allowed: new Map() };
      const names: string[] = [];
      const stop = new AbortController();

      const lanes = LANES.map(async ({ kind, part }, index) => {
        const own = [uniqueName(), uniqueName()];
        names.push(...own);
        const clock = new VirtualClock();
        const model = new SimulatedStorage(clock);
        const seed = SEED * 100 + index;
        const source = sourceOf(kind, new Random(seed), own, model);
        const lane = new Lane({
          name: `${kind} ${index}`,
          seed: SEED,
          emulator,
          model,
          clock,
          source,
          tally,
        });
        await lane.run(Math.ceil(OPERATIONS * part), stop.signal).catch((error: unknown) => {
          stop.abort();
          throw error;
        });
      });
      const results = await Promise.allSettled(lanes);
      await removeAll(emulator, names);
      await emulator.close();

      process.stdout.write(`${summary(tally, results)}\n`);
      expect(results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []))).toEqual([]);
      expect(total(tally.operations)).toBeGreaterThanOrEqual(OPERATIONS);
    },
    120_000 + OPERATIONS * 30,
  );
});

function sourceOf(
  kind: Kind,
  random: Random,
  names: readonly string[],
  model: SimulatedStorage,
): OperationSource {
  if (kind === "queues") return new QueueOperations(random, names, model);
  if (kind === "blobs") return new BlobOperations(random, names);
  return new TableOperations(random, names, kind === "tables with the empty key");
}

async function removeAll(storage: Storage, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await storage.table(name).deleteIfPresent();
    await storage.queue(name).deleteIfPresent();
    await storage.container(name).deleteIfPresent();
  }
}

function summary({ operations, allowed }: Tally, results: readonly PromiseSettledResult<void>[]): string {
  const differences = results.filter(({ status }) => status === "rejected").length;
  const parts = [`${total(operations)} operations`, listed(operations), `differences ${differences}`];
  return `Differential: ${parts.join("; ")}${allowed.size > 0 ? `; allowed: ${listed(allowed)}` : ""}`;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
