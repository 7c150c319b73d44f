// The law of levels: a package depends only on packages of a lower level. devDependencies are exempt.
import { readdirSync, readFileSync } from "node:fs";

const LEVELS = [
  ["@perdure/core"],
  ["@perdure/schedules", "@perdure/call-http"],
  ["@perdure/client", "@perdure/worker", /^@perdure\/backend-(?!conformance$)/],
  ["@perdure/http", "@perdure/backend-conformance"],
  ["@perdure/testing", "@perdure/dashboard"],
  ["@perdure/cli"],
  ["perdure"],
  ["@perdure/samples", "@perdure/docs", "@perdure/benchmarks"],
];
const levelOf = (name) =>
  LEVELS.findIndex((level) => level.some((x) => (x.test ? x.test(name) : x === name)));
const isOurs = (name) => name === "perdure" || name.startsWith("@perdure/");

const folders = [...readdirSync("packages").map((name) => `packages/${name}`), "samples", "benchmarks"];
const faults = folders.flatMap((folder) => {
  const { name, ...manifest } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  if (levelOf(name) < 0) return [`${name} has no level: give it one in scripts/check-levels.mjs.`];
  const needed = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  if (levelOf(name) === 0 && Object.keys(needed).length > 0) return [`${name} must have no dependencies.`];
  const wrong = Object.keys(needed).filter((other) => isOurs(other) && levelOf(other) >= levelOf(name));
  return wrong.map(
    (other) => `${name} (L${levelOf(name)}) must not depend on ${other} (L${levelOf(other)}).`,
  );
});

for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
