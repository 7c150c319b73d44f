import { azurite, embedded } from "./support/hubs";
import { ROWS, errorBody, json } from "./support/rows";
import type { Answer, Row, Sent } from "./support/rows";
import { ServedHub } from "./support/served-hub";
import type { Json } from "./support/json";

const MAX_BODY_BYTES = 32 * 1024;

async function ask(hub: ServedHub, method: string, { path, body, headers }: Sent): Promise<Answer> {
  const response = await fetch(hub.url + path, {
    ...{ method, redirect: "manual" },
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

function assertError({ body, text }: Answer, code: string): void {
  errorBody.parse(body);
  expect(body).toMatchObject({ code, Message: body.message });
  expect(text).not.toMatch(/\bat .*\.[jt]s:\d+/);
}

/** What every route answers to requests that are wrong in a way any may be. */
function usualRows(paths: Readonly<Record<string, Readonly<Record<string, Json>>>>): Row[] {
  const filled = (path: string, id: string): string =>
    path
      .replace("{instanceId}", id)
      .replace("{timerId}", "0")
      .replace(/\{(\w+)\}/g, "some");
  return Object.entries(paths).flatMap(([path, methods]): Row[] => [
    {
      ...{ route: `PUT ${path}`, status: 405, what: "is no method of it", code: "MethodNotAllowed" },
      send: () => ({ path: filled(path, "x") }),
      check: ({ headers }) => {
        const allowed = Object.keys(methods).flatMap((one) =>
          one === "get" ? ["GET", "HEAD"] : [one.toUpperCase()],
        );
        expect(headers.get("allow")?.split(", ").sort()).toEqual(allowed.sort());
      },
    },
    ...Object.entries(methods).flatMap(([method, { requestBody, parameters = [] }]): Row[] => {
      const route = `${method.toUpperCase()} ${path}`;
      const body = { status: 400, code: "InvalidArgument" };
      const hasId = path.includes("{instanceId}") && !path.startsWith("/orchestrators");
      const valid = path.endsWith("/move") ? { when: "1s" } : {};
      const send =
        (id: string, rest = "") =>
        (): Sent =>
          requestBody === undefined
            ? { path: filled(path, id) + rest }
            : json(filled(path, id) + rest, valid);
      return [
        ...(parameters.some((one: Json) => one.in === "query")
          ? [{ ...body, route, what: "refuses an unknown parameter", send: send("x", "?bogus=1") }]
          : []),
        ...(hasId
          ? [
              {
                ...{ route, status: path.endsWith("/restart") ? 400 : 404, code: "InstanceNotFound" },
                ...{ what: "finds no such instance", send: send("nobody") },
                check: (answer: Answer) => expect(answer.body.instanceId).toBe("nobody"),
              },
              { ...body, route, what: "refuses a bad id", send: send("a%2Fb") },
              { ...body, route, what: "refuses an empty id in disguise", send: send("%00") },
            ]
          : []),
        ...(requestBody === undefined
          ? []
          : [
              {
                ...{ route, status: 413, what: "refuses a large body", code: "PayloadTooLarge" },
                send: () => json(filled(path, "x"), "x".repeat(MAX_BODY_BYTES)),
              },
              {
                ...{ ...body, route, what: "refuses what is not JSON" },
                send: () => ({ ...json(filled(path, "x"), 0), body: "{" }),
              },
              ...(path.startsWith("/orchestrators")
                ? []
                : [
                    {
                      ...{ route, what: "refuses another content type" },
                      ...(path.includes("raiseEvent") ? body : { status: 415, code: "UnsupportedMediaType" }),
                      send: () => ({
                        ...json(filled(path, "x"), 0),
                        headers: { "content-type": "text/xml" },
                      }),
                    },
                  ]),
            ]),
      ];
    }),
  ]);
}

describe.each([embedded, azurite])("the management API on $name", (kind) => {
  let hub: ServedHub;

  beforeAll(async () => {
    hub = await ServedHub.open(kind, { maxBodyBytes: MAX_BODY_BYTES, eventUrlKeys: ["k".repeat(32)] });
  });
  afterAll(() => hub.close());

  it.each(ROWS.map((row) => [`${row.route}: ${row.status} ${row.what}`, row] as const))(
    "%s",
    async (_, row) => {
      const sent = await row.send(hub);

      const answer = await ask(hub, row.route.split(" ")[0]!, sent);

      expect({ status: answer.status, text: answer.text }).toEqual({ status: row.status, text: answer.text });
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      row.schema?.parse(answer.body);
      if (row.code !== undefined) assertError(answer, row.code);
      await row.check?.(answer, hub, sent);
    },
  );

  it("refuses of every route what is wrong with any", async () => {
    const { body } = await ask(hub, "GET", { path: "/openapi.json" });

    const faults: unknown[] = [];
    for (const row of usualRows(body.paths)) {
      const sent = await row.send(hub);
      const answer = await ask(hub, row.route.split(" ")[0]!, sent);
      if (answer.status !== row.status)
        faults.push([row.route, row.what, row.status, answer.status, answer.text]);
      else {
        assertError(answer, row.code!);
        await row.check?.(answer, hub, sent);
      }
    }

    expect(faults).toEqual([]);
  });

  it("has a row for every outcome that the document promises", async () => {
    const { body } = await ask(hub, "GET", { path: "/openapi.json" });
    const elsewhere = ["401", "403", "429", "503"]; // security.test.ts, failures.test.ts
    const shown = new Set(
      [...ROWS, ...usualRows(body.paths)].map(({ route, status }) => `${route} ${status}`),
    );
    shown.add("GET /changes 200"); // an endless stream: management-client.test.ts
    for (const method of ["GET", "POST"]) shown.add(`${method} /events/{token} 404`); // event-urls.test.ts

    const missing = Object.entries<Json>(body.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses)
          .map((status) => `${method.toUpperCase()} ${path} ${status}`)
          .filter(
            (outcome) => !shown.has(outcome) && !elsewhere.some((status) => outcome.endsWith(` ${status}`)),
          ),
      ),
    );

    expect(missing).toEqual([]);
  });
});
