import { VirtualClock } from "@perdure/core";
import type { TestHub } from "../src";
import { Scene } from "../src/scene";

/** A hub whose backend has nothing to give. */
function emptyScene(clock: VirtualClock): Scene {
  const aborted = async (signal: AbortSignal): Promise<void> => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const backend = {
    orchestrations: { lockNext: (signal: AbortSignal) => aborted(signal) },
    activities: { lockNext: (_: number, signal: AbortSignal) => aborted(signal).then(() => []) },
  };
  return new Scene({ backend, clock } as unknown as TestHub, "virtual", { lockMs: 1000 });
}

async function run<T>(clock: VirtualClock, action: Promise<T>): Promise<T> {
  let done = false;
  void action.catch(() => undefined).finally(() => (done = true));
  while (!done) {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    clock.wakeNext();
  }
  return action;
}

describe("Scene", () => {
  let clock: VirtualClock;
  let scene: Scene;

  beforeEach(() => {
    clock = new VirtualClock();
    scene = emptyScene(clock);
  });

  afterEach(() => expect(clock.nextDue).toBeUndefined());

  it("fails when what must come does not", async () => {
    await expect(run(clock, scene.lock())).rejects.toThrow("No session came");
    await expect(run(clock, scene.lockActivity())).rejects.toThrow("No activity came");
    await expect(
      run(
        clock,
        scene.until("a miracle", () => false),
      ),
    ).rejects.toThrow("a miracle");
  });

  it("looks until it finds", async () => {
    let looks = 0;

    expect(
      await run(
        clock,
        scene.until("the third look", () => ++looks === 3 && "found"),
      ),
    ).toBe("found");
  });

  it("ends what was begun, the last first", async () => {
    const ended: number[] = [];
    scene.onEnd(async () => void ended.push(1));
    scene.onEnd(async () => void ended.push(2));

    await scene.end();
    await scene.end();

    expect(ended).toEqual([2, 1]);
  });
});
