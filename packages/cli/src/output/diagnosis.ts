import type { Explanation, Wait } from "@perdure/client";
import type { AsJson, FindingDetails } from "@perdure/http";
import { statusText } from "./instances";
import { fieldsText } from "./table";
import type { Terminal } from "./terminal";
import { printable, spanText, timeText } from "./text";

type Colors = Terminal["dataColors"];

/** Why an instance does not go on. */
export function explanationText(explanation: AsJson<Explanation>, now: number, colors: Colors): string {
  const { owner, suspended, failure, waitsFor, findings, deadLetters } = explanation;
  const fields = fieldsText({
    Instance: `${printable(explanation.instanceId)} (${printable(explanation.name)})`,
    Status: `${statusText(explanation.status, colors)} since ${agoText(explanation.since, now)}`,
    Suspended:
      suspended &&
      printable(
        `${agoText(suspended.since, now)}${suspended.reason === undefined ? "" : `: ${suspended.reason}`}`,
      ),
    Failure: failure && printable(`${failure.errorType}: ${failure.errorMessage}`),
    "Waits for": waitsFor.map((wait) => waitText(wait, now)).join("\n"),
    Owner: owner && ownerText(owner),
    Messages:
      explanation.waitingMessages > 0 ? `${explanation.waitingMessages} not processed yet` : undefined,
    "Dead letters": deadLetters.map(({ id, reason }) => printable(`${id}: ${reason}`)).join("\n"),
    Next: printable(explanation.next),
  });
  return [
    colors.bold(printable(explanation.verdict)),
    "",
    fields,
    ...findings.map((finding) => `\n${findingText(finding, colors)}`),
  ].join("\n");
}

/** One trouble, with what to do. */
export function findingText(finding: FindingDetails, colors: Colors): string {
  const { severity, kind, message, advice, fix } = finding;
  const title = `${severityText(severity, colors)} ${kind}: ${printable(message)}`;
  if (!fix) return `${title}\n  ${printable(advice)}`;
  return `${title}\n  ${fix.done ? colors.green("repaired") : colors.red("not repaired")}: ${printable(fix.message)}`;
}

function severityText(severity: FindingDetails["severity"], colors: Colors): string {
  switch (severity) {
    case "error":
      return colors.red(severity);
    case "warning":
      return colors.yellow(severity);
    case "info":
      return colors.cyan(severity);
  }
}

function waitText(wait: AsJson<Wait>, now: number): string {
  const since = `since ${agoText(wait.since, now)}`;
  switch (wait.kind) {
    case "timer":
      return printable(
        `timer ${wait.timerId}${wait.name === undefined ? "" : ` (${wait.name})`}, due ${dueText(wait.dueAt, now)}, ${since}`,
      );
    case "start":
      return `its start, due ${dueText(wait.dueAt, now)}`;
    case "event":
      return printable(`event '${wait.name}', ${since}`);
    case "activity":
      return printable(
        `activity '${wait.name}', attempt ${wait.attempt}, ${wait.state}${wait.worker === undefined ? "" : ` by ${wait.worker}`}, ${since}`,
      );
    case "subOrchestration":
      return printable(
        `sub-orchestration '${wait.name}' as ${wait.instanceId}, ${wait.status ?? "not there yet"}, ${since}`,
      );
  }
}

function ownerText({ worker, until, isAlive }: NonNullable<AsJson<Explanation>["owner"]>): string {
  if (worker === undefined) return "nobody";
  const claim = until === undefined ? "" : `, until ${timeText(until)} unless renewed`;
  return printable(`${worker}${isAlive ? claim : ", which is gone"}`);
}

function agoText(time: string, now: number): string {
  return `${timeText(time)} (${spanText(now - Date.parse(time))} ago)`;
}

function dueText(time: string, now: number): string {
  const left = Date.parse(time) - now;
  return `${timeText(time)} (${left >= 0 ? `in ${spanText(left)}` : `${spanText(-left)} late`})`;
}
