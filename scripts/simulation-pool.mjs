import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("simulation-child.js", import.meta.url));

/** Runs seeds side by side. Resolves with those that failed, in order. */
export async function runSeeds({
  first,
  count,
  processes,
  planted = [],
  mayExplain = false,
  stopAtFirst = false,
  until = () => false,
  onOutcome = () => undefined,
}) {
  const failures = [];
  let next = first;
  let isOver = false;
  const isLeft = () => !isOver && next < first + count && !until();
  const lane = () =>
    new Promise((resolve, reject) => {
      const child = fork(CHILD, { env: { ...process.env, PERDURE_PLANTED: JSON.stringify(planted) } });
      const feed = () => {
        if (isLeft()) child.send({ seed: next++, mayExplain });
        else child.disconnect();
      };
      child.on("message", (message) => {
        if (message !== "ready") {
          onOutcome(message);
          if (message.violations.length > 0) failures.push(message.seed);
          isOver ||= stopAtFirst && failures.length > 0;
        }
        feed();
      });
      child.on("error", reject);
      child.on("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`A process ended with ${code}.`)),
      );
    });
  await Promise.all(Array.from({ length: processes }, lane));
  return failures.sort((a, b) => a - b);
}
