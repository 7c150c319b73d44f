import { defineActivity, defineOrchestration } from "perdure";
import type { Workload } from "./workload";

const increment = defineActivity("increment", (_ctx, value: number) => value + 1);

const helloSequence = defineOrchestration("hello-sequence", function* (ctx, activities: number) {
  let value = 0;
  for (let i = 0; i < activities; i++) value = yield* ctx.callActivity(increment, value);
  return value;
});

export const helloWorkload: Workload = {
  name: "hello",
  description: "three trivial activities in sequence",
  orchestration: helloSequence,
  activities: [increment],
  steps: [
    { inFlight: 1, orchestrations: 100, warmUp: 20, activitiesEach: 3 },
    { inFlight: 10, orchestrations: 400, warmUp: 40, activitiesEach: 3 },
    { inFlight: 100, orchestrations: 1000, warmUp: 100, activitiesEach: 3 },
  ],
  expected: (activities) => activities,
};
