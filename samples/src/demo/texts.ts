import { DEFAULT_HUB } from "../hub";
import { counted } from "./crash";
import type { Crash } from "./crash";
import type { Outcome } from "./demo";
import type { DemoStorage } from "./storage";

const NAME_WIDTH = 20;
const WHAT_WIDTH = 36;

export function outcomeText(name: string, outcome: Outcome): string {
  const isOk = "lines" in outcome;
  const lines = isOk ? outcome.lines : [`FAILED: ${outcome.failure}`];
  return lines
    .map((line, i) => (i === 0 ? `${isOk ? "✔" : "✘"} ${name}` : "").padEnd(NAME_WIDTH + 2) + line)
    .join("\n");
}

export function crashText(crash: Crash | undefined, isOk: boolean): string {
  if (!crash) return "\nNo crash this time: everything ended before there was something to interrupt.";
  const { killedPid, replacementPid, interrupted, resumedAfterMs } = crash;
  const pause = resumedAfterMs === undefined ? "" : ` ${(resumedAfterMs / 1000).toFixed(1)} s later`;
  return [
    `\nWorker ${killedPid} was killed (SIGKILL), with ${counted(interrupted.length)} under way.`,
    `Worker ${replacementPid} took over${pause}.${isOk ? " No sample has code for that, and none noticed." : ""}`,
  ].join("\n");
}

export function nextText(storage: DemoStorage, once: boolean): string {
  const client = [...environment(storage), "npm run client -w samples"].join(" ");
  const again = once
    ? [
        ["npm start", "the same, with a worker that keeps running"],
        ["npm start -- --once approval", "one sample"],
        ["npm run two-processes -w samples", "two separate processes, one only a client"],
      ]
    : [
        [client, "in another terminal: a process that is only a client. Watch it here"],
        ["Ctrl+C", "stop the worker, and all that this command has started"],
      ];
  const files = [
    ["samples/src/hello-sequence.ts", "edit it, and start again"],
    ["docs/samples/README.md", "what each sample shows, and what to change first"],
  ];
  const lines = [...again, ...files].map(([what = "", why = ""]) =>
    what.length < WHAT_WIDTH
      ? `  ${what.padEnd(WHAT_WIDTH)}${why}`
      : `  ${what}\n  ${"".padEnd(WHAT_WIDTH)}${why}`,
  );
  return `\nWhat to try next:\n${lines.join("\n")}\n`;
}

/** What another process needs to find the hub. The key of an emulator is public, that of an account is not shown. */
function environment({ hub: { connectionString, taskHub }, kind, isAtUsualPorts }: DemoStorage): string[] {
  const hub = taskHub === DEFAULT_HUB ? [] : [`PERDURE_HUB=${taskHub}`];
  if (kind === "file") return hub;
  if (kind === "account") return ["PERDURE_STORAGE=…", ...hub];
  return [`PERDURE_STORAGE='${isAtUsualPorts ? "UseDevelopmentStorage=true" : connectionString}'`, ...hub];
}
