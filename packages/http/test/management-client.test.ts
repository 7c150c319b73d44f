import {
  InstanceAlreadyExistsError,
  InstanceNotFoundError,
  InvalidArgumentError,
  InvalidInstanceStateError,
  NotSerializableError,
  OrchestrationFailedError,
  PayloadTooLargeError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  TimerNotFoundError,
  WaitTimeoutError,
  silentLogger,
  toError,
} from "@perdure/core";
import { Client } from "@perdure/client";
import type { InstanceHandle } from "@perdure/client";
import { MemoryBackend } from "@perdure/backend-memory";
import { ManagementApiError, ManagementClient, createManagementApi } from "../src";
import type { InstanceChange, InstanceDetails } from "../src";
import { embedded } from "./support/hubs";
import { ServedHub } from "./support/served-hub";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe.each(["through a socket", "within the process"])("ManagementClient %s", (way) => {
  let hub: ServedHub;
  let management: ManagementClient;
  const asked = jest.fn<void, [url: string]>();

  beforeAll(async () => {
    hub = await ServedHub.open(embedded, { eventUrlKeys: ["k".repeat(32)], maxBodyBytes: 50_000 });
    const options = {
      logger: silentLogger,
      rateLimit: false,
      eventUrlKeys: ["k".repeat(32)],
      maxBodyBytes: 50_000,
    } as const;
    const app = createManagementApi(hub.client, options);
    const inProcess = way !== "through a socket";
    management = new ManagementClient({
      url: inProcess ? "http://localhost" : hub.server.url,
      fetch: (request) => {
        asked(request.url);
        return inProcess ? app.fetch(request) : fetch(request);
      },
    });
  });
  beforeEach(() => asked.mockClear());
  afterAll(() => hub.close());

  it.each(["", ".", "..", "\ud800"])("refuses %p, which no URL can hold, before it asks", async (id) => {
    const refused = [
      ...[management.start("echo", 1, { instanceId: id }), management.start(id), management.get(id)],
      ...[
        management.history(id),
        management.waitForCompletion(id),
        management.purge(id),
        all(management.watch(id)),
      ],
      ...[management.raiseEvent(id, "go"), management.raiseEvent("a", id), management.terminate(id)],
      ...[management.createEventUrl("a", id), management.restart(id), management.explain(id)],
      ...[management.timers.of(id), management.timers.fire({ instanceId: id, timerId: 1, executionId: "x" })],
      ...[
        management.schedules.describe(id),
        management.schedules.delete(id),
        management.schedules.trigger(id),
      ],
      ...[management.deadLetters.redrive(id), management.deadLetters.discard(id)],
    ];

    const outcomes = await Promise.allSettled(refused);

    expect(
      outcomes.map((outcome) => (outcome.status === "rejected" ? toError(outcome.reason).name : "took it")),
    ).toEqual(refused.map(() => "InvalidArgumentError"));
    expect(asked).not.toHaveBeenCalled();
  });

  it("starts, waits and reads", async () => {
    const instanceId = `order: 100% ü+/`.replace("/", "") + hub.newId();
    const started = await management.start(
      "echo",
      { a: [1, null] },
      { instanceId, tags: { "a=b": "c&d" }, version: "1" },
    );

    expect(started).toMatchObject({ id: instanceId, created: true });
    await expect(management.result(instanceId, { timeout: "20s" })).resolves.toEqual({ a: [1, null] });
    await expect(management.get(instanceId)).resolves.toMatchObject({
      ...{
        instanceId,
        runtimeStatus: "Completed",
        tags: { "a=b": "c&d" },
        version: "1",
        output: { a: [1, null] },
      },
    });
    expect((await management.history(instanceId)).at(-1)).toMatchObject({ type: "ExecutionCompleted" });
    await expect(management.get("nobody")).resolves.toBeUndefined();
  });

  it("tells null from no input", async () => {
    const nothing = await management.start("echo", undefined, { delay: "1d" });
    const empty = await management.start("echo", null, { startAt: new Date(Date.now() + 86_400_000) });

    expect((await hub.client.get(nothing.id))!.input).toBeUndefined();
    expect((await hub.client.get(empty.id))!.input).toBeNull();
  });

  it("starts once for one idempotency key, also when asked at once", async () => {
    const idempotencyKey = hub.newId();

    const answers = await Promise.all(
      Array.from({ length: 8 }, () => management.start("echo", { n: 1 }, { idempotencyKey })),
    );

    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const reused = management.start("echo", { n: 2 }, { idempotencyKey });
    await expect(reused).rejects.toMatchObject({
      code: "ManagementApi",
      failure: "IdempotencyKeyReused",
      httpStatus: 422,
    });
  });

  it("throws what Client throws, with its message", async () => {
    const [running, done] = [await hub.waiting(), await hub.completed()];
    const told = async (work: (one: InstanceHandle) => Promise<unknown>): Promise<string> =>
      work(hub.client.instance(done)).then(() => "", String);

    await expect(management.start("echo", 1, { instanceId: running })).rejects.toThrow(
      InstanceAlreadyExistsError,
    );
    await expect(management.start("echo", 1, { instanceId: done, reuse: [] })).rejects.toMatchObject({
      status: "Completed",
    });
    await expect(management.start("echo", 1, { instanceId: "a/b" })).rejects.toThrow(InvalidArgumentError);
    await expect(management.start("echo", 1n)).rejects.toThrow(NotSerializableError);
    await expect(management.start("echo", "x".repeat(60_000))).rejects.toThrow(PayloadTooLargeError);
    await expect(management.raiseEvent("nobody", "go")).rejects.toThrow(InstanceNotFoundError);
    await expect(management.raiseEvent(done, "go")).rejects.toThrow(InvalidInstanceStateError);
    expect(await management.raiseEvent(done, "go").catch(String)).toBe(
      await told((one) => one.raiseEvent("go")),
    );
    await expect(management.terminate(done)).rejects.toMatchObject({ instanceId: done, status: "Completed" });
    await expect(management.rewind(running)).rejects.toThrow(InvalidInstanceStateError);
    await expect(management.restart("nobody")).rejects.toThrow(InstanceNotFoundError);
    await expect(management.restart(done, { newInstanceId: running })).rejects.toThrow(
      InstanceAlreadyExistsError,
    );
    await expect(management.purge(running)).rejects.toThrow(InvalidInstanceStateError);
    await expect(all(management.list({ name: "\u0000" }))).rejects.toThrow(InvalidArgumentError);
    await expect(management.history("nobody")).rejects.toThrow(InstanceNotFoundError);
    await expect(management.explain("nobody")).rejects.toThrow(InstanceNotFoundError);
    await expect(all(management.watch("nobody"))).rejects.toThrow(InstanceNotFoundError);
    await expect(management.timers.fire({ instanceId: running, timerId: 3 })).rejects.toThrow(
      TimerNotFoundError,
    );
    await expect(management.timers.of("nobody")).rejects.toThrow(InstanceNotFoundError);
    await expect(management.schedules.describe("nobody")).rejects.toThrow(ScheduleNotFoundError);
    await expect(management.waitForCompletion(running, { timeout: 10 })).rejects.toThrow(WaitTimeoutError);
    await expect(management.result(await hub.failed())).rejects.toMatchObject({
      ...{ code: "OrchestrationFailed", failure: { errorType: "RangeError", errorMessage: "it was to be" } },
    });
    await expect(management.result(await hub.terminated())).rejects.toThrow(OrchestrationFailedError);
  });

  it("operates an instance", async () => {
    const id = await hub.waiting();

    await management.suspend(id, "wait");
    await hub.reaches(id, "Suspended");
    await management.resume(id);
    await hub.reaches(id, "Running");
    await management.raiseEvent(id, "go", { x: 1 }, { idempotencyKey: "k" });
    await expect(management.result(id)).resolves.toEqual({ x: 1 });
    const again = await management.restart(id, { newInstanceId: false });
    await hub.reaches(again.id, "Running");
    await management.terminate(id, "enough", { recursive: true });
    await expect(management.waitForCompletion(id)).resolves.toMatchObject({
      runtimeStatus: "Terminated",
      output: "enough",
    });
    await management.rewind(await hub.failed());
    await expect(management.purge(id, { dryRun: true })).resolves.toBe(1);
    await expect(management.purge(id, { recursive: true })).resolves.toBe(1);
    await expect(management.purge(id)).resolves.toBe(0);
  });

  it("lists by page and by filter", async () => {
    const tags = { list: hub.newId() };
    for (let i = 0; i < 5; i++) await hub.client.startNew("echo", i, { tags, delay: "1d" });

    const pages = await all(management.list({ tags, status: ["Pending"] }).byPage({ pageSize: 2 }));
    const second = await all(
      management
        .list({ tags, status: ["Pending"] })
        .byPage({ continuationToken: pages[0]!.continuationToken! }),
    );

    expect(pages.flatMap(({ items }) => items)).toHaveLength(5);
    expect(second.flatMap(({ items }) => items)).toHaveLength(3);
    await expect(all(management.list({ tags, status: "Running" }))).resolves.toEqual([]);
    await expect(all(management.list({ tags: { list: "other" } }))).resolves.toEqual([]);
    await expect(all(management.list().byPage({ continuationToken: "x" }))).rejects.toThrow(
      InvalidArgumentError,
    );
  });

  it("purges many, lap by lap, and counts before", async () => {
    const name = "echo";
    const instanceIdPrefix = hub.newId();
    for (let i = 0; i < 7; i++) {
      await hub.client.startNew(name, i, { instanceId: `${instanceIdPrefix}-${i}` });
      await hub.reaches(`${instanceIdPrefix}-${i}`, "Completed");
    }
    const told: number[] = [];
    const onProgress = ({ purged }: { purged: number }): void => void told.push(purged);

    await expect(management.countPurgeable({ instanceIdPrefix })).resolves.toBe(7);
    await expect(management.purgeMany({ instanceIdPrefix }, { timeout: 0 })).resolves.toEqual({
      purged: 0,
      isComplete: false,
    });
    await expect(management.purgeMany({ instanceIdPrefix, status: "Failed" })).resolves.toEqual({
      purged: 0,
      isComplete: true,
    });
    await expect(management.purgeMany({ instanceIdPrefix }, { onProgress })).resolves.toEqual({
      purged: 7,
      isComplete: true,
    });
    expect(told.at(-1)).toBe(7);
  });

  it("watches an instance to its end", async () => {
    const id = await hub.waiting();
    const seen: InstanceDetails[] = [];

    for await (const instance of management.watch(id)) {
      seen.push(instance);
      if (seen.length === 1) await hub.client.instance(id).raiseEvent("go", 1);
    }

    expect(seen.map(({ runtimeStatus }) => runtimeStatus)).toEqual(["Running", "Completed"]);
  });

  it("hears of changes of what matches, until it has heard enough", async () => {
    const tags = { feed: hub.newId() };
    const { instanceId } = await hub.client.startNew("wait", undefined, { tags });
    await hub.reaches(instanceId, "Running");
    const enough = new AbortController();
    const heard: InstanceChange[] = [];

    const listening = (async () => {
      for await (const change of management.changes({ tags, since: "all", signal: enough.signal })) {
        heard.push(change);
        if (heard.length === 1) await hub.client.instance(instanceId).terminate();
        if (heard.length === 2) await hub.client.purge(instanceId);
        if (change.kind === "gone") enough.abort(new Error("enough"));
      }
    })();

    await expect(listening).rejects.toThrow("enough");
    expect(heard).toMatchObject([
      { kind: "changed", instance: { runtimeStatus: "Running" } },
      { kind: "changed", instance: { runtimeStatus: "Terminated" } },
      { kind: "gone", instanceId },
    ]);
  });

  it("hears of a bad filter at once", async () => {
    await expect(all(management.changes({ name: "\u0001" }))).rejects.toThrow(InvalidArgumentError);
  });

  it("lists, moves, fires and cancels timers", async () => {
    const instanceId = await hub.sleeping();
    const [timer] = await management.timers.of(instanceId);
    const listed = await all(
      management.timers.list({ instanceIdPrefix: instanceId, dueBefore: new Date("2999-01-01") }),
    );
    const moments = [
      new Date("2030-01-01"),
      "10m",
      60_000,
      { at: Date.UTC(2031, 0, 1) },
      { at: "2031-01-01T00:00:00Z" },
    ];

    expect(listed).toEqual([timer]);
    for (const when of [...moments, { at: "2030-06-01T09:00", timeZone: "Europe/Berlin" }])
      await management.timers.move(timer!, when, "later");
    await management.timers.fire(timer!);
    await expect(management.result(instanceId)).resolves.toBe("awake");
    const delayed = await hub.delayed();
    await management.timers.cancel({ instanceId: delayed, timerId: -1 }, "no");
    await hub.reaches(delayed, "Terminated");
  });

  it("keeps schedules", async () => {
    const id = hub.newId();
    const schedule = {
      id,
      orchestration: "echo",
      input: 1,
      spec: { every: { interval: "1h" }, endAt: new Date("2999-01-01") },
    };
    const created = await management.schedules.create(schedule);

    expect(created).toMatchObject({ id, status: "active", nextTimes: expect.any(Array) });
    await expect(management.schedules.create(schedule)).rejects.toThrow(ScheduleAlreadyExistsError);
    await management.schedules.update(id, { note: "hourly", tags: { a: "b" } });
    await management.schedules.pause(id, "holidays");
    await management.schedules.resume(id);
    await management.schedules.trigger(id, { overlapPolicy: "allowAll" });
    await management.schedules.backfill(id, { from: new Date("2026-01-01"), to: new Date("2026-01-02") });
    expect((await all(management.schedules.list())).map((one) => one.id)).toContain(id);
    expect((await management.schedules.describe(id, { nextTimes: 3 })).nextTimes).toHaveLength(3);
    await management.schedules.delete(id);
  });

  it("lists, redrives and discards dead letters", async () => {
    const [letter] = await all(management.deadLetters.list({ showBody: true }));

    expect(letter).toMatchObject({ reason: "planted", body: expect.stringContaining("ExecutionStarted") });
    await expect(management.deadLetters.discard(letter!.id)).resolves.toBe(true);
    await expect(management.deadLetters.discard(letter!.id)).resolves.toBe(false);
    await expect(management.deadLetters.redrive(hub.deadLetters.at(-1)!)).resolves.toBe(true);
  });

  it("explains, and asks the doctor", async () => {
    const id = await hub.waiting();
    await hub.blocked();

    await expect(management.explain(id, { grace: "1s" })).resolves.toMatchObject({
      instanceId: id,
      waitsFor: [{ kind: "event" }],
    });
    expect((await all(management.doctor())).map(({ kind }) => kind)).toContain("UnknownOrchestration");
  });

  it("makes event URLs, and asks whether the server is ready", async () => {
    const { url } = await management.createEventUrl(await hub.waiting(), "go", {
      payload: 1,
      expiresIn: "1h",
      title: "?",
    });

    expect(url).toContain("/events/");
    await expect(management.ready()).resolves.toEqual({ status: "ready", checks: { storage: "ok" } });
  });
});

