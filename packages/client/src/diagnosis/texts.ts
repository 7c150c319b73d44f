/** How things are called in what operators read. */
import { spanText } from "@perdure/core";
import type { InstanceStatus } from "@perdure/core";
import { SCHEDULE_NAME } from "@perdure/schedules";

export function isSchedule({ name }: Pick<InstanceStatus, "name">): boolean {
  return name === SCHEDULE_NAME;
}

/** What an instance is called: a schedule by its own id. */
export function subjectOf(status: Pick<InstanceStatus, "instanceId" | "name">): {
  readonly type: "instance" | "schedule";
  readonly id: string;
} {
  const { instanceId } = status;
  if (!isSchedule(status)) return { type: "instance", id: instanceId };
  return { type: "schedule", id: instanceId.slice(SCHEDULE_NAME.length + 1) };
}

/** At the beginning of a sentence. */
export function titleOf(status: Pick<InstanceStatus, "instanceId" | "name">): string {
  const { type, id } = subjectOf(status);
  return type === "schedule" ? `Schedule '${id}'` : `Instance '${id}'`;
}

function dateText(time: number): string {
  return new Date(time).toISOString();
}

/** A moment with its distance from now: `2030-01-01T00:00:00.000Z (5 min ago)`. */
export function momentText(time: number, now: number): string {
  const distance = spanText(time - now);
  return `${dateText(time)} (${time > now ? `in ${distance}` : `${distance} ago`})`;
}
