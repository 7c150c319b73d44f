import type { Client, InstanceFilter, PageOptions } from "@perdure/client";
import { InstanceNotFoundError, isTerminal, optional } from "@perdure/core";
import type { TerminalStatus } from "@perdure/core";
import { z } from "@hono/zod-openapi";
import {
  instanceDetails as instanceDetailsSchema,
  instanceHistory,
  listQuery,
  purgeManyQuery,
  purgeOneQuery,
  purgeOutcome,
  statusQuery,
} from "../../contract/instances";
import type { InstanceDetails, PurgeOutcome } from "../../contract/instances";
import { CONTINUATION_HEADER, pageHeaders, query as queryOf } from "../../contract/values";
import { continuationHeaders, continuationOf } from "../continuation";
import { route } from "../route";
import type { ApiContext, Route } from "../route";
import type { Services } from "../services";
import { historyEntries } from "../views/history-entries";
import { instanceDetails } from "../views/instance-details";
import { conditionsOf, knownStatuses } from "./filters";
import { instanceParams } from "./parameters";

const DEFAULT_PURGE_MS = 30_000;
const LONGEST_PURGE_MS = 3_600_000;
const TOKEN_HEADER = { [CONTINUATION_HEADER]: "Where the next page begins. Absent on the last." };

export function instanceRoutes(services: Services): readonly Route[] {
  const { client, urls } = services;
  return [
    route({
      method: "get",
      path: "/instances",
      tag: "Instances",
      summary: "The instances that match, page by page.",
      role: "reader",
      query: listQuery,
      headers: pageHeaders,
      answers: {
        200: { description: "A page.", schema: z.array(instanceDetailsSchema), headers: TOKEN_HEADER },
      },
      handle: ({ query }, c) => list(client, query, c),
    }),
    route({
      method: "delete",
      path: "/instances",
      tag: "Instances",
      summary: "Deletes the finished instances that match.",
      role: "operator",
      action: "purge many",
      query: purgeManyQuery,
      headers: pageHeaders,
      answers: {
        200: { description: "How many.", schema: purgeOutcome, headers: TOKEN_HEADER },
        404: { description: "None matches.", schema: purgeOutcome },
      },
      handle: ({ query }, c) => purgeMany(services, query, c),
    }),
    route({
      method: "get",
      path: "/instances/{instanceId}",
      tag: "Instances",
      summary: "An instance as it stands.",
      role: "reader",
      params: instanceParams,
      query: statusQuery,
      answers: {
        200: { description: "It has finished.", schema: instanceDetailsSchema },
        202: {
          description: "It has not.",
          schema: instanceDetailsSchema,
          headers: { Location: "This URL.", "Retry-After": "Seconds." },
        },
        500: { description: "It failed, and this was asked for.", schema: instanceDetailsSchema },
      },
      errors: [404],
      handle: async ({ params: { instanceId }, query }, c) => {
        const details = await detailsOf(client, instanceId, query);
        if (!isTerminal(details.runtimeStatus)) {
          const location = urls.payload(c.req.raw, instanceId, c.get("route")).statusQueryGetUri;
          return c.json(details, 202, { location, "retry-after": "5" });
        }
        const isError = query.returnInternalServerErrorOnFailure && details.runtimeStatus === "Failed";
        return c.json(details, isError ? 500 : 200);
      },
    }),
    route({
      method: "delete",
      path: "/instances/{instanceId}",
      tag: "Instances",
      summary: "Deletes a finished instance.",
      role: "operator",
      action: "purge",
      params: instanceParams,
      query: purgeOneQuery,
      answers: { 200: { description: "Deleted.", schema: purgeOutcome } },
      errors: [404, 409],
      handle: async ({ params: { instanceId }, query }, c) => {
        const { recursive = false, dryRun = false } = query;
        const count = await client.purge(instanceId, { recursive, dryRun });
        if (count === 0) throw new InstanceNotFoundError(instanceId);
        return c.json(outcome(count, dryRun, true));
      },
    }),
    route({
      method: "get",
      path: "/instances/{instanceId}/history",
      tag: "Instances",
      summary: "The committed events of its current generation, as they are stored.",
      role: "reader",
      params: instanceParams,
      query: queryOf({}),
      answers: { 200: { description: "Oldest first.", schema: instanceHistory } },
      errors: [404],
      handle: async ({ params: { instanceId } }, c) =>
        c.json({ instanceId, events: await client.instance(instanceId).history() }),
    }),
  ];
}

async function list(
  client: Client,
  { runtimeStatus, showInput = false, top = 100, ...filter }: z.output<typeof listQuery>,
  c: ApiContext,
): Promise<Response> {
  const continuationToken = continuationOf(c);
  const status = knownStatuses(runtimeStatus);
  if (status?.length === 0) return c.json([]); // only those that nothing ever is in
  const options: PageOptions = { pageSize: top, ...optional("continuationToken", continuationToken) };
  const listing = client.list({
    ...conditionsOf(filter),
    ...optional("status", status),
    includePayloads: showInput,
  });
  for await (const page of listing.byPage(options)) {
    const instances = page.instances.map((snapshot) => instanceDetails(snapshot, { showInput }));
    return c.json(instances, 200, continuationHeaders(c, page.continuationToken));
  }
  return c.json([]);
}

async function purgeMany(
  { client, stopping }: Services,
  { runtimeStatus, dryRun = false, timeout = DEFAULT_PURGE_MS, ...filter }: z.output<typeof purgeManyQuery>,
  c: ApiContext,
): Promise<Response> {
  const continuationToken = continuationOf(c);
  const status = runtimeStatus?.filter((one): one is TerminalStatus => one !== "Canceled");
  if (status?.length === 0) return c.json(outcome(0, dryRun, true), dryRun ? 200 : 404);
  const conditions: InstanceFilter = conditionsOf(filter);
  const result = await client.purgeMany(
    { ...conditions, ...optional("status", status) },
    {
      dryRun,
      timeout: Math.min(timeout, LONGEST_PURGE_MS),
      signal: AbortSignal.any([c.req.raw.signal, stopping]),
      ...optional("continuationToken", continuationToken),
    },
  );
  const isNothing = result.isComplete && result.purged === 0 && continuationToken === undefined && !dryRun;
  return c.json(
    outcome(result.purged, dryRun, result.isComplete),
    isNothing ? 404 : 200,
    continuationHeaders(c, result.continuationToken),
  );
}

function outcome(count: number, dryRun: boolean, isComplete: boolean): PurgeOutcome {
  return { instancesDeleted: dryRun ? 0 : count, ...(dryRun ? { instancesMatched: count } : {}), isComplete };
}

/** @throws InstanceNotFoundError */
async function detailsOf(
  client: Client,
  instanceId: string,
  { showInput = true, showHistory = false, showHistoryOutput = false }: z.output<typeof statusQuery>,
): Promise<InstanceDetails> {
  const handle = client.instance(instanceId);
  const snapshot = await handle.status();
  const historyEvents = showHistory ? historyEntries(await handle.history(), showHistoryOutput) : undefined;
  return instanceDetails(snapshot, { showInput, historyEvents });
}
