"use strict";

// `npm run test:planted`: plants each known bug in turn and runs simulated seeds until one of them notices.
//
//   --seeds <n>      at most so many for each (default 1000)
//   --only <text>    only the bugs whose names contain it

const { availableParallelism } = require("node:os");
const { parseArgs } = require("node:util");
require("./run-sources.js");
const { plantedBugs } = require("../packages/backend-azure-storage/test/simulation/planted-bugs.ts");

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "1000" }, only: { type: "string", default: "" } },
});

async function main() {
  const { runSeeds } = await import("./simulation-pool.mjs");
  let missed = 0;
  for (const { name, changes } of plantedBugs.filter((bug) => bug.name.includes(values.only))) {
    let seeds = 0;
    let violation = "";
    await runSeeds({
      first: 1,
      count: Number(values.seeds),
      processes: availableParallelism(),
      planted: changes,
      stopAtFirst: true,
      onOutcome: (outcome) => {
        seeds++;
        violation ||= outcome.violations[0] ?? "";
      },
    });
    if (!violation) missed++;
    console.log(`${violation ? "found" : "MISSED"} | ${name} | ${seeds} seeds | ${violation.slice(0, 110)}`);
  }
  process.exitCode = missed === 0 ? 0 : 1;
}

void main();
