"use strict";

// One process of the simulation: runs the seeds it is sent, one after another.

require("./run-sources.js");
const { simulate } = require("../packages/backend-azure-storage/test/simulation/simulate.ts");
const { explain, shrink } = require("../packages/backend-azure-storage/test/simulation/shrink.ts");

process.on("message", async ({ seed, mayExplain }) => {
  const outcome = await simulate(seed);
  const summary = { ...outcome, trace: undefined, struck: undefined }; // long, and only for the explanation
  const failed = outcome.violations.length > 0;
  process.send({
    ...summary,
    explanation: failed && mayExplain ? explain(await shrink(outcome)) : undefined,
  });
});
process.on("disconnect", () => process.exit());
process.send("ready");