describe("ManagementClient", () => {
  it.each(["", "localhost:7071", "ftp://host", "not a url"])("refuses the URL %p", (url) => {
    expect(() => new ManagementClient({ url })).toThrow(InvalidArgumentError);
  });

  it("says when nobody listens, and when it takes too long", async () => {
    const nobody = new ManagementClient({ url: "http://127.0.0.1:1" });
    const slow = new ManagementClient({
      url: "http://localhost",
      timeout: 20,
      fetch: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(toError(signal.reason)));
        }),
    });

    await expect(nobody.get("a")).rejects.toMatchObject({ failure: "Unreachable" });
    await expect(nobody.get("a")).rejects.toThrow(ManagementApiError);
    await expect(slow.get("a")).rejects.toMatchObject({ failure: "TimedOut" });
  });

  it.each([
    ["a page", new Response("<html>", { status: 200 })],
    ["an error of someone else", new Response("bad gateway", { status: 502 })],
    ["a redirection", new Response(null, { status: 302, headers: { location: "http://evil.example" } })],
  ])("says when it is answered by %s", async (_, response) => {
    const client = new ManagementClient({ url: "http://localhost", fetch: () => response.clone() });

    await expect(client.get("a")).rejects.toMatchObject({ failure: "UnexpectedAnswer" });
  });

  it("sends its key as a bearer token, and keeps it out of errors", async () => {
    const requests: Request[] = [];
    const client = new ManagementClient({
      ...{ url: new URL("http://localhost/base/"), key: "my-secret-key" },
      fetch: (request) => {
        requests.push(request);
        return Response.json({ code: "Unauthorized", message: "no", Message: "no" }, { status: 401 });
      },
    });

    const failed = client.get("a");

    await expect(failed).rejects.toMatchObject({ failure: "Unauthorized", httpStatus: 401 });
    expect(String(await failed.catch((error: unknown) => error))).not.toContain("my-secret-key");
    expect(requests[0]!.headers.get("authorization")).toBe("Bearer my-secret-key");
    expect(requests[0]!.url).toBe("http://localhost/base/instances/a");
  });

  it("ends a wait with the reason of the signal, and the server forgets it", async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]): void => void lines.push(line);
    const hub = new Client(new MemoryBackend());
    const { instanceId } = await hub.startNew("nobody");
    const app = createManagementApi(hub, { logger: { debug: note, info: note, warn: note, error: note } });
    const client = new ManagementClient({ url: "http://localhost", fetch: (request) => app.fetch(request) });
    const later = new AbortController();

    const waiting = client.waitForCompletion(instanceId, { signal: later.signal });
    setTimeout(() => later.abort(new Error("never mind")), 20);

    await expect(waiting).rejects.toThrow("never mind");
    const signal = AbortSignal.abort(new Error("not at all"));
    await expect(client.waitForCompletion(instanceId, { signal })).rejects.toThrow("not at all");
    await expect(all(client.watch(instanceId, { signal }))).rejects.toThrow("not at all");
    expect(lines).toEqual([]);
  });
});
