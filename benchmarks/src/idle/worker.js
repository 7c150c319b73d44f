"use strict";

/**
 * A worker process on a hub where all sleep. It takes its configuration, JSON, from the command line; proves that it
 * works by running one orchestration with a timer; tells "ready"; and, asked for so many seconds, tells what it used in
 * them. Plain JavaScript, so that no compiler's memory is counted.
 */

const { Client, Worker, defineOrchestration } = require("perdure");
const { usageOver } = require("./usage");

/** As in sleepers.ts; none of its instances wakes here. */
const sleeper = defineOrchestration("sleeper", function* (ctx, { index, until }) {
  yield* ctx.createTimer(new Date(until));
  return index;
});

const probe = defineOrchestration("probe", function* (ctx) {
  yield* ctx.createTimer("200ms");
  return "awake";
});

async function main({ remote, seconds }) {
  process.once("disconnect", () => process.exit(1));
  const backend = new (require(remote.package)[remote.backend])(remote.options);
  const worker = new Worker(backend, { orchestrations: [sleeper, probe] });
  await worker.start();
  const instance = await new Client(backend).startNew(probe);
  if ((await instance.result({ timeout: "2m" })) !== "awake") throw new Error("The worker does not work.");
  await new Promise((resolve) => setTimeout(resolve, 1000)); // let what started it come to rest
  const usage = await usageOver(seconds);
  await worker.stop();
  await backend.stop();
  process.send(usage, () => process.exit(0));
}

main(JSON.parse(process.argv[2])).catch((error) => {
  console.error(error);
  process.exit(1);
});
