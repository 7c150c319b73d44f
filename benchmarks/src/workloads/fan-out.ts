import { defineActivity, defineOrchestration } from "perdure";
import type { Workload } from "./workload";

const square = defineActivity("square", (_ctx, value: number) => value * value);

const fanOut = defineOrchestration("fan-out", function* (ctx, activities: number) {
  const tasks = Array.from({ length: activities }, (_, i) => ctx.callActivity(square, i));
  const squares = yield* ctx.all(tasks);
  return squares.reduce((sum, value) => sum + value, 0);
});

export const fanOutWorkload: Workload = {
  name: "fan-out",
  description: "one orchestration at a time that starts trivial activities all at once and waits for all",
  orchestration: fanOut,
  activities: [square],
  steps: [
    { inFlight: 1, orchestrations: 10, warmUp: 2, activitiesEach: 100 },
    { inFlight: 1, orchestrations: 1, warmUp: 0, activitiesEach: 1000 },
  ],
  expected: (activities) => ((activities - 1) * activities * (2 * activities - 1)) / 6,
};
