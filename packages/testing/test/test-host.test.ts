import { readFile } from "node:fs/promises";
import { WaitTimeoutError, defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import { NeverReachedError, StalledError, TestHost } from "../src";
import { using } from "./support";

const YEAR_MS = 365 * 86_400_000;

const greet = defineActivity("greet", (_ctx, name: string) => `Hello, ${name}!`);
const hello = defineOrchestration("hello", function* (ctx, name: string) {
  return yield* ctx.callActivity(greet, name);
});
const sleepAYear = defineOrchestration("sleepAYear", function* (ctx) {
  yield* ctx.createTimer("365d");
  return ctx.currentUtcDateTime.toISOString();
});
const answered = defineEvent<number>("answered");
const ask = defineOrchestration("ask", function* (ctx) {
  ctx.setCustomStatus("asking");
  return yield* ctx.waitForExternalEvent(answered);
});

describe("run", () => {
  it("returns the output", async () => {
    const output = await using({ orchestrations: [hello], activities: [greet] }, (host) =>
      host.run(hello, "World"),
    );

    expect(output).toBe("Hello, World!");
  });

  it("skips a year", async () => {
    const [output, now] = await using({ orchestrations: [sleepAYear] }, async (host) => [
      await host.run(sleepAYear),
      host.now,
    ]);

    expect(output).toBe("2031-01-01T00:00:00.000Z");
    expect(now).toEqual(new Date("2031-01-01T00:00:00.000Z"));
  });

  it("fails as the orchestration does", async () => {
    const fails = defineOrchestration("fails", function* () {
      throw new RangeError("too far");
    });

    const running = using({ orchestrations: [fails] }, (host) => host.run(fails));

    await expect(running).rejects.toMatchObject({
      code: "OrchestrationFailed",
      failure: { errorType: "RangeError" },
    });
  });

  it("fails when nothing is due, and tells who waits", async () => {
    const running = using({ orchestrations: [ask], patience: 200 }, (host) =>
      host.run(ask, undefined, { instanceId: "question" }),
    );

    await expect(running).rejects.toThrow(StalledError);
    await expect(running).rejects.toThrow(/Nothing is due.*'question' \(ask\) is Running/s);
  });

  it("fails when an activity runs without an end, and names it", async () => {
    const endless = defineActivity("endless", () => new Promise<string>(() => undefined));
    const waits = defineOrchestration("waits", function* (ctx) {
      return yield* ctx.callActivity(endless, undefined, { timeout: "1h" });
    });

    const running = using({ orchestrations: [waits], activities: [endless], patience: 100 }, (host) =>
      host.run(waits),
    );

    await expect(running).rejects.toThrow(/Time stands still.*activity 'endless' of instance/);
  });

  it("says why an instance is blocked", async () => {
    const running = using({ orchestrations: [sleepAYear] }, (host) => host.run(hello, "World"));

    await expect(running).rejects.toMatchObject({
      code: "InstanceBlocked",
      message: expect.stringContaining("No orchestration 'hello' is registered"),
    });
  });
});

describe("time", () => {
  it("stands still while nobody waits", async () => {
    const status = await using({ orchestrations: [sleepAYear] }, async (host) => {
      const instance = await host.client.startNew(sleepAYear);
      await readFile(__filename);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return instance.status();
    });

    expect(status).toMatchObject({
      status: "Running",
      lastUpdatedAt: new Date("2030-01-01T00:00:00.000Z"),
    });
  });

  it("passes while the client waits, and ends its timeouts", async () => {
    const [passed, atEnd] = await using({ orchestrations: [sleepAYear] }, async (host) => {
      const instance = await host.client.startNew(sleepAYear);
      await expect(instance.result({ timeout: "10d" })).rejects.toThrow(WaitTimeoutError);
      const afterTimeout = host.now.getTime() - Date.UTC(2030, 0, 1);
      await instance.result();
      return [afterTimeout, host.now];
    });

    expect(passed).toBeGreaterThanOrEqual(10 * 86_400_000);
    expect(passed).toBeLessThan(10.6 * 86_400_000);
    expect(atEnd).toEqual(new Date("2031-01-01T00:00:00.000Z"));
  });

  it("ends the timeout of a wait although nothing is due", async () => {
    const waiting = using({ orchestrations: [ask], patience: 100 }, async (host) => {
      const instance = await host.client.startNew(ask);
      return instance.result({ timeout: "20s" });
    });

    await expect(waiting).rejects.toThrow(WaitTimeoutError);
  });

  it("tells a client that waits for what cannot come", async () => {
    const waiting = using({ orchestrations: [ask], patience: 100 }, async (host) => {
      const instance = await host.client.startNew(ask);
      return instance.result();
    });

    await expect(waiting).rejects.toThrow(StalledError);
  });

  it("waits for an activity that reads a file", async () => {
    const readSelf = defineActivity("readSelf", async () => {
      const text = await readFile(__filename, "utf8");
      await new Promise((resolve) => setTimeout(resolve, 30));
      return text.length;
    });
    const reads = defineOrchestration("reads", function* (ctx) {
      return yield* ctx.callActivity(readSelf, undefined, { timeout: "1s" });
    });

    const [length, now] = await using({ orchestrations: [reads], activities: [readSelf] }, async (host) => [
      await host.run(reads),
      host.now,
    ]);

    expect(length).toBeGreaterThan(1000);
    expect(now).toEqual(new Date(Date.UTC(2030, 0, 1)));
  });

  it("passes while an activity sleeps on it", async () => {
    const naps = defineOrchestration("naps", function* (ctx) {
      yield* ctx.callActivity("nap", "90d");
      return ctx.currentUtcDateTime.toISOString();
    });

    const output = await using({ orchestrations: [naps] }, (host) => {
      host.mock("nap", (_ctx, duration: string) => host.sleep(duration));
      return host.run(naps);
    });

    expect(output).toBe("2030-04-01T00:00:00.000Z");
  });

  it("is moved by hand when told so", async () => {
    const statuses = await using({ orchestrations: [sleepAYear], autoAdvance: false }, async (host) => {
      const instance = await host.client.startNew(sleepAYear);
      await host.advance("364d");
      const before = await instance.status();
      await host.advanceTo(new Date(Date.UTC(2031, 0, 1)));
      return [before.status, (await instance.status()).status, host.now.toISOString()];
    });

    expect(statuses).toEqual(["Running", "Completed", "2031-01-01T00:00:00.000Z"]);
  });

  it("refuses to go back", async () => {
    const goingBack = using({}, (host) => host.advanceTo(new Date(0)));

    await expect(goingBack).rejects.toMatchObject({ code: "InvalidArgument" });
  });

  it("begins when told", async () => {
    const startTime = new Date("2028-02-28T12:00:00Z");
    const now = await using({ startTime }, async (host) => {
      await host.advance("24h");
      return host.now.toISOString();
    });

    expect(now).toBe("2028-02-29T12:00:00.000Z");
  });

  it("passes for years of work in little real time", async () => {
    const daily = defineOrchestration("daily", function* (ctx, left: number) {
      yield* ctx.createTimer("1d");
      if (left > 1) return yield* ctx.continueAsNew(left - 1);
      return ctx.currentUtcDateTime.getTime();
    });

    const end = await using({ orchestrations: [daily] }, (host) => host.run(daily, 2 * 365));

    expect(end - Date.UTC(2030, 0, 1)).toBe(2 * YEAR_MS);
  });
});

describe("waitFor", () => {
  it("resolves with the first commit that is as wanted", async () => {
    const steps = defineOrchestration("steps", function* (ctx) {
      for (let step = 1; step <= 5; step++) {
        ctx.setCustomStatus(step);
        yield* ctx.createTimer("1h");
      }
    });

    const [seen, now] = await using({ orchestrations: [steps] }, async (host) => {
      const instance = await host.client.startNew(steps);
      return [await host.waitFor(instance, ({ customStatus }) => customStatus === 3), host.now];
    });

    expect(seen).toMatchObject({ status: "Running", customStatus: 3 });
    expect(now).toEqual(new Date("2030-01-01T02:00:00.000Z"));
  });

  it("tells when its next timer is due", async () => {
    const nextTimerAt = await using({ orchestrations: [sleepAYear] }, async (host) => {
      const instance = await host.client.startNew(sleepAYear);
      return (await host.waitFor(instance, ({ status }) => status === "Running")).nextTimerAt;
    });

    expect(nextTimerAt).toEqual(new Date("2031-01-01T00:00:00.000Z"));
  });

  it("fails when the instance ends first", async () => {
    const waiting = using({ orchestrations: [hello], activities: [greet] }, async (host) => {
      const instance = await host.client.startNew(hello, "World");
      return host.waitFor(instance, ({ customStatus }) => customStatus === "never");
    });

    await expect(waiting).rejects.toThrow(NeverReachedError);
  });
});

describe("raiseWhen", () => {
  it("raises at the commit that is as wanted", async () => {
    const [output, isRaised] = await using({ orchestrations: [ask] }, async (host) => {
      const planned = host.raiseWhen(ask, ({ customStatus }) => customStatus === "asking", answered, 42);
      return [await host.run(ask), planned.isRaised];
    });

    expect(output).toBe(42);
    expect(isRaised).toBe(true);
  });

  it("raises at once when the instance is so already", async () => {
    const output = await using({ orchestrations: [ask] }, async (host) => {
      const instance = await host.client.startNew(ask);
      await host.waitFor(instance, ({ status }) => status === "Running");
      host.raiseWhen(instance, () => true, answered, 7);
      return instance.result();
    });

    expect(output).toBe(7);
  });

  it("fails waits when its condition throws", async () => {
    const running = using({ orchestrations: [ask] }, (host) => {
      host.raiseWhen(ask, () => JSON.parse("no JSON") as boolean, answered, 1);
      return host.run(ask);
    });

    await expect(running).rejects.toThrow(SyntaxError);
  });

  it("leaves other instances alone", async () => {
    const planned = await using({ orchestrations: [ask] }, async (host) => {
      const event = host.raiseWhen("another", () => true, answered, 1);
      const instance = await host.client.startNew(ask);
      await instance.raiseEvent(answered, 2);
      expect(await instance.result()).toBe(2);
      return event;
    });

    expect(planned.isRaised).toBe(false);
  });
});

describe("stop", () => {
  it("may be called twice, and by asyncDispose", async () => {
    const host = await TestHost.start({ orchestrations: [hello], activities: [greet] });
    await host.run(hello, "World");

    await host.stop();

    await expect(host.stop()).resolves.toBeUndefined();
    await expect(host[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  it("ends waits that are left, and those to come", async () => {
    const host = await TestHost.start({ orchestrations: [ask] });
    const instance = await host.client.startNew(ask);
    const waiting = [instance.result(), host.waitFor(instance, () => false), host.run(ask)];
    const ends = Promise.allSettled(waiting);

    await host.stop();

    const reasons = (await ends).map((end) => end.status === "rejected" && end.reason.message);
    expect(new Set(reasons)).toEqual(new Set(["The test host has stopped: nothing can come any more."]));
    await expect(instance.result()).rejects.toThrow(StalledError);
  });

  it("does not wait for activities without an end", async () => {
    const host = await TestHost.start({ orchestrations: [hello] });
    host.mockNever(greet);
    await host.client.startNew(hello, "World");
    await host.advance("1s");

    await expect(host.stop()).resolves.toBeUndefined();
  });
});
