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

/** The format of what is recorded now. */
const VERSION = "0.3";

/** Takes out of a checkpoint what a former format did not have. */
const FORMER: Readonly<Record<string, (checkpoint: Plain) => Plain>> = {
  "0.1": ({ state: { nextTimerAt: _next, awaitedEvents: _awaited, ...state }, events, ...rest }) => ({
    ...rest,
    state,
    events: events.filter(({ type, messageId }) => type !== "TimerCancelled" || messageId !== undefined),
  }),
  "0.2": ({ state: { awaitedEvents: _awaited, ...state }, ...rest }) => ({ ...rest, state }),
};

interface GoldenTurn {
  readonly code: string;
  readonly now: number;
  readonly messages: readonly TaskMessage[];
  readonly checkpoint: Plain | null;
}

type Plain = Omit<Checkpoint, "localActivities">;

const recordings = [...Object.keys(FORMER), VERSION].flatMap((version) =>
  Object.entries(cases)
    .filter(([, { since }]) => since <= version)
    .map(([name, golden]) => ({ version, name, golden })),
);

describe.each(recordings)("the history of $name, recorded by $version", ({ version, name, golden }) => {
  const file = join(__dirname, "golden", `${version}-${name}.json`);
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

      const comparable = plain(checkpoint);
      expect(comparable && (FORMER[version]?.(comparable) ?? comparable)).toEqual(turn.checkpoint);
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
