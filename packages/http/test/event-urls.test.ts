import { Client } from "@perdure/client";
import { MemoryBackend } from "@perdure/backend-memory";
import {
  InstanceNotFoundError,
  InvalidArgumentError,
  InvalidInstanceStateError,
  VirtualClock,
  defineOrchestration,
  silentLogger,
} from "@perdure/core";
import { Worker } from "@perdure/worker";
import { EventUrls, createManagementApi } from "../src";
import { EventUrlSigner } from "../src/server/event-urls/signer";
import type { EventGrant } from "../src/server/event-urls/signer";
import type { Json } from "./support/json";

const KEY = "a secret of thirty-two characters";
const OTHER_KEY = "another secret of thirty-two chars";
const PUBLIC = "https://ops.example/api";

const collect = defineOrchestration("collect", function* (ctx) {
  const taken: unknown[] = [];
  for (;;) {
    const item = yield* ctx.waitForExternalEvent("answer");
    if (item === "end") return taken;
    taken.push(item);
  }
});
const eternal = defineOrchestration("eternal", function* (ctx, before: unknown[] | undefined) {
  const next = yield* ctx.waitForExternalEvent("answer");
  const taken = before ?? [];
  if (next === "end") return taken;
  return yield* ctx.continueAsNew([...taken, next]);
});

