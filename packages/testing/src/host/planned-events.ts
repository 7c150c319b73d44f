import { encode, isTerminal, nameOf, optional } from "@perdure/core";
import type { Payload } from "@perdure/core";
import type { TestHub } from "../hub/test-hub";
import type { WatchedInstance } from "../hub/watched-instance";

/** An event that is to be raised at some point. */
export interface PlannedEvent {
  readonly isRaised: boolean;
}

export interface EventPlan {
  readonly name: string;
  readonly input: Payload | undefined;
  readonly isPoint: (instance: WatchedInstance) => boolean;
}

/** @throws NotSerializableError, PayloadTooLargeError, InvalidArgumentError */
export function eventPlan(
  event: string | { readonly name: string },
  payload: unknown,
  isPoint: (instance: WatchedInstance) => boolean,
): EventPlan {
  const name = nameOf(event, "The event name");
  return { name, input: encode(payload, `payload of event '${name}'`), isPoint };
}

/** Raises the event at the first commit that leaves an instance at its point, before anything else happens to it. */
export function raiseAt(hub: TestHub, { name, input, isPoint }: EventPlan): PlannedEvent {
  const planned = { isRaised: false };
  hub.watchers.watch((instance) => {
    if (isTerminal(instance.status) || !isPoint(instance)) return false;
    const timestamp = hub.time.now();
    planned.isRaised = true;
    hub.tell(instance.instanceId, { type: "EventRaised", timestamp, name, ...optional("input", input) });
    return true;
  });
  return planned;
}
