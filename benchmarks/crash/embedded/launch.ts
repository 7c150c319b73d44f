import { Client, defineActivity, defineOrchestration } from "perdure";
import type { Random } from "../random";
import type { Extras } from "../run-worker";
import type { Run } from "../scenarios/run";
import { hello, helloKeys, helloResult } from "./hello";
import type { HelloInput } from "./hello";

const NAME = "launch-and-wait";

/** Starts another instance by an activity: in a process that may own it, and that may die. */
const launch = defineOrchestration("launch", function* (ctx, input: HelloInput) {
  return yield* ctx.callActivity<number>(NAME, input);
});

export function planLaunch(instanceId: string, random: Random): Run {
  const input: HelloInput = { prefix: `${instanceId}-launched`, value: random.between(0, 1000) };
  return {
    instanceId,
    name: launch.name,
    input,
    keys: [`${instanceId}/launch`, ...helloKeys(input.prefix)],
    children: 1,
    expected: helloResult(input.value),
  };
}

/** The code of the runs that only this test has. */
export const launching: Extras = (_config, log, backend) => {
  const client = new Client(backend);
  const launchAndWait = defineActivity(NAME, async (ctx, input: HelloInput) => {
    log.append({ instanceId: ctx.instanceId, key: `${ctx.instanceId}/launch` });
    const instance = await client.startNew(hello, input, { instanceId: input.prefix, ifExists: "attach" });
    return instance.result({ timeout: "5m" });
  });
  return { orchestrations: [hello, launch], activities: [launchAndWait] };
};
