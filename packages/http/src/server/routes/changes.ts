import { optional } from "@perdure/core";
import type { InstanceChange } from "@perdure/client";
import { changesQuery, instanceChange } from "../../contract/instances";
import { route } from "../route";
import type { Route } from "../route";
import type { Services } from "../services";
import { SSE_TYPE, sseResponse } from "../sse";
import type { SseEvent } from "../sse";
import { instanceDetails } from "../views/instance-details";
import { conditionsOf, knownStatuses } from "./filters";

export function changeRoutes(services: Services): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/changes",
      tag: "Changes",
      summary: "What changes of the instances that match, as long as the caller listens.",
      description:
        "Server-sent events `change` and `gone`. The hub is looked at every two seconds, or less often when that takes long.",
      role: "reader",
      query: changesQuery,
      answers: {
        200: { description: "Data of an event.", schema: instanceChange, type: SSE_TYPE },
      },
      handle: ({ query: { since = "now", runtimeStatus, ...filter } }, c) => {
        const status = knownStatuses(runtimeStatus);
        const watched = { ...conditionsOf(filter), ...optional("status", status) };
        const includeExisting = since === "all";
        services.client.watch(watched); // throws here what it would later
        return sseResponse(services, c, "GET /changes", (signal) =>
          eventsOf(services.client.watch(watched, { includeExisting, signal })),
        );
      },
    }),
  ];
}

async function* eventsOf(changes: AsyncIterable<InstanceChange>): AsyncGenerator<SseEvent> {
  for await (const change of changes) {
    if (change.kind === "gone") yield { event: "gone", data: change };
    else {
      const instance = instanceDetails(change.instance, { showInput: false });
      yield { event: "change", data: { kind: "changed", instance } };
    }
  }
}
