import type { InstanceDetails } from "@perdure/http";
import type { RuntimeStatus } from "@perdure/core";
import { fieldsText, tableText } from "./table";
import type { Terminal } from "./terminal";
import { jsonText, printable, timeText } from "./text";

type Colors = Terminal["dataColors"];

const LONGEST_CELL = 60;

export function statusText(status: RuntimeStatus, colors: Colors): string {
  switch (status) {
    case "Completed":
      return colors.green(status);
    case "Failed":
    case "Terminated":
      return colors.red(status);
    case "Blocked":
    case "Suspended":
      return colors.yellow(status);
    case "Pending":
    case "Running":
      return colors.cyan(status);
  }
}

export function instanceTable(instances: readonly InstanceDetails[], colors: Colors): string {
  const rows = instances.map(
    ({ instanceId, name, runtimeStatus, createdAt, lastUpdatedAt, customStatus }) => [
      printable(instanceId),
      printable(name),
      statusText(runtimeStatus, colors),
      timeText(createdAt),
      timeText(lastUpdatedAt),
      customStatus === null ? "" : jsonText(customStatus, LONGEST_CELL),
    ],
  );
  const head = ["INSTANCE", "ORCHESTRATION", "STATUS", "CREATED", "UPDATED", "CUSTOM STATUS"];
  return tableText(head.map(colors.bold), rows);
}

/** One instance with all that is known of it. */
export function instanceText(instance: InstanceDetails, colors: Colors): string {
  const { failure, blocked, tags, parent } = instance;
  return fieldsText({
    Instance: printable(instance.instanceId),
    Orchestration:
      printable(instance.name) +
      (instance.version === undefined ? "" : ` (version ${printable(instance.version)})`),
    Status: statusText(instance.runtimeStatus, colors),
    "Custom status": valueText(instance.customStatus),
    Created: timeText(instance.createdAt),
    Updated: timeText(instance.lastUpdatedAt),
    Completed: instance.completedAt && timeText(instance.completedAt),
    "Starts at": instance.scheduledStartTime && timeText(instance.scheduledStartTime),
    "Next timer": instance.nextTimerAt && timeText(instance.nextTimerAt),
    Tags:
      tags &&
      Object.entries(tags)
        .map(([name, value]) => printable(`${name}=${value}`))
        .join(", "),
    Parent: parent && `${printable(parent.instanceId)} (${printable(parent.name)})`,
    "Started by": instance.startedBy,
    Input: valueText(instance.input),
    Output: failure ? undefined : valueText(instance.output),
    Failure: failure && printable(`${failure.errorType}: ${failure.errorMessage}`),
    Blocked: blocked && printable([blocked.message, ...expectation(blocked)].join("\n")),
    Execution: instance.executionId,
  });
}

/** An instance in one line, for a feed. */
export function changeText(instance: InstanceDetails, colors: Colors): string {
  const { lastUpdatedAt, runtimeStatus, instanceId, name, customStatus } = instance;
  const custom = customStatus === null ? "" : ` ${jsonText(customStatus, LONGEST_CELL)}`;
  return `${timeText(lastUpdatedAt)}  ${statusText(runtimeStatus, colors).padEnd(10)} ${printable(instanceId)} (${printable(name)})${custom}`;
}

function expectation({ expected, actual }: NonNullable<InstanceDetails["blocked"]>): readonly string[] {
  return [
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(actual === undefined ? [] : [`actual:   ${actual}`]),
  ];
}

/** The API tells of nothing as null. */
function valueText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : printable(JSON.stringify(value, null, 2));
}
