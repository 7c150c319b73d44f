import type { TaskMessage } from "@perdure/core";
import { TimerLateness } from "../src/timer-lateness";

function fired(fireAt: number): TaskMessage {
  return { id: "e/0", instanceId: "i", event: { type: "TimerFired", timestamp: 0, timerId: 0, fireAt } };
}

describe("TimerLateness", () => {
  it("I6: tells how late timers were, in milliseconds", () => {
    const lateness = new TimerLateness();
    expect(lateness.report).toEqual({ count: 0, mean: 0, p50: 0, p99: 0, max: 0 });

    for (let late = 0; late < 100; late++) lateness.note([fired(1000 - late)], 1000);
    lateness.note(
      [{ id: "x", instanceId: "i", event: { type: "EventRaised", timestamp: 0, name: "e" } }],
      9000,
    );

    const { count, mean, p50, p99, max } = lateness.report;
    expect(count).toBe(100);
    expect(mean).toBeCloseTo(49.5, 0);
    expect(Math.abs(p50 - 49.5)).toBeLessThanOrEqual(2);
    expect(Math.abs(p99 - 98)).toBeLessThanOrEqual(2);
    expect(Math.abs(max - 99)).toBeLessThanOrEqual(2);
  });
});
