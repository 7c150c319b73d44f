import { MemoryBackend } from "@perdure/backend-memory";
import {
  DuplicateRegistrationError,
  InvalidArgumentError,
  defineActivity,
  silentLogger,
} from "@perdure/core";
import { linkSignals } from "../src/linked-signal";
import { Semaphore } from "../src/semaphore";
import { retryDelayMs } from "../src/session-runner";
import { Worker } from "../src/worker";

const logger = silentLogger;

describe("Worker", () => {
  it("refuses two activities of one name", () => {
    const activities = [defineActivity("twice", () => 1), defineActivity("twice", () => 2)];

    expect(() => new Worker(new MemoryBackend(), { activities, logger })).toThrow(DuplicateRegistrationError);
  });

  it.each([0, 1.5, Number.NaN])(
    "refuses %p as a number of activities at a time",
    (maxConcurrentActivities) => {
      expect(() => new Worker(new MemoryBackend(), { maxConcurrentActivities, logger })).toThrow(
        InvalidArgumentError,
      );
    },
  );

  it("refuses secrets and providers that are none", () => {
    const http = { secrets: { pay: 7 as never } };

    expect(() => new Worker(new MemoryBackend(), { http, logger })).toThrow(InvalidArgumentError);
  });

  it("sends HTTP requests by an activity of the user's, when there is one of that name", () => {
    const activities = [defineActivity("@http", () => "by hand")];

    expect(() => new Worker(new MemoryBackend(), { activities, logger })).not.toThrow();
    expect(
      () => new Worker(new MemoryBackend(), { activities: [...activities, ...activities], logger }),
    ).toThrow(DuplicateRegistrationError);
  });

  it("may be stopped before it starts, twice, and started again", async () => {
    const worker = new Worker(new MemoryBackend(), { logger });

    await worker.stop();
    await worker.start();
    await worker.start();
    await worker.stop();
    await worker.stop();
    await worker.start();

    await expect(worker.stop()).resolves.toBeUndefined();
  });
});

describe("Semaphore", () => {
  it("gives permits in the order they were asked for, and none to who gave up", async () => {
    const semaphore = new Semaphore(1);
    const patient = new AbortController();
    const hasty = new AbortController();
    await semaphore.acquire(patient.signal);

    const gaveUp = semaphore.acquire(hasty.signal);
    const next = semaphore.acquire(patient.signal);
    hasty.abort();
    semaphore.release();

    await expect(gaveUp).resolves.toBe(false);
    await expect(next).resolves.toBe(true);
    expect(semaphore.tryAcquire()).toBe(false);
  });
});

describe("linkSignals", () => {
  it("aborts with the first of its sources, and not once unlinked", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const linked = linkSignals(first.signal, second.signal);
    const unlinked = linkSignals(first.signal, second.signal);
    unlinked.unlink();

    second.abort("why");

    expect(linked.signal.reason).toBe("why");
    expect(unlinked.signal.aborted).toBe(false);
  });
});

describe("retryDelayMs", () => {
  it("doubles from one second to half a minute", () => {
    expect([1, 2, 3, 5, 6, 100].map(retryDelayMs)).toEqual([1000, 2000, 4000, 16_000, 30_000, 30_000]);
  });
});
