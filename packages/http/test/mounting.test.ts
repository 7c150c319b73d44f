/** The API in a server of the user's own, and answers for that server's own handlers. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Client } from "@perdure/client";
import { MemoryBackend } from "@perdure/backend-memory";
import {
  InstanceNotFoundError,
  InvalidArgumentError,
  defineOrchestration,
  silentLogger,
} from "@perdure/core";
import { Worker } from "@perdure/worker";
import { Hono } from "hono";
import { CheckStatus, ManagementClient, createManagementApi } from "../src";
import type { StartedInstance } from "../src";
import type { Json } from "./support/json";

const echo = defineOrchestration("echo", function* (_, input: unknown) {
  return input;
});
const fail = defineOrchestration("fail", function* () {
  throw new Error("it was to be");
});
const wait = defineOrchestration("wait", function* (ctx) {
  return yield* ctx.waitForExternalEvent("go");
});

const backend = new MemoryBackend();
const client = new Client(backend);
const worker = new Worker(backend, { orchestrations: [echo, fail, wait], logger: silentLogger });

beforeAll(() => worker.start());
afterAll(() => worker.stop());

describe("a mounted API", () => {
  it("lives in a Hono app, below a path, beside other routes, and gives URLs that lead back to it", async () => {
    const app = new Hono();
    app.get("/mine", (c) => c.text("mine"));
    app.route("/ops", createManagementApi(client, { logger: silentLogger }));
    const base = "http://localhost:8080/ops/runtime/webhooks/durabletask";

    const started = await app.request(`${base}/orchestrators/wait`, { method: "POST" });
    const { statusQueryGetUri } = (await started.json()) as StartedInstance;
    const status = await app.request(statusQueryGetUri);

    expect(statusQueryGetUri).toMatch(`${base}/instances/`);
    expect(status.status).toBe(202);
    expect(await (await app.request("http://localhost/mine")).text()).toBe("mine");
    expect((await app.request(`${base}/nothing`)).status).toBe(404);
    expect(await (await app.request(`${base}/instances/none`)).json()).toMatchObject({
      code: "InstanceNotFound",
    });
    expect((await app.request("http://localhost/elsewhere")).status).toBe(404);
    const management = new ManagementClient({ url: base, fetch: (request) => app.fetch(request) });
    await expect(management.ready()).resolves.toMatchObject({ status: "ready" });
  });

  it.each([
    ["/", "/ops"],
    ["/", "/"],
    ["/api", "/api"],
    ["/api", "/"],
    ["/instances", "/a/b"],
  ])("gives URLs that lead back to it, with the prefix %s below %s", async (prefix, path) => {
    const app = new Hono();
    app.route(path, createManagementApi(client, { prefix, logger: silentLogger }));
    const base = `http://localhost:8080${path}${prefix}`.replace(/\/+$/, "").replace(/(?<!:)\/\/+/g, "/");
    const starts = [
      `${base}/orchestrators/wait`,
      `${base}/orchestrators/wait/of-${encodeURIComponent(base.slice(17).replaceAll("/", "-"))}`,
    ];

    for (const start of starts) {
      const started = (await (await app.request(start, { method: "POST" })).json()) as StartedInstance;
      const status = await app.request(started.statusQueryGetUri);

      expect(started.statusQueryGetUri).toBe(`${base}/instances/${started.id}`);
      expect(status.status).toBe(202);
      expect(status.headers.get("location")).toBe(started.statusQueryGetUri);
    }
    const document = (await (await app.request(`${base}/openapi.json`)).json()) as Json;
    expect(document.servers).toMatchObject([{ url: base }]);
  });

  it("lives in any server of Node, at a prefix of one's own", async () => {
    const api = getRequestListener(
      createManagementApi(client, { prefix: "/durable/", logger: silentLogger }).fetch,
    );
    const server = createServer((request, response) => {
      if (request.url?.startsWith("/durable/")) void api(request, response);
      else response.end("mine");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/durable`;
    const management = new ManagementClient({ url });

    const { id, statusQueryGetUri } = await management.start("echo", 1);

    expect(statusQueryGetUri).toBe(`${url}/instances/${id}`);
    await expect(management.result(id)).resolves.toBe(1);
    server.close();
    server.closeAllConnections();
  });

  it("tells the URL it is reached by, when it is told", async () => {
    const app = createManagementApi(client, {
      publicUrl: "https://ops.example/durable/",
      logger: silentLogger,
    });

    const response = await app.request("http://localhost/runtime/webhooks/durabletask/orchestrators/echo", {
      method: "POST",
    });

    expect(response.headers.get("location")).toMatch(/^https:\/\/ops\.example\/durable\/instances\//);
  });

  it("refuses a request for another hub", async () => {
    const app = createManagementApi(client, { taskHub: "Shop", logger: silentLogger });
    const base = "http://localhost/runtime/webhooks/durabletask/instances?taskHub=";

    expect((await app.request(`${base}shop`)).status).toBe(200);
    expect((await app.request(`${base}Other`)).status).toBe(400);
  });

  it.each([{ prefix: "/a b" }, { prefix: "/a/:id" }, { prefix: "/a/*" }, { publicUrl: "nowhere" }])(
    "refuses %p",
    (options) => {
      expect(() => createManagementApi(client, options)).toThrow(InvalidArgumentError);
    },
  );
});

describe("CheckStatus", () => {
  const answers = new CheckStatus(client);
  const request = new Request("http://shop.example/buy?code=abc", { method: "POST" });
  const BASE = "http://shop.example/runtime/webhooks/durabletask/instances";

  it("answers where to ask", async () => {
    const response = answers.createCheckStatusResponse(request, "order:1");

    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`${BASE}/order%3A1?code=abc`);
    expect(response.headers.get("retry-after")).toBe("10");
    expect(await response.json()).toEqual(answers.createHttpManagementPayload(request, "order:1"));
    const elsewhere = new CheckStatus(client, { publicUrl: "https://ops.example/api/" });
    expect(elsewhere.createHttpManagementPayload(request, "a").resultGetUri).toBe(
      "https://ops.example/api/instances/a/result?code=abc",
    );
  });

  it("answers with the output when it completes in time", async () => {
    const { instanceId } = await client.startNew("echo", { paid: 5 });

    const response = await answers.waitForCompletionOrCreateCheckStatusResponse(request, instanceId);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ paid: 5 });
  });

  it("answers where to ask when it does not", async () => {
    const { instanceId } = await client.startNew("wait");

    const response = await answers.waitForCompletionOrCreateCheckStatusResponse(request, instanceId, {
      timeout: 20,
    });

    expect(response.status).toBe(202);
  });

  it("answers with 500 when it fails, unless told otherwise", async () => {
    const { instanceId } = await client.startNew("fail");

    const failed = await answers.waitForCompletionOrCreateCheckStatusResponse(request, instanceId);
    const told = await answers.waitForCompletionOrCreateCheckStatusResponse(request, instanceId, {
      errorOnFailure: false,
    });

    expect(failed.status).toBe(500);
    expect(await failed.json()).toMatchObject({ runtimeStatus: "Failed", output: "it was to be" });
    expect(told.status).toBe(200);
  });

  it("answers with the status when it is terminated", async () => {
    const handle = await client.startNew("wait");
    await handle.terminate("enough");

    const response = await answers.waitForCompletionOrCreateCheckStatusResponse(request, handle.instanceId);

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ runtimeStatus: "Terminated", output: "enough" });
  });

  it("ends with the request, and knows no instance that is not there", async () => {
    const { instanceId } = await client.startNew("wait");
    const signal = AbortSignal.timeout(20);

    const left = answers.waitForCompletionOrCreateCheckStatusResponse(
      new Request(request, { signal }),
      instanceId,
    );

    await expect(left).rejects.toMatchObject({ name: "TimeoutError" });
    const missing = answers.waitForCompletionOrCreateCheckStatusResponse(request, "nobody");
    await expect(missing).rejects.toThrow(InstanceNotFoundError);
  });
});
