/** Where the messages and activities of one instance are. The file has them all. */
import { openWork } from "@perdure/core";
import type {
  ActivityMessage,
  ActivityWhereabouts,
  InstanceWhereabouts,
  WaitingMessage,
} from "@perdure/core";
import { toStatus } from "../file/instance-row";
import { readHistory, readInstance } from "../file/instance-rows";
import { keys, under } from "../file/keys";
import type { HubFile } from "../file/hub-file";
import { parseLetter } from "../work/letter";
import type { Services } from "../work/services";
import { partitionsOf, processName } from "./leases";

/** A message that could be had for so long is one that nobody is there for, or that its owner is behind with. */
const BEHIND_MS = 5000;

export function whereaboutsOf(services: Services, instanceId: string): InstanceWhereabouts {
  const { file, clock } = services;
  file.refresh();
  const partition = file.partitionOf(instanceId);
  const ownership = partitionsOf(services)[partition];
  const now = clock.now();
  const letters = lettersOf(file, partition, instanceId, now);
  const isHeld = file.get(keys.anchor(partition, instanceId)) !== undefined;
  return {
    ...(ownership && { ownership }),
    messages: [...letters.map(({ message }) => message), ...timersOf(file, partition, instanceId)],
    hasAllMessages: true,
    activities: [
      ...queuedOf(services, instanceId, now),
      ...(isHeld ? heldOf(file, instanceId, ownership?.owner) : []),
    ],
    hasAllActivities: true,
    isBehind: letters.some(({ since }) => since < now - BEHIND_MS),
  };
}

function lettersOf(
  file: HubFile,
  partition: number,
  instanceId: string,
  now: number,
): readonly { readonly message: WaitingMessage; readonly since: number }[] {
  return file.rows(under("inbox", partition, instanceId)).flatMap(({ value }) => {
    const { deliveryCount, arrivedAt, notBefore, message: stored } = parseLetter(value);
    const found = stored ?? readInstance(file, instanceId)?.pending?.message;
    if (!found) return [];
    const since = Math.max(arrivedAt, notBefore);
    const when = since > now ? { visibleAt: since } : {};
    return [{ message: { id: found.id, type: found.event.type, deliveryCount, ...when }, since }];
  });
}

/** They are sorted by due time: each is looked for at the time that history says. */
function timersOf(file: HubFile, partition: number, instanceId: string): readonly WaitingMessage[] {
  return openWorkOf(file, instanceId).timers.flatMap(({ message }): readonly WaitingMessage[] => {
    const { id, event, visibleAt = 0 } = message;
    const text = file.get(keys.timer(partition, visibleAt, id));
    if (text === undefined) return [];
    return [{ id, type: event.type, visibleAt, deliveryCount: parseLetter(text).deliveryCount }];
  });
}

function queuedOf(services: Services, instanceId: string, now: number): readonly ActivityWhereabouts[] {
  return services.file.rows(under("activity")).flatMap(({ key, value }): readonly ActivityWhereabouts[] => {
    if (!value.includes(JSON.stringify(instanceId))) return [];
    const [deliveryCount, message, worker] = JSON.parse(value) as [number, ActivityMessage, string?];
    if (message.instanceId !== instanceId) return [];
    const { executionId, taskScheduledId } = message;
    const dueAt = Number(key[1]);
    const base = { executionId, taskScheduledId, deliveryCount };
    if (worker !== undefined && dueAt > now)
      return [{ ...base, place: "running", worker: processName(services, worker) }];
    return [{ ...base, place: "queued", ...(dueAt > now ? { visibleAt: dueAt } : {}) }];
  });
}

/** An anchor says that the owner of the partition runs some of them; those that are queued are told as that. */
function heldOf(
  file: HubFile,
  instanceId: string,
  worker: string | undefined,
): readonly ActivityWhereabouts[] {
  return openWorkOf(file, instanceId).activities.map(({ event, message }) => ({
    ...{ executionId: message.executionId, taskScheduledId: event.eventId, place: "held", deliveryCount: 0 },
    ...(worker !== undefined && { worker }),
  }));
}

function openWorkOf(file: HubFile, instanceId: string): ReturnType<typeof openWork> {
  const row = readInstance(file, instanceId);
  const status = row && !row.pending ? toStatus(row, () => undefined) : undefined;
  if (!row || !status) return { timers: [], activities: [], children: [] };
  return openWork(status, readHistory(file, instanceId, row.turns));
}
