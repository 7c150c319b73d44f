import { decode, encode } from "@perdure/core";
import { scheduleInstanceId } from "@perdure/schedules";
import type { ScheduleCommand, ScheduleState } from "@perdure/schedules";
import { FakeBackend, instance } from "./fake-backend";

export const NOW = Date.UTC(2030, 0, 1, 12);

/** A schedule as a worker would have left it. */
export function scheduleState(changes: Partial<ScheduleState> = {}): ScheduleState {
  return {
    definition: {
      ...{ id: "nightly", orchestration: "report", spec: { timeZone: "UTC", cron: ["0 2 * * *"] } },
      ...{ overlapPolicy: "skip", cancelEvent: "cancel", catchUpWindow: 3_600_000, maxCatchUp: 10 },
    },
    ...{ createdAt: NOW, cursor: NOW, counts: { started: 0, skipped: 0, missed: 0 } },
    ...{ running: [], buffer: [], backfills: [], recent: [] },
    ...changes,
  };
}

/** A backend with this schedule in it. */
export function backendWith(state: ScheduleState): FakeBackend {
  const backend = new FakeBackend();
  backend.instances.put(
    instance(scheduleInstanceId(state.definition.id), {
      name: "@schedule",
      ...{ input: encode({ outdated: true }, "input")!, customStatus: encode(state, "state")! },
    }),
  );
  return backend;
}

/** The commands that clients have sent. */
export function commandsOf(backend: FakeBackend): readonly ScheduleCommand[] {
  return backend.instances.sent.map(({ event }) => {
    if (event.type !== "EventRaised") throw new Error(`A ${event.type} was sent.`);
    return decode(event.input) as ScheduleCommand;
  });
}
