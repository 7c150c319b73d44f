/** Every route and every outcome. One table, run on each backend. */
import type { z } from "@hono/zod-openapi";
import { deriveId } from "@perdure/core";
import { deadLetterDetails } from "../../src/contract/dead-letters";
import { doctorAnswer, explanation } from "../../src/contract/diagnosis";
import { errorBody } from "../../src/contract/errors";
import { eventUrl } from "../../src/contract/event-urls";
import { healthReport } from "../../src/contract/health";
import {
  instanceDetails,
  instanceHistory,
  purgeOutcome,
  startedInstance,
} from "../../src/contract/instances";
import { scheduleDetails } from "../../src/contract/schedules";
import { timerDetails } from "../../src/contract/timers";
import type { ServedHub } from "./served-hub";
import type { Json } from "./json";

export interface Sent {
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

export interface Row {
  /** As the OpenAPI document has it. */
  readonly route: string;
  readonly status: number;
  readonly what: string;
  /** What is sent, after what it needs has been made. */
  readonly send: (hub: ServedHub) => Sent | Promise<Sent>;
  /** What the answer must be like. Of errors: their code. */
  readonly schema?: z.ZodType;
  readonly code?: string;
  readonly check?: (answer: Answer, hub: ServedHub, sent: Sent) => void | Promise<void>;
}

const JSON_TYPE = { "content-type": "application/json" };

export function json(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Sent {
  return { path, body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } };
}

function of(instanceId: string, rest = ""): string {
  return `/instances/${encodeURIComponent(instanceId)}${rest}`;
}

const NAME = "POST /orchestrators/{name}";
const NAMED = "POST /orchestrators/{name}/{instanceId}";
const LIST = "GET /instances";
const PURGE_MANY = "DELETE /instances";
const GET = "GET /instances/{instanceId}";
const PURGE = "DELETE /instances/{instanceId}";

const starting: readonly Row[] = [
  {
    ...{ route: NAME, status: 202, what: "starts under a random id", schema: startedInstance },
    send: () => json("/orchestrators/echo", { a: [1] }),
    check: async ({ body, headers }, hub) => {
      expect(headers.get("location")).toBe(body.statusQueryGetUri);
      expect(headers.get("retry-after")).toBe("10");
      expect(body.created).toBe(true);
      await expect(hub.client.instance(body.id).result({ timeout: "20s" })).resolves.toEqual({ a: [1] });
    },
  },
  {
    ...{ route: NAME, status: 202, what: "takes no body as no input", schema: startedInstance },
    send: () => ({ path: "/orchestrators/echo" }),
    check: async ({ body }, hub) => expect((await hub.client.get(body.id))?.input).toBeUndefined(),
  },
  {
    ...{ route: NAME, status: 202, what: "takes null as null", schema: startedInstance },
    send: () => json("/orchestrators/echo", null),
    check: async ({ body }, hub) => expect((await hub.client.get(body.id))?.input).toBeNull(),
  },
  {
    ...{ route: NAME, status: 202, what: "takes JSON of any content type, as curl -d sends it" },
    send: () => ({
      path: "/orchestrators/echo",
      body: '{"a":1}',
      headers: { "content-type": "application/x-www-form-urlencoded" },
    }),
    check: async ({ body }, hub) => expect((await hub.client.get(body.id))?.input).toEqual({ a: 1 }),
  },
  {
    ...{ route: NAME, status: 202, what: "keeps the code of the query in its URLs", schema: startedInstance },
    send: () => json("/orchestrators/echo?code=abc&taskHub=any&connection=Storage", 1),
    check: ({ body }) => {
      expect(body.statusQueryGetUri).toMatch(/\?code=abc$/);
      expect(body.terminatePostUri).toMatch(/\?reason=\{text\}&code=abc$/);
      expect(body.sendEventPostUri).toMatch(/\/raiseEvent\/\{eventName\}\?code=abc$/);
    },
  },
  {
    ...{ route: NAME, status: 202, what: "takes delay, tags and version", schema: startedInstance },
    send: () => json("/orchestrators/echo?delay=3600&tag=a=1&tag=b=x=y&version=2.0", 1),
    check: async ({ body }, hub) => {
      const snapshot = await hub.client.get(body.id);
      expect(snapshot).toMatchObject({ status: "Pending", tags: { a: "1", b: "x=y" }, version: "2.0" });
      expect(snapshot!.scheduledStartTime!.getTime() - snapshot!.createdAt.getTime()).toBe(3_600_000);
    },
  },
  {
    ...{ route: NAME, status: 200, what: "answers with the output when it completes in time" },
    send: () => json("/orchestrators/echo?timeout=20&pollingInterval=1", { b: 2 }),
    check: ({ body }) => expect(body).toEqual({ b: 2 }),
  },
  {
    ...{ route: NAME, status: 202, what: "answers as ever when it does not", schema: startedInstance },
    send: () => json("/orchestrators/wait?timeout=0.05", null),
  },
  {
    ...{
      route: NAME,
      status: 500,
      what: "answers with the status when it fails in time",
      schema: instanceDetails,
    },
    send: () => json("/orchestrators/fail?timeout=20", null),
    check: ({ body }) => expect(body).toMatchObject({ runtimeStatus: "Failed", output: "it was to be" }),
  },
  {
    ...{ route: NAME, status: 400, what: "refuses what is not JSON", code: "InvalidArgument" },
    send: () => ({ path: "/orchestrators/echo", body: '{"secret":', headers: JSON_TYPE }),
    check: ({ text }) => expect(text).not.toContain("secret"),
  },
  {
    ...{ route: NAME, status: 400, what: "refuses a date that is none", code: "InvalidArgument" },
    send: () => json("/orchestrators/echo?startAt=tomorrow", 1),
  },
  {
    ...{ route: NAME, status: 400, what: "refuses a delay that is none", code: "InvalidArgument" },
    send: () => json("/orchestrators/echo?delay=soon", 1),
  },
  {
    ...{ route: NAME, status: 400, what: "refuses a tag that is none", code: "InvalidArgument" },
    send: () => json("/orchestrators/echo?tag=blue", 1),
  },
  {
    ...{ route: NAME, status: 400, what: "refuses a parameter that comes twice", code: "InvalidArgument" },
    send: () => json("/orchestrators/echo?version=1&version=2", 1),
  },
  {
    ...{ route: NAME, status: 400, what: "refuses delay and startAt together", code: "InvalidArgument" },
    send: () => json("/orchestrators/echo?delay=1h&startAt=2030-01-01", 1),
  },
  {
    ...{ route: NAME, status: 202, what: "starts once for one idempotency key", schema: startedInstance },
    send: async (hub) => {
      const sent = json("/orchestrators/echo", 5, { "idempotency-key": hub.newId() });
      await fetch(hub.url + sent.path, { method: "POST", body: sent.body!, headers: sent.headers! });
      return sent;
    },
    check: ({ body }) => expect(body.created).toBe(false),
  },
  {
    ...{
      route: NAME,
      status: 422,
      what: "refuses a key that was used for another request",
      code: "IdempotencyKeyReused",
    },
    send: async (hub) => {
      const headers = { "idempotency-key": hub.newId() };
      const first = json("/orchestrators/echo", 5, headers);
      await fetch(hub.url + first.path, { method: "POST", body: first.body!, headers: first.headers! });
      return json("/orchestrators/echo", 6, headers);
    },
  },
  {
    ...{ route: NAME, status: 400, what: "refuses a key together with ifExists", code: "InvalidArgument" },
    send: () => json("/orchestrators/echo?ifExists=attach", 6, { "idempotency-key": "k" }),
  },
  {
    ...{
      route: NAME,
      status: 409,
      what: "refuses the key of an instance that is not its own",
      code: "InstanceAlreadyExists",
    },
    send: async (hub) => {
      const key = hub.newId();
      const headers = { "idempotency-key": key };
      await hub.client.startNew("wait", 1, { instanceId: deriveId("idempotency", "echo", key) });
      return json("/orchestrators/echo", 1, headers);
    },
  },
  {
    ...{ route: NAMED, status: 202, what: "starts under the id, as it is encoded", schema: startedInstance },
    send: () => json(`/orchestrators/echo/${encodeURIComponent("an id: 100% ü+&=")}`, 1),
    check: ({ body }) => expect(body.id).toBe("an id: 100% ü+&="),
  },
  {
    ...{ route: NAMED, status: 409, what: "refuses an id in use", code: "InstanceAlreadyExists" },
    send: async (hub) => json(`/orchestrators/echo/${encodeURIComponent(await hub.waiting())}`, 1),
    check: ({ body }) => expect(body).toMatchObject({ status: "Running", instanceId: expect.any(String) }),
  },
  {
    ...{ route: NAMED, status: 202, what: "replaces a finished one", schema: startedInstance },
    send: async (hub) => json(`/orchestrators/echo/${encodeURIComponent(await hub.completed())}`, 2),
  },
  {
    ...{ route: NAMED, status: 409, what: "does not, when told so", code: "InstanceAlreadyExists" },
    send: async (hub) =>
      json(`/orchestrators/echo/${encodeURIComponent(await hub.completed())}?reuse=None`, 2),
  },
  {
    ...{ route: NAMED, status: 202, what: "attaches when told so", schema: startedInstance },
    send: async (hub) =>
      json(`/orchestrators/echo/${encodeURIComponent(await hub.waiting())}?ifExists=attach`, 2),
    check: ({ body }) => expect(body.created).toBe(false),
  },
  {
    ...{ route: NAMED, status: 202, what: "repeats by the key under an id, too", schema: startedInstance },
    send: async (hub) => {
      const id = encodeURIComponent(hub.newId());
      const sent = json(`/orchestrators/wait/${id}`, 5, { "idempotency-key": "one" });
      await fetch(hub.url + sent.path, { method: "POST", body: sent.body!, headers: sent.headers! });
      return sent;
    },
    check: ({ body }) => expect(body.created).toBe(false),
  },
  {
    ...{
      route: NAMED,
      status: 409,
      what: "refuses an id that another key has taken",
      code: "InstanceAlreadyExists",
    },
    send: async (hub) => {
      const id = encodeURIComponent(await hub.completed());
      return json(`/orchestrators/wait/${id}`, 5, { "idempotency-key": "two" });
    },
  },
  {
    ...{ route: NAMED, status: 200, what: "answers with the output when it completes in time" },
    send: (hub) => json(`/orchestrators/echo/${encodeURIComponent(hub.newId())}?timeout=20s`, "x"),
    check: ({ body }) => expect(body).toBe("x"),
  },
  {
    ...{ route: NAMED, status: 500, what: "answers with the status when it fails in time" },
    send: (hub) => json(`/orchestrators/fail/${encodeURIComponent(hub.newId())}?timeout=20s`, "x"),
  },
  {
    ...{
      route: NAMED,
      status: 422,
      what: "refuses a key that was used for another request",
      code: "IdempotencyKeyReused",
    },
    send: async (hub) => {
      const id = encodeURIComponent(hub.newId());
      const first = json(`/orchestrators/wait/${id}`, 5, { "idempotency-key": "one" });
      await fetch(hub.url + first.path, { method: "POST", body: first.body!, headers: first.headers! });
      return json(`/orchestrators/wait/${id}`, 6, { "idempotency-key": "one" });
    },
  },
  ...["a%2Fb", "%40entity", "a%23b", "a%00b", "a".repeat(257)].map((id): Row => ({
    ...{ route: NAMED, status: 400, what: `refuses the id ${id.slice(0, 10)}`, code: "InvalidArgument" },
    send: () => json(`/orchestrators/echo/${id}`, 1),
  })),
];

const reading: readonly Row[] = [
  {
    ...{ route: LIST, status: 200, what: "tells of those that match", schema: instanceDetails.array() },
    send: async (hub) => {
      const prefix = hub.newId();
      for (const id of ["a", "b"]) await hub.client.startNew("wait", 1, { instanceId: `${prefix}${id}` });
      await hub.lists(() => hub.client.list({ instanceIdPrefix: prefix, status: "Running" }), 2);
      return { path: `/instances?instanceIdPrefix=${prefix}&runtimeStatus=running,ContinuedAsNew` };
    },
    check: ({ body, headers }) => {
      expect(body.map((one: Json) => one.input)).toEqual([null, null]);
      expect(headers.get("x-ms-continuation-token")).toBeNull();
    },
  },
  {
    ...{ route: LIST, status: 200, what: "shows inputs when asked", schema: instanceDetails.array() },
    send: async (hub) => ({ path: `/instances?showInput=True&instanceIdPrefix=${await hub.completed()}` }),
    check: ({ body }) => expect(body).toMatchObject([{ input: { a: 1 }, output: { a: 1 } }]),
  },
  {
    ...{ route: LIST, status: 200, what: "goes on by the token of the page before" },
    send: async (hub) => {
      const prefix = hub.newId();
      const ids = ["1", "2", "3"].map((id) => `${prefix}ü${id}`);
      for (const instanceId of ids) await hub.client.startNew("echo", 1, { instanceId, delay: "1d" });
      const path = `/instances?top=2&instanceIdPrefix=${encodeURIComponent(prefix)}`;
      const first = await fetch(hub.url + path);
      expect(await first.json()).toHaveLength(2);
      return { path, headers: { "x-ms-continuation-token": first.headers.get("x-ms-continuation-token")! } };
    },
    check: ({ body, headers }) => {
      expect(body).toHaveLength(1);
      expect(headers.get("x-ms-continuation-token")).toBeNull();
    },
  },
  {
    ...{ route: LIST, status: 400, what: "refuses a token that was tampered with", code: "InvalidArgument" },
    send: async (hub) => {
      for (let i = 0; i < 2; i++) await hub.delayed();
      const first = await fetch(`${hub.url}/instances?top=1&runtimeStatus=Pending`);
      const token = first.headers.get("x-ms-continuation-token")!;
      const [list] = JSON.parse(Buffer.from(token, "base64url").toString()) as [string];
      const forged = Buffer.from(JSON.stringify([list, '{"nextRowKey":5'])).toString("base64url");
      return {
        path: "/instances?top=1&runtimeStatus=Pending",
        headers: { "x-ms-continuation-token": forged },
      };
    },
  },
  {
    ...{ route: LIST, status: 200, what: "takes an empty token as none" },
    send: () => ({ path: "/instances?top=1", headers: { "x-ms-continuation-token": "" } }),
  },
  {
    ...{ route: LIST, status: 200, what: "finds nothing in a status that only others have" },
    send: () => ({ path: "/instances?runtimeStatus=Canceled" }),
    check: ({ body }) => expect(body).toEqual([]),
  },
  {
    ...{ route: LIST, status: 200, what: "filters by time, tag and name" },
    send: async (hub) => {
      const instanceId = hub.newId();
      await hub.client.startNew("echo", 1, { instanceId, tags: { row: instanceId } });
      return {
        path: `/instances?createdTimeFrom=2020-01-01&createdTimeTo=2999-01-01T00:00:00Z&tag=row=${instanceId}&name=echo`,
      };
    },
    check: ({ body }) => expect(body).toHaveLength(1),
  },
  ...[
    ["createdTimeFrom=yesterday", "a bad date"],
    ["createdTimeTo=2026-02-30T00:00:00Z", "a date that is not in the calendar"],
    ["createdTimeFrom=2027-01-01&createdTimeTo=2026-01-01", "times the wrong way round"],
    ["runtimeStatus=Sleeping", "an unknown status"],
    ["runtimeStatus=", "an empty status"],
    ["showInput=yes", "a boolean that is none"],
    ["top=0", "a page of nothing"],
    ["top=1001", "a page that is too large"],
    ["top=1e2", "a number that is none"],
    ["instanceIdPrefix=", "an empty prefix"],
    ["tag=x", "a tag that is none"],
  ].map(([query, what]): Row => ({
    ...{ route: LIST, status: 400, what: `refuses ${what}`, code: "InvalidArgument" },
    send: () => ({ path: `/instances?${query}` }),
  })),
  ...[
    ["nonsense", "a token that is none"],
    [Buffer.from(JSON.stringify(["0".repeat(12), "x"])).toString("base64url"), "the token of another list"],
  ].map(([token, what]): Row => ({
    ...{ route: LIST, status: 400, what: `refuses ${what}`, code: "InvalidArgument" },
    send: () => ({ path: "/instances?top=1", headers: { "x-ms-continuation-token": token! } }),
  })),
  {
    ...{ route: GET, status: 200, what: "of a completed one", schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub.completed()) }),
    check: ({ body }) => {
      expect(body).toMatchObject({
        name: "echo",
        runtimeStatus: "Completed",
        input: { a: 1 },
        output: { a: 1 },
      });
      expect(body.customStatus).toBeNull();
      expect(body.historyEvents).toBeUndefined();
      expect(body.createdTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    },
  },
  {
    ...{ route: GET, status: 202, what: "of a running one", schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub.waiting()) }),
    check: ({ body, headers }, hub) => {
      expect(headers.get("retry-after")).toBe("5");
      expect(headers.get("location")).toBe(hub.url + of(body.instanceId));
      expect(body.awaitedEvents).toMatchObject([{ name: "go" }]);
    },
  },
  ...(["suspended", "delayed", "blocked"] as const).map((state): Row => ({
    ...{ route: GET, status: 202, what: `of a ${state} one`, schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub[state]()) }),
    check: ({ body }) =>
      expect(body.runtimeStatus).toBe(
        { suspended: "Suspended", delayed: "Pending", blocked: "Blocked" }[state],
      ),
  })),
  {
    ...{ route: GET, status: 200, what: "of a failed one", schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub.failed()) }),
    check: ({ body }) =>
      expect(body).toMatchObject({
        runtimeStatus: "Failed",
        output: "it was to be",
        failure: { errorType: "RangeError" },
      }),
  },
  {
    ...{ route: GET, status: 500, what: "of a failed one, when asked", schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub.failed(), "?returnInternalServerErrorOnFailure=true") }),
  },
  {
    ...{ route: GET, status: 200, what: "of a terminated one", schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub.terminated()) }),
    check: ({ body }) => expect(body).toMatchObject({ runtimeStatus: "Terminated", output: "enough" }),
  },
  {
    ...{ route: GET, status: 202, what: "with its history, without results", schema: instanceDetails },
    send: async (hub) => {
      const id = hub.newId();
      await hub.client.startNew("steps", undefined, { instanceId: id });
      await hub.until(id, (snapshot) => snapshot.awaitedEvents !== undefined);
      return { path: of(id, "?showHistory=true&showInput=false") };
    },
    check: ({ body }) => {
      expect(body.historyEvents.map((one: Json) => one.EventType)).toEqual([
        "ExecutionStarted",
        "TaskCompleted",
      ]);
      expect(body.historyEvents[1]).toMatchObject({
        FunctionName: "greet",
        ScheduledTime: expect.any(String),
      });
      expect(body.historyEvents[1].Result).toBeUndefined();
      expect(body).toMatchObject({ input: null, customStatus: "begun" });
    },
  },
  {
    ...{ route: GET, status: 200, what: "with its history, and results", schema: instanceDetails },
    send: async (hub) => ({ path: of(await hub.completed(), "?showHistory=true&showHistoryOutput=true") }),
    check: ({ body }) =>
      expect(body.historyEvents.at(-1)).toMatchObject({
        ...{ EventType: "ExecutionCompleted", OrchestrationStatus: "Completed", Result: { a: 1 } },
      }),
  },
  {
    ...{
      route: "GET /instances/{instanceId}/history",
      status: 200,
      what: "as it is stored",
      schema: instanceHistory,
    },
    send: async (hub) => ({ path: of(await hub.completed(), "/history") }),
    check: ({ body }) =>
      expect(body.events.at(-1)).toMatchObject({ type: "ExecutionCompleted", output: '{"a":1}' }),
  },
  {
    ...{
      route: "GET /instances/{instanceId}/history",
      status: 200,
      what: "of one that nobody has taken yet",
    },
    send: async (hub) => ({ path: of(await hub.delayed(), "/history") }),
  },
  {
    ...{
      route: "GET /instances/{instanceId}/result",
      status: 200,
      what: "of one that has finished",
      schema: instanceDetails,
    },
    send: async (hub) => ({ path: of(await hub.completed(), "/result") }),
    check: ({ body }) => expect(body.output).toEqual({ a: 1 }),
  },
  {
    ...{
      route: "GET /instances/{instanceId}/result",
      status: 200,
      what: "waits for the end",
      schema: instanceDetails,
    },
    send: async (hub) => {
      const id = await hub.waiting();
      setTimeout(() => void hub.client.instance(id).raiseEvent("go", "now"), 50);
      return { path: of(id, "/result?timeout=20s") };
    },
    check: ({ body }) => expect(body.output).toBe("now"),
  },
  {
    ...{
      route: "GET /instances/{instanceId}/result",
      status: 202,
      what: "does not wait for ever",
      schema: instanceDetails,
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/result?timeout=50ms") }),
    check: ({ headers }) => expect(headers.get("retry-after")).toBe("1"),
  },
  {
    ...{ route: "GET /instances/{instanceId}/result", status: 200, what: "streams the way to the end" },
    send: async (hub) => {
      const id = await hub.waiting();
      setTimeout(() => void hub.client.instance(id).raiseEvent("go", "now"), 50);
      return { path: of(id, "/result"), headers: { accept: "text/event-stream" } };
    },
    check: ({ text, headers }) => {
      expect(headers.get("content-type")).toContain("text/event-stream");
      expect(text).toMatch(/^event: status\ndata: .*"Running"/);
      expect(text).toMatch(/event: result\ndata: .*"output":"now".*\nid: .*\n\n$/);
    },
  },
  {
    ...{ route: "GET /instances/{instanceId}/changes", status: 200, what: "tells until the end" },
    send: async (hub) => {
      const id = await hub.waiting();
      setTimeout(() => void hub.client.instance(id).raiseEvent("go", "now"), 50);
      return { path: of(id, "/changes") };
    },
    check: ({ text }) =>
      expect(text).toMatch(/^event: change\ndata: .*"Running"[^]*"Completed"[^]*event: end\ndata: \{\}\n\n$/),
  },
  {
    ...{
      route: "GET /instances/{instanceId}/explain",
      status: 200,
      what: "says what it waits for",
      schema: explanation,
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/explain") }),
    check: ({ body }) => expect(body.waitsFor).toMatchObject([{ kind: "event", name: "go" }]),
  },
  {
    ...{ route: "GET /doctor", status: 200, what: "tells what is wrong", schema: doctorAnswer },
    send: async (hub) => {
      await hub.blocked();
      return { path: "/doctor?grace=1s&limit=10000" };
    },
    check: ({ body }) => expect(body.findings.map((one: Json) => one.kind)).toContain("UnknownOrchestration"),
  },
  {
    ...{ route: "POST /doctor", status: 200, what: "repairs what it can", schema: doctorAnswer },
    send: () => ({ path: "/doctor?limit=10" }),
  },
  ...["limit=0", "grace=long", "fix=true"].map((query): Row => ({
    ...{ route: "GET /doctor", status: 400, what: `refuses ${query}`, code: "InvalidArgument" },
    send: () => ({ path: `/doctor?${query}` }),
  })),
];

const acting: readonly Row[] = [
  {
    ...{ route: "POST /instances/{instanceId}/raiseEvent/{eventName}", status: 202, what: "raises it" },
    send: async (hub) => json(of(await hub.waiting(), "/raiseEvent/GO"), { x: [1] }),
    check: async ({ text }, hub, { path }) => {
      expect(text).toBe("");
      const id = decodeURIComponent(path.split("/")[2]!);
      await expect(hub.client.instance(id).result({ timeout: "20s" })).resolves.toEqual({ x: [1] });
    },
  },
  {
    ...{
      route: "POST /instances/{instanceId}/raiseEvent/{eventName}",
      status: 202,
      what: "without a payload",
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/raiseEvent/go") }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/raiseEvent/{eventName}",
      status: 202,
      what: "once for one idempotency key",
    },
    send: async (hub) => {
      const id = await hub.started("collect", undefined, "Running");
      const sent = json(of(id, "/raiseEvent/item"), 1, { "idempotency-key": "k" });
      await fetch(hub.url + sent.path, { method: "POST", body: sent.body!, headers: sent.headers! });
      return sent;
    },
    check: async (_, hub, { path }) => {
      const instance = hub.client.instance(decodeURIComponent(path.split("/")[2]!));
      await instance.raiseEvent("item", "end");
      await expect(instance.result({ timeout: "20s" })).resolves.toEqual([1]);
    },
  },
  {
    ...{
      route: "POST /instances/{instanceId}/raiseEvent/{eventName}",
      status: 400,
      what: "refuses other content types",
      code: "InvalidArgument",
    },
    send: async (hub) => ({
      ...{ path: of(await hub.waiting(), "/raiseEvent/go"), body: "1" },
      headers: { "content-type": "text/plain" },
    }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/raiseEvent/{eventName}",
      status: 400,
      what: "refuses what is not JSON",
      code: "InvalidArgument",
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/raiseEvent/go"), body: "{", headers: JSON_TYPE }),
  },
  ...(["terminate", "suspend", "resume"] as const).flatMap((verb): Row[] => [
    {
      ...{ route: `POST /instances/{instanceId}/${verb}`, status: 202, what: "takes it" },
      send: async (hub) => ({
        path: of(
          verb === "resume" ? await hub.suspended() : await hub.waiting(),
          `/${verb}?reason=because%20so`,
        ),
      }),
      check: async (_, hub, { path }) => {
        const status = ({ terminate: "Terminated", suspend: "Suspended", resume: "Running" } as const)[verb];
        await hub.reaches(decodeURIComponent(path.split("/")[2]!), status);
      },
    },
    {
      ...{
        route: `POST /instances/{instanceId}/${verb}`,
        status: 410,
        what: "refuses a finished one",
        code: "InvalidInstanceState",
      },
      send: async (hub) => ({ path: of(await hub.completed(), `/${verb}`) }),
      check: ({ body }) => expect(body.status).toBe("Completed"),
    },
  ]),
  {
    ...{ route: "POST /instances/{instanceId}/terminate", status: 202, what: "takes recursive" },
    send: async (hub) => ({ path: of(await hub.waiting(), "/terminate?recursive=true") }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/raiseEvent/{eventName}",
      status: 410,
      what: "refuses a finished one",
      code: "InvalidInstanceState",
    },
    send: async (hub) => json(of(await hub.completed(), "/raiseEvent/go"), 1),
  },
  {
    ...{ route: "POST /instances/{instanceId}/rewind", status: 202, what: "takes a failed one" },
    send: async (hub) => ({ path: of(await hub.failed(), "/rewind?reason=again") }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/rewind",
      status: 410,
      what: "refuses a completed one",
      code: "InvalidInstanceState",
    },
    send: async (hub) => ({ path: of(await hub.completed(), "/rewind") }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/rewind",
      status: 409,
      what: "refuses a running one",
      code: "InvalidInstanceState",
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/rewind") }),
  },
  ...(["suspend", "resume"] as const).map((verb): Row => ({
    ...{ route: `POST /instances/{instanceId}/${verb}`, status: 202, what: "takes a blocked one" },
    send: async (hub) => ({ path: of(await hub.blocked(), `/${verb}`) }),
  })),
  {
    ...{
      route: "POST /instances/{instanceId}/restart",
      status: 202,
      what: "under a new id",
      schema: startedInstance,
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/restart") }),
    check: ({ body }, _, { path }) => expect(of(body.id)).not.toBe(path.replace("/restart", "")),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/restart",
      status: 202,
      what: "under its own id",
      schema: startedInstance,
    },
    send: async (hub) => ({ path: of(await hub.completed(), "/restart?restartWithNewInstanceId=false") }),
    check: ({ body }, _, { path }) =>
      expect(of(body.id, "/restart?restartWithNewInstanceId=false")).toBe(path),
  },
  {
    ...{ route: "POST /instances/{instanceId}/restart", status: 202, what: "under an id of one's choice" },
    send: async (hub) => ({ path: of(await hub.completed(), `/restart?newInstanceId=${hub.newId()}-again`) }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/restart",
      status: 409,
      what: "refuses to replace a running one",
      code: "InvalidInstanceState",
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/restart?restartWithNewInstanceId=false") }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/restart",
      status: 409,
      what: "refuses an id in use",
      code: "InstanceAlreadyExists",
    },
    send: async (hub) => ({
      path: of(await hub.completed(), `/restart?newInstanceId=${await hub.waiting()}`),
    }),
  },
  {
    ...{ route: PURGE, status: 200, what: "deletes a finished one", schema: purgeOutcome },
    send: async (hub) => ({ path: of(await hub.completed()) }),
    check: async ({ body }, hub, { path }) => {
      expect(body.instancesDeleted).toBe(1);
      expect((await fetch(hub.url + path)).status).toBe(404);
    },
  },
  {
    ...{ route: PURGE, status: 200, what: "only counts in a dry run", schema: purgeOutcome },
    send: async (hub) => ({ path: of(await hub.completed(), "?dryRun=true&recursive=true") }),
    check: async ({ body }, hub, { path }) => {
      expect(body).toMatchObject({ instancesDeleted: 0, instancesMatched: 1 });
      expect((await fetch(`${hub.url}${path.replace(/\?.*/, "")}`)).status).toBe(200);
    },
  },
  {
    ...{ route: PURGE, status: 409, what: "refuses a running one", code: "InvalidInstanceState" },
    send: async (hub) => ({ path: of(await hub.waiting()) }),
  },
  {
    ...{
      route: PURGE,
      status: 409,
      what: "refuses a running one in a dry run, too",
      code: "InvalidInstanceState",
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "?dryRun=true") }),
  },
  {
    ...{ route: PURGE_MANY, status: 200, what: "deletes those that match", schema: purgeOutcome },
    send: async (hub) => {
      const ids = [await hub.completed(), await hub.terminated()];
      return {
        path: `/instances?createdTimeFrom=2020-01-01&instanceIdPrefix=${ids[1]}&runtimeStatus=Terminated,Canceled`,
      };
    },
    check: ({ body }) => expect(body).toEqual({ instancesDeleted: 1, isComplete: true }),
  },
  {
    ...{ route: PURGE_MANY, status: 200, what: "only counts in a dry run", schema: purgeOutcome },
    send: async (hub) => ({
      path: `/instances?createdTimeFrom=2020-01-01&dryRun=true&instanceIdPrefix=${await hub.completed()}&name=echo`,
    }),
    check: ({ body }) => expect(body).toMatchObject({ instancesDeleted: 0, instancesMatched: 1 }),
  },
  {
    ...{ route: PURGE_MANY, status: 200, what: "says so when time runs out", schema: purgeOutcome },
    send: () => ({ path: "/instances?createdTimeFrom=2020-01-01&timeout=0" }),
    check: ({ body }) => expect(body).toEqual({ instancesDeleted: 0, isComplete: false }),
  },
  {
    ...{ route: PURGE_MANY, status: 404, what: "finds none", schema: purgeOutcome },
    send: () => ({ path: "/instances?createdTimeFrom=2020-01-01&instanceIdPrefix=nobody" }),
  },
  {
    ...{ route: PURGE_MANY, status: 404, what: "finds none in a status that only others have" },
    send: () => ({ path: "/instances?createdTimeFrom=2020-01-01&runtimeStatus=Canceled" }),
  },
  ...[
    ["", "no beginning"],
    ["createdTimeFrom=2020-13-01", "a bad date"],
    ["createdTimeFrom=2020-01-01&runtimeStatus=Running", "running ones"],
    ["createdTimeFrom=2020-01-01&top=3", "a parameter of lists"],
  ].map(([query, what]): Row => ({
    ...{ route: PURGE_MANY, status: 400, what: `refuses ${what}`, code: "InvalidArgument" },
    send: () => ({ path: `/instances?${query}` }),
  })),
  {
    ...{ route: PURGE_MANY, status: 400, what: "refuses a bad token", code: "InvalidArgument" },
    send: () => ({
      path: "/instances?createdTimeFrom=2020-01-01",
      headers: { "x-ms-continuation-token": "x" },
    }),
  },
];

const TIMER = "POST /instances/{instanceId}/timers/{timerId}";

const timers: readonly Row[] = [
  {
    ...{
      route: "GET /instances/{instanceId}/timers",
      status: 200,
      what: "of one that sleeps",
      schema: timerDetails.array(),
    },
    send: async (hub) => ({ path: of(await hub.sleeping(), "/timers") }),
    check: ({ body }) => expect(body).toMatchObject([{ timerId: 0, name: "long", kind: "timer" }]),
  },
  {
    ...{ route: "GET /instances/{instanceId}/timers", status: 200, what: "of one that starts later" },
    send: async (hub) => ({ path: of(await hub.delayed(), "/timers") }),
    check: ({ body }) => expect(body).toMatchObject([{ timerId: -1, kind: "start" }]),
  },
  {
    ...{ route: "GET /timers", status: 200, what: "of those that match", schema: timerDetails.array() },
    send: async (hub) => {
      const instanceIdPrefix = await hub.sleeping();
      await hub.lists(() => hub.client.timers.list({ instanceIdPrefix }), 1);
      return {
        path: `/timers?instanceIdPrefix=${instanceIdPrefix}&dueBefore=2999-01-01&orchestration=sleep`,
      };
    },
    check: ({ body }) => expect(body).toHaveLength(1),
  },
  {
    ...{ route: "GET /timers", status: 200, what: "goes on by the token of the page before" },
    send: async (hub) => {
      const prefix = hub.newId();
      for (const end of ["a", "b"])
        await hub.client.startNew("echo", 1, { instanceId: `${prefix}${end}`, delay: "1d" });
      const path = `/timers?top=1&instanceIdPrefix=${prefix}`;
      const first = await fetch(hub.url + path);
      return { path, headers: { "x-ms-continuation-token": first.headers.get("x-ms-continuation-token")! } };
    },
    check: ({ body, headers }) => {
      expect(body).toMatchObject([{ instanceId: expect.stringMatching(/b$/) }]);
      expect(headers.get("x-ms-continuation-token")).toBeNull();
    },
  },
  {
    ...{ route: "GET /timers", status: 400, what: "refuses a bad date", code: "InvalidArgument" },
    send: () => ({ path: "/timers?dueBefore=later" }),
  },
  {
    ...{ route: `${TIMER}/fire`, status: 202, what: "fires it" },
    send: async (hub) => ({ path: of(await hub.sleeping(), "/timers/0/fire?reason=now") }),
    check: async (_, hub, { path }) => {
      const id = decodeURIComponent(path.split("/")[2]!);
      await expect(hub.client.instance(id).result({ timeout: "20s" })).resolves.toBe("awake");
    },
  },
  ...["2030-01-01T00:00:00Z", "10m", { at: "2030-06-01T09:00", timeZone: "Europe/Berlin" }].map(
    (when): Row => ({
      ...{ route: `${TIMER}/move`, status: 202, what: `moves it to ${JSON.stringify(when)}` },
      send: async (hub) => json(of(await hub.sleeping(), "/timers/0/move"), { when }),
    }),
  ),
  ...[{ when: "soon" }, { when: "2030-01-01T00:00:00" }, { when: 5 }, {}, { when: "1s", more: 1 }, null].map(
    (body): Row => ({
      ...{
        route: `${TIMER}/move`,
        status: 400,
        what: `refuses ${JSON.stringify(body)}`,
        code: "InvalidArgument",
      },
      send: async (hub) => json(of(await hub.delayed(), "/timers/-1/move"), body),
    }),
  ),
  {
    ...{ route: `${TIMER}/cancel`, status: 202, what: "cancels it" },
    send: async (hub) => ({ path: of(await hub.delayed(), "/timers/-1/cancel") }),
    check: async (_, hub, { path }) =>
      hub.reaches(decodeURIComponent(path.split("/")[2]!), "Terminated").then(),
  },
  ...["fire", "cancel", "move"].flatMap((verb): Row[] => [
    {
      ...{ route: `${TIMER}/${verb}`, status: 404, what: "finds no such timer", code: "TimerNotFound" },
      send: async (hub) => json(of(await hub.sleeping(), `/timers/7/${verb}`), { when: "1m" }),
      check: ({ body }) => expect(body.timerId).toBe(7),
    },
    {
      ...{
        route: `${TIMER}/${verb}`,
        status: 404,
        what: "finds none of another generation",
        code: "TimerNotFound",
      },
      send: async (hub) =>
        json(of(await hub.sleeping(), `/timers/0/${verb}?executionId=other`), { when: "1m" }),
    },
    {
      ...{
        route: `${TIMER}/${verb}`,
        status: 400,
        what: "refuses a number that is none",
        code: "InvalidArgument",
      },
      send: async (hub) => json(of(await hub.sleeping(), `/timers/first/${verb}`), { when: "1m" }),
    },
  ]),
];

const schedules: readonly Row[] = [
  {
    ...{ route: "POST /schedules", status: 201, what: "creates it", schema: scheduleDetails },
    send: (hub) =>
      json("/schedules", {
        ...{ id: hub.newId(), orchestration: "echo", input: { a: 1 }, overlapPolicy: "bufferOne" },
        spec: { cron: "30 2 * * *", timeZone: "Europe/Paris", endAt: "2999-01-01T00:00:00Z" },
        ...{ tags: { a: "b" }, catchUpWindow: "2h", maxRuns: 3, note: "nightly" },
      }),
    check: ({ body, headers }, hub) => {
      expect(headers.get("location")).toBe(`${hub.url}/schedules/${encodeURIComponent(body.id)}`);
      expect(body).toMatchObject({
        status: "active",
        catchUpWindow: 7_200_000,
        nextTimes: expect.any(Array),
      });
    },
  },
  {
    ...{ route: "POST /schedules", status: 409, what: "refuses an id in use", code: "ScheduleAlreadyExists" },
    send: async (hub) =>
      json("/schedules", {
        id: await hub.scheduled(),
        orchestration: "echo",
        spec: { every: { interval: "1h" } },
      }),
    check: ({ body }) => expect(body.scheduleId).toEqual(expect.any(String)),
  },
  ...[
    [{ id: "x", orchestration: "echo", spec: { cron: "61 * * * *" } }, "a cron line that is none"],
    [
      { id: "x", orchestration: "echo", spec: { cron: "0 3 * * *", timeZone: "Europe/Nowhere" } },
      "an unknown zone",
    ],
    [{ id: "x", orchestration: "echo", spec: {} }, "a spec that says nothing"],
    [
      { id: "x", orchestration: "echo", spec: { every: { interval: 1e300 } } },
      "an interval no date can hold",
    ],
    [
      { id: "x", orchestration: "echo", spec: { every: { interval: "1h" }, startAt: 8.64e15 } },
      "a start no tick can follow",
    ],
    [
      { id: "x", orchestration: "echo", spec: { cron: "0 3 * * *", jitter: "999999999d" } },
      "a jitter without end",
    ],
    [
      { id: "x", orchestration: "echo", spec: { cron: Array.from({ length: 101 }, () => "0 3 * * *") } },
      "more than a hundred lines",
    ],
    [
      { id: "x", orchestration: "echo", spec: { cron: "0 3 * * *" }, catchUpWindow: 1e300 },
      "a window without end",
    ],
    [
      { id: "x", orchestration: "echo", spec: { cron: "0 3 * * *" }, version: "\u0000" },
      "a version of control characters",
    ],
    [{ id: "x", orchestration: "echo", spec: { cron: "0 3 * * *" }, often: true }, "an unknown field"],
    [{ id: "a/b", orchestration: "echo", spec: { cron: "0 3 * * *" } }, "a bad id"],
    [
      { id: "x", orchestration: "echo", spec: { cron: "0 3 * * *" }, overlapPolicy: "both" },
      "an unknown policy",
    ],
    [{ orchestration: "echo", spec: { cron: "0 3 * * *" } }, "no id"],
    [[], "no object"],
  ].map(([body, what]): Row => ({
    ...{ route: "POST /schedules", status: 400, what: `refuses ${String(what)}`, code: "InvalidArgument" },
    send: () => json("/schedules", body),
  })),
  {
    ...{ route: "GET /schedules", status: 200, what: "lists them", schema: scheduleDetails.array() },
    send: async (hub) => {
      await hub.scheduled();
      return { path: "/schedules?top=1000" };
    },
    check: ({ body }) => expect(body.length).toBeGreaterThan(0),
  },
  {
    ...{ route: "GET /schedules/{scheduleId}", status: 200, what: "describes it", schema: scheduleDetails },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}?nextTimes=7` }),
    check: ({ body }) => expect(body.nextTimes).toHaveLength(7),
  },
  {
    ...{
      route: "GET /schedules/{scheduleId}",
      status: 400,
      what: "refuses too many times",
      code: "InvalidArgument",
    },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}?nextTimes=5000` }),
  },
  {
    ...{ route: "PATCH /schedules/{scheduleId}", status: 202, what: "changes it" },
    send: async (hub) =>
      json(`/schedules/${await hub.scheduled()}`, {
        note: "changed",
        tags: null,
        spec: { cron: "0 4 * * *" },
      }),
  },
  ...[{}, { often: 1 }, { spec: { cron: "x" } }, { overlapPolicy: "no" }].map((body): Row => ({
    ...{
      route: "PATCH /schedules/{scheduleId}",
      status: 400,
      what: `refuses ${JSON.stringify(body)}`,
      code: "InvalidArgument",
    },
    send: async (hub) => json(`/schedules/${await hub.scheduled()}`, body),
  })),
  {
    ...{ route: "POST /schedules/{scheduleId}/pause", status: 202, what: "pauses it" },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}/pause?reason=holidays` }),
  },
  {
    ...{ route: "POST /schedules/{scheduleId}/resume", status: 202, what: "resumes it" },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}/resume` }),
  },
  {
    ...{ route: "POST /schedules/{scheduleId}/trigger", status: 202, what: "triggers it" },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}/trigger?overlapPolicy=allowAll` }),
  },
  {
    ...{
      route: "POST /schedules/{scheduleId}/trigger",
      status: 400,
      what: "refuses an unknown policy",
      code: "InvalidArgument",
    },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}/trigger?overlapPolicy=never` }),
  },
  {
    ...{ route: "POST /schedules/{scheduleId}/backfill", status: 202, what: "backfills it" },
    send: async (hub) =>
      json(`/schedules/${await hub.scheduled()}/backfill`, {
        from: "2026-01-01",
        to: "2026-01-03T00:00:00Z",
      }),
  },
  ...[{ from: "2026-01-03", to: "2026-01-01" }, { from: "2026-01-01" }, { from: "x", to: "y" }].map(
    (body): Row => ({
      ...{
        route: "POST /schedules/{scheduleId}/backfill",
        status: 400,
        what: `refuses ${JSON.stringify(body)}`,
        code: "InvalidArgument",
      },
      send: async (hub) => json(`/schedules/${await hub.scheduled()}/backfill`, body),
    }),
  ),
  {
    ...{ route: "DELETE /schedules/{scheduleId}", status: 202, what: "deletes it" },
    send: async (hub) => ({ path: `/schedules/${await hub.scheduled()}` }),
  },
  ...[
    ["GET /schedules/{scheduleId}", ""],
    ["PATCH /schedules/{scheduleId}", ""],
    ["DELETE /schedules/{scheduleId}", ""],
    ...["pause", "resume", "trigger", "backfill"].map((verb) => [
      `POST /schedules/{scheduleId}/${verb}`,
      `/${verb}`,
    ]),
  ].map(([route, rest]): Row => ({
    ...{ route: route!, status: 404, what: "finds no such schedule", code: "ScheduleNotFound" },
    send: () =>
      rest === "/backfill" || route!.startsWith("PATCH")
        ? json(
            `/schedules/nobody${rest}`,
            rest === "/backfill" ? { from: "2026-01-01", to: "2026-01-03" } : { note: "x" },
          )
        : { path: `/schedules/nobody${rest}` },
    check: ({ body }) => expect(body.scheduleId).toBe("nobody"),
  })),
];

