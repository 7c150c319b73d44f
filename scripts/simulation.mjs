/**
 * `npm run test:simulation`: the commit protocol on simulated storage, seed after seed.
 *
 *   --seeds <n>     how many (default 2000); 0: without end, until it fails or is stopped
 *   --first <n>     the first of them (default 1)
 *   --processes <n> side by side (default: one per core)
 *   --minutes <n>   ends when the time is over, whatever is left (default: no limit)
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runSeeds } from "./simulation-pool.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    first: { type: "string", default: "1" },
    processes: { type: "string", default: String(availableParallelism()) },
    minutes: { type: "string", default: "0" },
  },
});
const seeds = Number(values.seeds) || Number.POSITIVE_INFINITY;
const minutes = Number(values.minutes) || Number.POSITIVE_INFINITY;
const startedAt = Date.now();

const totals = { seeds: 0, simulatedMs: 0, requests: 0, checks: 0, faults: {} };
const failures = await runSeeds({
  first: Number(values.first),
  count: seeds,
  processes: Number(values.processes),
  mayExplain: true,
  until: () => Date.now() - startedAt > minutes * 60_000,
  stopAtFirst: seeds === Number.POSITIVE_INFINITY,
  onOutcome: (outcome) => {
    totals.seeds++;
    totals.simulatedMs += outcome.simulatedMs;
    totals.requests += outcome.requests;
    totals.checks += outcome.checks;
    for (const [kind, count] of Object.entries(outcome.faults))
      totals.faults[kind] = (totals.faults[kind] ?? 0) + count;
    if (outcome.violations.length > 0) console.error(`\n${outcome.explanation}\n`);
    else if (totals.seeds % 250 === 0) console.log(`${totals.seeds} seeds ...`);
  },
});

const crashes = (totals.faults.crashBefore ?? 0) + (totals.faults.crashAfter ?? 0);
const faults = Object.entries(totals.faults).sort(([a], [b]) => (a < b ? -1 : 1));
console.log(`
seeds               ${totals.seeds}, from ${values.first}
time                ${((Date.now() - startedAt) / 1000).toFixed(0)} s for ${(totals.simulatedMs / 86_400_000).toFixed(1)} simulated days
storage requests    ${totals.requests.toLocaleString("en")}
crashes             ${crashes.toLocaleString("en")}
faults              ${faults.map(([kind, count]) => `${kind} ${count.toLocaleString("en")}`).join(", ")}
invariants checked  ${totals.checks.toLocaleString("en")}
violations          ${failures.length === 0 ? "none" : `in seeds ${failures.join(", ")}`}`);
process.exitCode = failures.length === 0 ? 0 : 1;