describe("an event URL", () => {
  const clock = new VirtualClock(Date.UTC(2027, 0, 1));
  let client: Client;
  let worker: Worker;
  let urls: EventUrls;

  beforeEach(async () => {
    const backend = new MemoryBackend();
    client = new Client(backend);
    worker = new Worker(backend, { orchestrations: [collect, eternal], logger: silentLogger });
    await worker.start();
    urls = new EventUrls(client, { keys: [KEY], publicUrl: PUBLIC, clock });
  });
  afterEach(() => worker.stop());

  /** Another process with the same secret. */
  function server(
    keys: readonly string[] = [KEY],
  ): (method: string, url: string, accept?: string) => Promise<Response> {
    const app = createManagementApi(client, {
      eventUrlKeys: keys,
      prefix: "/api",
      clock,
      logger: silentLogger,
    });
    return async (method, url, accept = "text/html") =>
      app.request(url.replace("https://ops.example", "http://localhost"), { method, headers: { accept } });
  }

  async function begun(name = "collect"): Promise<string> {
    const handle = await client.startNew(name);
    await handle.waitForStart();
    return handle.instanceId;
  }

  async function result(instanceId: string): Promise<unknown> {
    await client.instance(instanceId).raiseEvent("answer", "end");
    return client.instance(instanceId).result({ timeout: "10s" });
  }

  it("asks before it does anything: a GET changes nothing, however often", async () => {
    const id = await begun();
    const { url } = await urls.create(id, "answer", { payload: "yes", title: "Approve order <1>?" });
    const ask = server();

    for (let i = 0; i < 3; i++) {
      const page = await ask("GET", url);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("Approve order &lt;1&gt;?");
    }

    expect(await result(id)).toEqual([]);
  });

  it("raises its event with its payload, once, whichever processes are asked", async () => {
    const id = await begun();
    const { url } = await urls.create(id, "answer", { payload: { approved: true } });
    const servers = [server(), server(), server()];

    const statuses = await Promise.all(servers.map(async (ask) => (await ask("POST", url)).status));

    expect(statuses).toContain(200);
    expect(await result(id)).toEqual([{ approved: true }]);
  });

  it("is over once it was used, for every process", async () => {
    const id = await begun();
    const { url } = await urls.create(id, "answer", { payload: 1 });
    expect((await server()("POST", url)).status).toBe(200);
    const signal = AbortSignal.timeout(10_000);
    for await (const { instanceId } of client.instance(id).watch({ signal })) {
      const history = await client.instance(instanceId).history();
      if (history.some(({ type }) => type === "EventRaised")) break;
    }

    for (const method of ["GET", "POST"]) {
      const response = await server()(method, url);
      expect(response.status).toBe(410);
      expect(await response.text()).toContain("has been used already");
    }
  });

  it("is over once it has expired", async () => {
    const id = await begun();
    const { url, expiresAt } = await urls.create(id, "answer", { expiresIn: "1h" });
    expect(expiresAt).toBe(new Date(clock.now() + 3_600_000).toISOString());
    const ask = server();

    clock.jumpTo(clock.now() + 3_600_000 - 1);
    expect((await ask("GET", url)).status).toBe(200);
    clock.jumpTo(clock.now() + 1);

    expect((await ask("GET", url)).status).toBe(410);
    expect((await ask("POST", url)).status).toBe(410);
    expect(await result(id)).toEqual([]);
  });

  it("is refused when anything of it was changed, or another secret signed it", async () => {
    const id = await begun();
    const { url } = await urls.create(id, "answer", { payload: 1 });
    const token = url.split("/").at(-1)!;
    const [body, signature] = token.split(".") as [string, string];
    const grant = JSON.parse(Buffer.from(body, "base64url").toString()) as EventGrant;
    const forged = (changes: object): string =>
      `${Buffer.from(JSON.stringify({ ...grant, ...changes })).toString("base64url")}.${signature}`;
    const others = new EventUrls(client, { keys: [OTHER_KEY], publicUrl: PUBLIC, clock });

    const tokens = [
      ...[
        forged({ expiresAt: grant.expiresAt + 1 }),
        forged({ payload: "2" }),
        forged({ instanceId: "other" }),
      ],
      ...[
        body,
        `${body}.`,
        `.${signature}`,
        `${body}.${signature}.x`,
        `${body}.${signature.slice(0, -1)}`,
        "x",
        "%00",
      ],
      (await others.create(id, "answer")).url.split("/").at(-1)!,
    ];

    for (const bad of tokens) {
      const response = await server()("POST", `${PUBLIC}/events/${bad}`, "application/json");
      expect({ bad, status: response.status }).toEqual({ bad, status: 403 });
      expect(await response.json()).toMatchObject({ code: "Forbidden" });
    }
    expect(await result(id)).toEqual([]);
  });

  it("lives through a change of the secret, as long as the old one is known", async () => {
    const id = await begun();
    const { url } = await urls.create(id, "answer", { payload: 1 });

    expect((await server([OTHER_KEY, KEY])("GET", url)).status).toBe(200);
    expect((await server([OTHER_KEY])("GET", url)).status).toBe(403);
  });

  it("is for one generation of its instance: it cannot be used again in the next", async () => {
    const id = await begun("eternal");
    const first = await urls.create(id, "answer", { payload: 1 });
    const second = await urls.create(id, "answer", { payload: 2 });
    const { executionId } = await client.instance(id).status();
    await server()("POST", first.url);
    const signal = AbortSignal.timeout(10_000);
    for await (const status of client.instance(id).watch({ signal }))
      if (status.executionId !== executionId) break;

    expect((await server()("POST", first.url)).status).toBe(410);
    expect((await server()("POST", second.url)).status).toBe(410);
    expect(await result(id)).toEqual([1]);
  });

  it("is not made for what is not there or has finished, nor for too long, nor for too much", async () => {
    const id = await begun();
    await expect(urls.create("nobody", "answer")).rejects.toThrow(InstanceNotFoundError);
    await expect(urls.create(id, "answer", { expiresIn: "91d" })).rejects.toThrow(InvalidArgumentError);
    await expect(urls.create(id, "answer", { payload: "x".repeat(5000) })).rejects.toThrow(
      InvalidArgumentError,
    );
    await expect(urls.create(id, "")).rejects.toThrow(InvalidArgumentError);
    await result(id);
    await expect(urls.create(id, "answer")).rejects.toThrow(InvalidInstanceStateError);
    expect(() => new EventUrlSigner(["short"])).toThrow(InvalidArgumentError);
    expect(() => new EventUrlSigner([])).toThrow(InvalidArgumentError);
  });

  it("is not known to a server without secrets", async () => {
    const app = createManagementApi(client, { prefix: "/api", logger: silentLogger });

    for (const method of ["GET", "POST"]) {
      const response = await app.request("http://localhost/api/events/x", { method });
      expect(response.status).toBe(404);
      expect(((await response.json()) as Json).message).toContain("eventUrlKeys");
    }
  });

  it("stays out of the log", async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]): void => void lines.push(line);
    const logger = { debug: note, info: note, warn: note, error: note };
    const app = createManagementApi(client, { eventUrlKeys: [KEY], prefix: "/api", clock, logger });
    const { url } = await urls.create(await begun(), "answer", { payload: "secret payload" });

    await app.request(url.replace("https://ops.example", "http://localhost"), { method: "POST" });

    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).toContain("raise event by URL");
    expect(JSON.stringify(lines)).not.toContain(url.split("/").at(-1)!.slice(0, 20));
    expect(JSON.stringify(lines)).not.toContain("secret payload");
  });
});