const others: readonly Row[] = [
  {
    ...{ route: "GET /dead-letters", status: 200, what: "lists them", schema: deadLetterDetails.array() },
    send: () => ({ path: "/dead-letters?showBody=true" }),
    check: ({ body }) => expect(body[0].body).toEqual(expect.any(String)),
  },
  {
    ...{ route: "GET /dead-letters", status: 200, what: "without their payloads" },
    send: () => ({ path: "/dead-letters?top=1" }),
    check: ({ body }) => expect(body[0].body).toBeUndefined(),
  },
  {
    ...{ route: "POST /dead-letters/{deadLetterId}/redrive", status: 202, what: "queues it again" },
    send: (hub) => ({ path: `/dead-letters/${encodeURIComponent(hub.deadLetter())}/redrive` }),
  },
  {
    ...{ route: "DELETE /dead-letters/{deadLetterId}", status: 204, what: "removes it" },
    send: (hub) => ({ path: `/dead-letters/${encodeURIComponent(hub.deadLetter())}` }),
  },
  {
    ...{
      route: "POST /dead-letters/{deadLetterId}/redrive",
      status: 404,
      what: "finds none",
      code: "DeadLetterNotFound",
    },
    send: () => ({ path: "/dead-letters/nobody/redrive" }),
  },
  {
    ...{
      route: "DELETE /dead-letters/{deadLetterId}",
      status: 404,
      what: "finds none",
      code: "DeadLetterNotFound",
    },
    send: () => ({ path: "/dead-letters/nobody" }),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/eventUrls/{eventName}",
      status: 201,
      what: "makes one",
      schema: eventUrl,
    },
    send: async (hub) =>
      json(of(await hub.waiting(), "/eventUrls/go"), { payload: true, expiresIn: "1h", title: "Approve?" }),
    check: async ({ body }) => expect((await fetch(body.url)).status).toBe(200),
  },
  {
    ...{
      route: "POST /instances/{instanceId}/eventUrls/{eventName}",
      status: 201,
      what: "makes one of nothing",
    },
    send: async (hub) => ({ path: of(await hub.waiting(), "/eventUrls/go") }),
  },
  ...[
    { expiresIn: "91d" },
    { expiresIn: 0 },
    { expiresIn: "soon" },
    { payload: "x".repeat(5000) },
    { more: 1 },
  ].map((body): Row => ({
    ...{
      route: "POST /instances/{instanceId}/eventUrls/{eventName}",
      status: 400,
      what: `refuses ${JSON.stringify(body).slice(0, 30)}`,
      code: "InvalidArgument",
    },
    send: async (hub) => json(of(await hub.delayed(), "/eventUrls/go"), body),
  })),
  {
    ...{
      route: "POST /instances/{instanceId}/eventUrls/{eventName}",
      status: 410,
      what: "refuses a finished one",
      code: "InvalidInstanceState",
    },
    send: async (hub) => json(of(await hub.completed(), "/eventUrls/go"), {}),
  },
  {
    ...{ route: "GET /events/{token}", status: 200, what: "shows a page" },
    send: async (hub) => ({ path: await eventPath(hub, await hub.waiting()) }),
    check: ({ text, headers }) => {
      expect(headers.get("content-type")).toContain("text/html");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(text).toContain("&lt;b&gt;Approve?&lt;/b&gt;");
    },
  },
  {
    ...{ route: "POST /events/{token}", status: 200, what: "raises the event" },
    send: async (hub) => ({ path: await eventPath(hub, await hub.waiting()) }),
  },
  ...["GET", "POST"].flatMap((method): Row[] => [
    {
      ...{ route: `${method} /events/{token}`, status: 403, what: "refuses a forged one", code: "Forbidden" },
      send: async (hub) => ({ path: `${await eventPath(hub, await hub.delayed())}A` }),
    },
    {
      ...{
        route: `${method} /events/{token}`,
        status: 410,
        what: "refuses one of a settled question",
        code: "EventUrlOver",
      },
      send: async (hub) => {
        const id = await hub.waiting();
        const path = await eventPath(hub, id);
        await hub.client.instance(id).raiseEvent("go");
        await hub.reaches(id, "Completed");
        return { path };
      },
    },
  ]),
  {
    ...{ route: "GET /health/live", status: 200, what: "lives", schema: healthReport },
    send: () => ({ path: "/health/live" }),
  },
  {
    ...{ route: "GET /health/ready", status: 200, what: "is ready", schema: healthReport },
    send: () => ({ path: "/health/ready" }),
    check: ({ body }) => expect(body.checks).toEqual({ storage: "ok" }),
  },
  {
    ...{ route: "GET /openapi.json", status: 200, what: "tells of itself" },
    send: () => ({ path: "/openapi.json" }),
    check: ({ body }, hub) => expect(body.servers).toEqual([{ url: hub.url }]),
  },
  {
    ...{ route: "GET /openapi.json", status: 400, what: "takes no parameters but the common ones" },
    send: () => ({ path: "/openapi.json?format=yaml" }),
  },
  {
    ...{ route: "GET /changes", status: 400, what: "refuses a bad filter", code: "InvalidArgument" },
    send: () => ({ path: "/changes?createdTimeFrom=2027-01-01&createdTimeTo=2026-01-01" }),
  },
  {
    ...{ route: "GET /changes", status: 400, what: "refuses an unknown beginning", code: "InvalidArgument" },
    send: () => ({ path: "/changes?since=yesterday" }),
  },
];

async function eventPath(hub: ServedHub, instanceId: string): Promise<string> {
  const { url } = await hub.management().createEventUrl(instanceId, "go", { title: "<b>Approve?</b>" });
  return url.slice(hub.url.length);
}

export const ROWS: readonly Row[] = [...starting, ...others, ...reading, ...acting, ...timers, ...schedules];

export { errorBody };
