/**
 * Recorded lives of instances, replayed for ever: each turn is run from what was stored before it and must give the
 * checkpoint that was recorded. Stack traces are not recorded.
 *
 * A new case is recorded by running these tests with PERDURE_RECORD_GOLDEN=1; a recorded one is never written again.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Checkpoint, LoadedInstance, TaskMessage } from "../src";
import { cases } from "./golden/cases";
import type { GoldenCase } from "./golden/cases";
import { TestInstance, withoutStacks } from "./support/test-instance";

/** The version that recorded it. */
const VERSION = "0.1";

interface GoldenTurn {
  readonly code: string;
  readonly now: number;
  readonly messages: readonly TaskMessage[];
  readonly checkpoint: Omit<Checkpoint, "localActivities"> | null;
}

describe.each(Object.entries(cases))("the recorded history of %s", (name, golden) => {
  const file = join(__dirname, "golden", `${VERSION}-${name}.json`);
  if (process.env["PERDURE_RECORD_GOLDEN"] && !existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(record(golden), null, 2)}\n`);
  }
  const turns = JSON.parse(readFileSync(file, "utf8")) as readonly GoldenTurn[];

  it("replays turn by turn, cold and hot", () => {
    const code = (name: string): NonNullable<(typeof golden.code)[string]> => golden.code[name] ?? [];
    let deployed = turns[0]?.code ?? "";
    const instance = new TestInstance(code(deployed));

    for (const turn of turns) {
      if (turn.code !== deployed) instance.deploy(...code((deployed = turn.code)));
      instance.now = turn.now;

      const { checkpoint } = instance.deliver(...turn.messages);

      expect(plain(checkpoint)).toEqual(turn.checkpoint);
    }
    expect(["Completed", "Failed"]).toContain(instance.status);
  });
});

/** Turns as they are run, each with what came of it. */
function record(golden: GoldenCase): readonly GoldenTurn[] {
  const turns: GoldenTurn[] = [];
  let instance: TestInstance | undefined;
  let stored: LoadedInstance | undefined;
  golden.record((code) => {
    if (instance) stored = instance.stored;
    const { now } = instance ?? {};
    const deployed = new TestInstance(golden.code[code] ?? [], now === undefined ? {} : { now }, stored);
    if (instance) for (const [id, message] of instance.sent) deployed.sent.set(id, message);
    instance = deployed;
    const deliver = deployed.deliver.bind(deployed);
    deployed.deliver = (...messages) => {
      const plainMessages = withoutStacks(messages) as TaskMessage[];
      const turn = deliver(...plainMessages);
      turns.push({ code, now: deployed.now, messages: plainMessages, checkpoint: plain(turn.checkpoint) });
      return turn;
    };
    return deployed;
  });
  return turns;
}

function plain(checkpoint: Checkpoint | undefined): GoldenTurn["checkpoint"] {
  if (!checkpoint) return null;
  const { localActivities, ...rest } = checkpoint;
  return JSON.parse(JSON.stringify(withoutStacks(rest))) as GoldenTurn["checkpoint"];
}
