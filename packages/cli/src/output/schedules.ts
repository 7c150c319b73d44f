import type { ScheduleDetails } from "@perdure/http";
import { fieldsText, tableText } from "./table";
import type { Terminal } from "./terminal";
import { jsonText, printable, spanText, timeText } from "./text";

type Colors = Terminal["dataColors"];

const LONGEST_SPEC = 50;

export function scheduleTable(schedules: readonly ScheduleDetails[], colors: Colors): string {
  const rows = schedules.map(({ id, orchestration, status, spec, nextTimes, counts, running }) => [
    printable(id),
    printable(orchestration),
    statusText(status, colors),
    nextTimes[0] === undefined ? "" : timeText(nextTimes[0]),
    String(running.length),
    String(counts.started),
    jsonText(spec, LONGEST_SPEC),
  ]);
  const head = ["SCHEDULE", "ORCHESTRATION", "STATUS", "NEXT", "RUNNING", "STARTED", "SPEC"];
  return tableText(head.map(colors.bold), rows);
}

export function scheduleText(schedule: ScheduleDetails, colors: Colors): string {
  const { tags, counts } = schedule;
  return fieldsText({
    Schedule: printable(schedule.id),
    Orchestration:
      printable(schedule.orchestration) +
      (schedule.version === undefined ? "" : ` (version ${printable(schedule.version)})`),
    Status: statusText(schedule.status, colors),
    Paused: schedule.pausedReason && printable(schedule.pausedReason),
    Note: schedule.note && printable(schedule.note),
    Spec: jsonText(schedule.spec),
    Input: schedule.input === undefined || schedule.input === null ? undefined : jsonText(schedule.input),
    Tags:
      tags &&
      Object.entries(tags)
        .map(([name, value]) => printable(`${name}=${value}`))
        .join(", "),
    "On overlap": schedule.overlapPolicy,
    "Catches up": `${spanText(schedule.catchUpWindow)}, ${schedule.maxCatchUp} at most`,
    "Most runs": schedule.maxRuns === undefined ? undefined : String(schedule.maxRuns),
    Created: timeText(schedule.createdAt),
    Next: schedule.nextTimes.map(timeText).join("\n"),
    Running: schedule.running.map(printable).join("\n"),
    Buffered: schedule.buffered.map(printable).join("\n"),
    Counts: `${counts.started} started, ${counts.skipped} skipped, ${counts.missed} missed`,
    Lately: schedule.recent.map(decisionText).join("\n"),
  });
}

function decisionText({ at, outcome, instanceId, reason }: ScheduleDetails["recent"][number]): string {
  const parts = [timeText(at), outcome, instanceId, reason && `(${reason})`];
  return printable(parts.filter((part) => part !== undefined && part !== "").join(" "));
}

function statusText(status: ScheduleDetails["status"], colors: Colors): string {
  switch (status) {
    case "active":
      return colors.green(status);
    case "stuck":
      return colors.red(status);
    case "paused":
    case "ended":
      return colors.yellow(status);
  }
}
