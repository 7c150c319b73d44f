import { VirtualClock, silentLogger } from "@perdure/core";
import type { ActivityMessage, TaskMessage } from "@perdure/core";
import type { ActivityRunner } from "../src/activity-runner";
import { LocalActivities } from "../src/local-activities";
import { Semaphore } from "../src/semaphore";

const message = { id: "1", name: "slow", executionId: "e" } as unknown as ActivityMessage;

describe("activities that have been handed over", () => {
  it("no longer ask for a slot, however many sessions had some", async () => {
    const clock = new VirtualClock();
    const slots = new Semaphore(1);
    let end = (): void => {};
    const run = (): Promise<TaskMessage> =>
      new Promise((resolve) => (end = () => resolve({} as TaskMessage)));
    const runner = { knows: () => true, run } as unknown as ActivityRunner;
    let handedOver = 0;
    const sessions = Array.from({ length: 8000 }, () => {
      const handOver = async (late: readonly ActivityMessage[]): Promise<void> =>
        void (handedOver += late.length);
      return new LocalActivities(
        { runner, activitySlots: slots, clock, logger: silentLogger },
        handOver,
        () => {},
      );
    });
    for (const session of sessions) session.start([message]);
    while (handedOver < 7999 && clock.wakeNext()) await new Promise(setImmediate);

    end();
    await new Promise(setImmediate);

    expect(handedOver).toBe(7999);
    expect(slots.free).toBe(1);
  });
});
