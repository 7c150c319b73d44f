import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@perdure/client";
import { defineActivity, defineOrchestration, silentLogger } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { open } from "lmdb";
import { EmbeddedBackend } from "../src";
import { partitionOf } from "../src/file/keys";

const double = defineActivity("double", async (_, n: number) => 2 * n);
const doubled = defineOrchestration("doubled", function* (ctx, n: number) {
  return yield* ctx.callActivity(double, n);
});
const patient = defineOrchestration("patient", function* (ctx) {
  return yield* ctx.waitForExternalEvent<string>("go");
});
const code = { orchestrations: [doubled, patient], activities: [double], logger: silentLogger };

describe("EmbeddedBackend", () => {
  let directory: string;
  let file: string;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), "perdure-embedded-"));
    file = path.join(directory, "deep", "hub.perdure");
  });

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
    rmSync(directory, { recursive: true });
  });

  function backend(target = file): EmbeddedBackend {
    const one = new EmbeddedBackend({ path: target });
    stops.push(() => one.stop());
    return one;
  }

  async function working(
    target = file,
  ): Promise<{ client: Client; worker: Worker; backend: EmbeddedBackend }> {
    const one = backend(target);
    const worker = new Worker(one, code);
    await worker.start();
    stops.push(() => worker.stop());
    return { client: new Client(one), worker, backend: one };
  }

  it("makes the folder and the file, and finds everything again when it is opened anew", async () => {
    const first = await working();
    expect(await (await first.client.startNew(doubled, 21, { instanceId: "a" })).result()).toBe(42);
    const waiting = await first.client.startNew(patient, undefined, { instanceId: "b" });
    await waiting.waitForStart();
    await first.worker.stop();

    const second = await working();

    expect(await second.client.instance("a").result()).toBe(42);
    await second.client.instance("b").raiseEvent("go", "on");
    expect(await second.client.instance("b").result()).toBe("on");
  });

  it("refuses a hub of a newer version and a file that is none, and leaves both as they are", async () => {
    for (const [layout, code_] of [
      [JSON.stringify({ format: 2, partitionCount: 16 }), "BackendConfiguration"],
      ["something else", "CorruptStorage"],
    ] as const) {
      const target = path.join(directory, `${code_}.perdure`);
      const foreign = open<string, string[]>({ path: target, noSubdir: true, encoding: "string" });
      await foreign.put(["format"], layout);
      await foreign.close();

      await expect(backend(target).createTaskHub()).rejects.toMatchObject({ code: code_ });
    }
  });

  it.each([
    ["a short text", Buffer.from("hello")],
    ["pages of text", Buffer.alloc(100_000, "x")],
    ["another database", Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(8192)])],
    ["zeros", Buffer.alloc(8192)],
  ])("refuses a file that is %s, and leaves it as it is", async (_what, content) => {
    const target = path.join(directory, "other.txt");
    writeFileSync(target, content);

    await expect(backend(target).createTaskHub()).rejects.toMatchObject({ code: "CorruptStorage" });

    expect(readFileSync(target)).toEqual(content);
    expect(readdirSync(directory)).toEqual(["other.txt"]);
  });

  it("refuses a hub whose end is missing", async () => {
    const whole = await working();
    await (await whole.client.startNew(doubled, 21)).result();
    await whole.worker.stop();
    const part = path.join(directory, "part.perdure");
    writeFileSync(part, readFileSync(file).subarray(0, 6000));

    await expect(backend(part).createTaskHub()).rejects.toThrow(/its end is missing/);
  });

  it("refuses a folder and a device", async () => {
    for (const target of [directory, "/dev/null"])
      await expect(backend(target).createTaskHub()).rejects.toMatchObject({ code: "BackendConfiguration" });
  });

  it("makes a hub of an empty file", async () => {
    const target = path.join(directory, "empty");
    writeFileSync(target, "");

    await backend(target).createTaskHub();

    expect(await backend(target).instances.get("a")).toBeUndefined();
  });

  it("makes no file unless it is asked to, nor again after the hub was deleted", async () => {
    const one = backend();
    await one.deleteTaskHub();
    await expect(one.instances.get("a")).rejects.toMatchObject({ code: "BackendConfiguration" });
    expect(existsSync(file)).toBe(false);

    await one.createTaskHub();
    expect(await one.instances.get("a")).toBeUndefined();
    await one.deleteTaskHub();
    rmSync(path.dirname(file), { recursive: true });
    await expect(one.instances.get("a")).rejects.toMatchObject({ code: "BackendConfiguration" });
    expect(existsSync(file)).toBe(false);
  });

  it("says what is wrong with its options", () => {
    expect(() => new EmbeddedBackend({ path: "" })).toThrow(/needs a path/);
    expect(() => new EmbeddedBackend({ path: file, lockMs: 0 })).toThrow(/lockMs is 0/);
    expect(() => new EmbeddedBackend({ path: file, partitionCount: 1000 })).toThrow(/1 to 256/);
  });

  it("refuses another durability for a file that is open", async () => {
    await backend().createTaskHub();

    const relaxed = new EmbeddedBackend({ path: file, relaxedDurability: true });

    await expect(relaxed.createTaskHub()).rejects.toMatchObject({ code: "BackendConfiguration" });
  });

  it("says so when a client comes before the hub", async () => {
    await expect(backend().instances.send(eventTo("a"))).rejects.toMatchObject({
      code: "BackendConfiguration",
    });
  });

  it("copies a hub while it works, to a file that can be used in its place", async () => {
    const { client, backend: original } = await working();
    const waiting = await client.startNew(patient, undefined, { instanceId: "waiting" });
    await waiting.waitForStart();
    const busy = Promise.all(
      Array.from({ length: 50 }, async (_, n) => (await client.startNew(doubled, n)).result()),
    );
    const copy = path.join(directory, "copy.perdure");

    await original.backup(copy);

    await busy;
    await stops.pop()?.(); // the worker
    const { client: other } = await working(copy);
    await other.instance("waiting").raiseEvent("go", "from the copy");
    expect(await other.instance("waiting").result()).toBe("from the copy");
    await expect(original.backup(copy)).rejects.toMatchObject({ code: "StorageUnavailable" });
    await expect(original.backup(path.join(file, "no folder", "copy"))).rejects.toMatchObject({
      code: "StorageUnavailable",
    });
  });

  it("uses the room of purged instances again", async () => {
    const { client } = await working();
    const round = async (): Promise<number> => {
      const ids = Array.from({ length: 40 }, (_, n) => `round-${n}`);
      await Promise.all(
        ids.map(async (instanceId) => {
          const handle = await client.startNew(patient, undefined, { instanceId });
          await handle.raiseEvent("go", "x".repeat(50_000));
          await handle.result();
        }),
      );
      for (const instanceId of ids) await client.instance(instanceId).purge();
      return statSync(file).size;
    };
    const first = await round();

    for (let again = 0; again < 5; again++) await round();

    expect(await round()).toBeLessThan(2 * first);
  });

  it("shares the work between processes, and takes over when one gives up", async () => {
    const first = await working();
    const second = await working();
    const handles = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        first.client.startNew(patient, undefined, { instanceId: `i${n}` }),
      ),
    );
    await Promise.all(handles.map((handle) => handle.waitForStart()));
    expect(new Set(handles.map(({ instanceId }) => partitionOf(instanceId, 16))).size).toBeGreaterThan(8);

    await first.worker.stop();

    await Promise.all(
      handles.map((handle) => second.client.instance(handle.instanceId).raiseEvent("go", "x")),
    );
    const results = await Promise.all(
      handles.map((handle) => second.client.instance(handle.instanceId).result()),
    );
    expect(results).toEqual(Array.from({ length: 40 }, () => "x"));
  });

  it("deletes a hub", async () => {
    const { client, worker, backend: one } = await working();
    await (await client.startNew(doubled, 1, { instanceId: "a" })).result();
    await worker.stop();

    await one.deleteTaskHub();

    expect(existsSync(file)).toBe(true);
    await one.createTaskHub();
    expect(await one.instances.get("a")).toBeUndefined();
  });
});

function eventTo(instanceId: string) {
  return { id: "e", instanceId, event: { type: "EventRaised" as const, timestamp: 1, name: "e" } };
}
