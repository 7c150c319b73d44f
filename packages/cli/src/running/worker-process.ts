/**
 * The process that `perdure dev` runs the user's code in. It ends when it is told to, and when the process that started
 * it is gone.
 */
import { encode, optional } from "@perdure/core";
import { processSurroundings } from "../process-surroundings";
import type { UserCode } from "../user-code/definitions";
import { loadFailureText } from "../user-code/load-failure";
import type { Order, Report, Running } from "./messages";
import { textLogger } from "./text-logger";
import { namesOf, startUserWorker } from "./user-worker";
import type { RunningWorker } from "./user-worker";

/** Activities that run when the code changes are given back, and run again with the new code. */
const SHUTDOWN_TIMEOUT_MS = 3000;

let starting: Promise<RunningWorker | undefined> = Promise.resolve(undefined);

process.on("SIGINT", () => undefined); // the terminal sends it to both processes: the other one decides
process.on("message", (order: Order) => {
  if (order.type === "run") starting = run(order);
  else void end();
});
process.once("disconnect", () => void end());

async function run({
  file,
  place,
  workingFolder,
}: Extract<Order, { type: "run" }>): Promise<RunningWorker | undefined> {
  const surroundings = { ...processSurroundings(new AbortController().signal), workingFolder };
  const logger = textLogger((line) => process.stderr.write(`${line}\n`));
  const options = { logger, shutdownTimeout: SHUTDOWN_TIMEOUT_MS };
  let running: RunningWorker | undefined;
  try {
    running = await startUserWorker(file, place, surroundings, options);
    tell(reportOf(running.code));
    return running;
  } catch (error) {
    await running?.stop();
    tell({ type: "failed", text: loadFailureText(error) });
    return undefined;
  }
}

/** @throws NotSerializableError when the example has no JSON form. */
function reportOf(code: UserCode): Running {
  return {
    type: "running",
    orchestrations: namesOf(code.orchestrations),
    activities: namesOf(code.activities),
    ...optional("example", exampleOf(code)),
  };
}

/** The first that has an example, else the first. */
function exampleOf({ orchestrations, examples }: UserCode): Running["example"] {
  const { name } = orchestrations.find((one) => Object.hasOwn(examples, one.name)) ?? orchestrations[0] ?? {};
  return name === undefined
    ? undefined
    : { orchestration: name, ...optional("input", encode(examples[name], `example of '${name}'`)) };
}

async function end(): Promise<void> {
  const running = await starting;
  await running?.stop();
  process.exit();
}

function tell(report: Report): void {
  if (process.connected) process.send?.(report);
}
