import type { Finding } from "@perdure/core";
import type { HubOptions } from "../harness";
import { rows } from "./rows";
import type { Row } from "./rows";
import { Stage } from "./stage";
import type { Planter, TroubleHarness } from "./planter";

const LOCK_MS = { virtual: 60_000, real: 6000 };
const CLEANUP_MS = 15_000;

/** Registers the tests that plant troubles: what `explain` says of each, what `doctor` finds, and what mends it. */
export function describeTroubles(name: string, harness: TroubleHarness): void {
  const { time, timeoutMs = 30_000, skips = {} } = harness;
  const options: HubOptions = { lockMs: harness.lockMs ?? LOCK_MS[time], maxDeliveryCount: 3 };
  const test = time === "real" ? it.concurrent : it;
  describe(`troubles, ${name}`, () => {
    for (const [title, row] of Object.entries(rows)) {
      const reason = skips[title];
      if (reason !== undefined) it.skip(`${title} (skipped: ${reason})`, () => undefined);
      else test(title, () => play(row, harness, options), timeoutMs + CLEANUP_MS);
    }
    it("is asked to skip only rows that exist", () => {
      expect(Object.keys(skips).filter((skipped) => !(skipped in rows))).toEqual([]);
    });
  });
}

async function play(row: Row, harness: TroubleHarness, options: HubOptions): Promise<void> {
  const hub = await harness.open(options);
  const stage = new Stage(hub, harness.time, options);
  try {
    assertPlantable(row, hub.planter);
    await diagnose(row, stage);
  } finally {
    await stage.scene.end();
    await hub.dispose();
  }
}

async function diagnose(row: Row, stage: Stage): Promise<void> {
  const instanceId = await row.plant(stage);
  if (row.code) await stage.work(row.code);
  await stage.scene.pass(stage.graceMs + 100);

  if (row.explains) {
    const { verdict, next = /./, ...parts } = row.explains;
    const explanation = await stage.explain(instanceId);
    expect(explanation).toMatchObject({ instanceId, ...parts });
    expect(explanation.verdict).toMatch(verdict);
    expect(explanation.next).toMatch(next);
    expect(JSON.parse(JSON.stringify(explanation))).toMatchObject({ instanceId });
  }

  const found = await stage.doctor();
  expect(found).toMatchObject(row.finds);
  expect(found).toHaveLength(row.finds.length);
  expect(found.filter(({ fix }) => fix)).toEqual([]);
  if (stage.scene.time === "virtual") expect(await kindsFound(stage)).toEqual(found.map(({ kind }) => kind)); // looking has changed nothing

  if (row.fixes) {
    const { fixes } = row;
    const fixed = await stage.doctor(true);
    expect(fixed).toHaveLength(row.finds.length);
    for (const { fix } of fixed) {
      expect(fix).toMatchObject({ done: true });
      expect(fix?.message).toMatch(fixes);
    }
  }
  await row.mend?.(stage, instanceId);

  if (row.returns !== undefined) {
    const { output } = await stage.scene.until("its completion", async () => {
      const snapshot = await stage.client.get(instanceId);
      return snapshot?.status === "Completed" && snapshot; // it may still be Failed, and about to be rewound
    });
    expect(output).toEqual(row.returns);
  }
  await row.heals?.(stage);
  await stage.scene.pass(stage.graceMs + 100);
  expect(await stage.doctor()).toEqual([]);
}

async function kindsFound(stage: Stage): Promise<readonly Finding["kind"][]> {
  return (await stage.doctor()).map(({ kind }) => kind);
}

function assertPlantable({ needs }: Row, planter: Planter): void {
  if (needs === undefined) return;
  if (needs === "occupy" ? "occupy" in planter : needs in planter.orphans) return;
  throw new Error(`Nothing plants '${needs}' here: skip the row, with a reason.`);
}
