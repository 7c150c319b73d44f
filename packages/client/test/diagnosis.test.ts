import { StorageAccessDeniedError, StorageUnavailableError, VirtualClock } from "@perdure/core";
import type {
  Finding,
  HistoryEvent,
  HubDiagnostics,
  InstanceStatus,
  InstanceWhereabouts,
  Trouble,
} from "@perdure/core";
import { Client } from "../src";
import type { DoctorOptions } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

const NOW = Date.UTC(2030, 0, 2, 1);
const MINUTE = 60_000;
const BEFORE = NOW - 10 * MINUTE;

const quiet: InstanceWhereabouts = {
  ownership: { partition: 3, owner: "worker-1", expiresAt: NOW + MINUTE, isAlive: true },
  ...{ messages: [], hasAllMessages: true, activities: [], hasAllActivities: true, isBehind: false },
};

/** Diagnostics that say the same of every instance. */
function saying(
  whereabouts: Partial<InstanceWhereabouts>,
  more: Partial<HubDiagnostics> = {},
): HubDiagnostics {
  return {
    partitions: async () => [],
    whereabouts: async () => ({ ...quiet, ...whereabouts }),
    check: async function* (): AsyncGenerator<Trouble> {},
    sendStart: async () => true,
    sendActivity: async () => {},
    ...more,
  };
}

function hub(
  fields: Partial<InstanceStatus>,
  history: readonly HistoryEvent[] = [],
  whereabouts: Partial<InstanceWhereabouts> = {},
): { readonly backend: FakeBackend; readonly client: Client } {
  const backend = new FakeBackend();
  backend.instances.put(instance("i", { createdAt: BEFORE, lastUpdatedAt: BEFORE, ...fields }));
  backend.instances.histories.set("i", history);
  backend.diagnostics = saying(whereabouts);
  const clock = new VirtualClock(NOW);
  clock.sleep = () => Promise.resolve(); // second looks come at once
  return { backend, client: new Client(backend, { clock }) };
}

async function found(client: Client, options: DoctorOptions = {}): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of client.doctor(options)) findings.push(finding);
  return findings;
}

const scheduled: HistoryEvent = {
  type: "TaskScheduled",
  timestamp: BEFORE,
  eventId: 0,
  name: "pay",
  attempt: 2,
};
const timer: HistoryEvent = { type: "TimerCreated", timestamp: BEFORE, eventId: 0, fireAt: NOW - 5 * MINUTE };
const timerMessage = {
  id: "execution-1/0",
  type: "TimerFired" as const,
  visibleAt: NOW - 5 * MINUTE,
  deliveryCount: 0,
};

describe("explain", () => {
  it.each([
    ["queued", /activity 'pay' \(attempt 2\), queued since/],
    ["running", /running by 'worker-2' since/],
    ["held", /run in memory by 'worker-2' since/],
  ] as const)("says that an activity is %s", async (place, verdict) => {
    const worker = place === "queued" ? {} : { worker: "worker-2" };
    const activity = { executionId: "execution-1", taskScheduledId: 0, place, deliveryCount: 1, ...worker };
    const { client } = hub({}, [scheduled], { activities: [activity] });

    const explanation = await client.explain("i");

    expect(explanation.waitsFor).toEqual([
      {
        kind: "activity",
        taskId: 0,
        name: "pay",
        attempt: 2,
        since: new Date(BEFORE),
        state: place,
        deliveryCount: 1,
        ...worker,
      },
    ]);
    expect(explanation.verdict).toMatch(verdict);
    expect(explanation.next).toBe("It goes on when activity 'pay' has ended.");
    expect(explanation.findings).toEqual([]);
  });

  it("says that the result of an activity is on its way, or that storage does not tell", async () => {
    const result = {
      id: "execution-1/0/result",
      type: "TaskCompleted" as const,
      visibleAt: NOW + 1,
      deliveryCount: 0,
    };
    const onItsWay = await hub({}, [scheduled], { messages: [result] }).client.explain("i");
    const unknown = await hub({}, [scheduled], { hasAllActivities: false }).client.explain("i");

    expect(onItsWay.waitsFor).toMatchObject([{ state: "ended" }]);
    expect(unknown.waitsFor).toMatchObject([{ state: "unknown" }]);
    expect(unknown.verdict).toMatch(/queued or running/);
  });

  it("names the owner, or says that no worker is there", async () => {
    const ownership = { partition: 3, owner: "worker-1", expiresAt: BEFORE, isAlive: false };
    const dead = await hub({}, [scheduled], { ownership, hasAllActivities: false }).client.explain("i");
    const alive = await hub({ awaitedEvents: [{ name: "go", since: BEFORE }] }).client.explain("i");

    expect(dead.owner).toEqual({ partition: 3, worker: "worker-1", until: new Date(BEFORE), isAlive: false });
    expect(dead.verdict).toMatch(/no worker is there to do it \(the last one was 'worker-1'\)/);
    expect(dead.next).toBe("Start a worker.");
    expect(alive.owner).toMatchObject({ worker: "worker-1", isAlive: true });
    expect(alive.verdict).toBe(
      "Instance 'i' waits for the event 'go', since 2030-01-02T00:50:00.000Z (10 min ago).",
    );
  });

  it("counts what is not processed, without timers that are not due", async () => {
    const messages = [
      { id: "a", type: "EventRaised" as const, deliveryCount: 2 },
      { id: "b", type: "TimerFired" as const, visibleAt: NOW + 1, deliveryCount: 0 },
    ];
    const { client } = hub({}, [], { messages });

    expect(await client.explain("i")).toMatchObject({
      waitingMessages: 1,
      deliveryCount: 2,
      verdict: "Instance 'i' has a message to process.",
      next: "Worker 'worker-1' processes it next.",
    });
  });

  it("shows what is expected beside what was done when code and history disagree", async () => {
    const blocked = { kind: "NonDeterminism" as const, message: "it differs", expected: "a", actual: "b" };
    const { client } = hub({ status: "Blocked", blocked });

    const explanation = await client.explain("i");

    expect(explanation.blocked).toEqual(blocked);
    expect(explanation.verdict).toMatch(/is blocked since .*: it differs$/);
    expect(explanation.findings).toMatchObject([{ kind: "BlockedInstance", fixable: true }]);
  });

  it("is plain data", async () => {
    const { client } = hub({}, [timer]);

    const explanation = await client.explain("i");

    expect(JSON.parse(JSON.stringify(explanation))).toMatchObject({
      since: "2030-01-02T00:50:00.000Z",
      waitsFor: [{ kind: "timer", dueAt: "2030-01-02T00:55:00.000Z" }],
    });
  });

  it("knows less of a backend that does not tell", async () => {
    const { backend, client } = hub({}, [scheduled]);
    delete backend.diagnostics;

    expect(await client.explain("i")).toMatchObject({
      waitsFor: [{ kind: "activity", state: "unknown" }],
      findings: [],
    });
    expect(await found(client)).toEqual([]);
  });

  it("refuses bad ids and options, and tells of none", async () => {
    const { client } = hub({});

    await expect(client.explain("a/b")).rejects.toMatchObject({ code: "InvalidArgument" });
    await expect(client.explain("i", { grace: -1 })).rejects.toMatchObject({ code: "InvalidArgument" });
    await expect(client.explain("nobody")).rejects.toMatchObject({ code: "InstanceNotFound" });
  });
});

describe("doctor", () => {
  it("does not create the hub", async () => {
    const { backend, client } = hub({ status: "Completed" });

    await found(client);

    expect(backend.createTaskHub).not.toHaveBeenCalled();
  });

  it.each([
    [{ limit: 0 }, /limit is 0/],
    [{ grace: "soon" as never }, /grace/],
  ])("refuses %j at once", (options, message) => {
    expect(() => hub({}).client.doctor(options)).toThrow(message);
  });

  it.each([
    ["StorageUnreachable", new StorageUnavailableError("down")],
    ["StorageAccessDenied", new StorageAccessDeniedError("no")],
  ])("tells that of storage: %s", async (kind, error) => {
    const { backend, client } = hub({});
    backend.instances.query = () => Promise.reject(error);

    expect(await found(client)).toMatchObject([{ kind, severity: "error", fixable: false }]);
  });

  it("does not hide a fault of its own", async () => {
    const { backend, client } = hub({});
    backend.instances.query = () => Promise.reject(new TypeError("a bug"));

    await expect(found(client)).rejects.toThrow("a bug");
  });

  it("says when it has not seen everything", async () => {
    const { backend, client } = hub({ status: "Suspended" });
    for (let n = 0; n < 200; n++) backend.instances.put(instance(`n${n}`, { status: "Suspended" }));

    const findings = await found(client, { limit: 100 });

    expect(findings.filter(({ kind }) => kind === "Incomplete")).toMatchObject([
      { severity: "info", subject: { type: "hub", id: "instances" } },
    ]);
  });

  it("ends when it is told to", async () => {
    const { client } = hub({}, [scheduled]);
    const ending = new AbortController();
    ending.abort();

    expect(await found(client, { signal: ending.signal })).toEqual([]);
  });

  it("leaves alone what has changed within the grace", async () => {
    const recent = NOW - MINUTE + 1;
    const { client } = hub({ lastUpdatedAt: recent }, [{ ...scheduled, timestamp: recent }]);

    expect(await found(client)).toEqual([]);
    expect(await found(client, { grace: "30s" })).toMatchObject([{ kind: "LostMessage" }]);
  });

  it("looks twice: what is there at the second look is not lost", async () => {
    const { backend, client } = hub({}, [scheduled]);
    let looks = 0;
    const activity = {
      executionId: "execution-1",
      taskScheduledId: 0,
      place: "queued" as const,
      deliveryCount: 0,
    };
    backend.diagnostics = saying(
      {},
      {
        whereabouts: async () => ({ ...quiet, activities: ++looks > 1 ? [activity] : [] }),
      },
    );

    expect(await found(client)).toEqual([]);
    expect(looks).toBe(2);
  });

  it("does not take for lost what this storage may not show", async () => {
    const hidden = { hasAllMessages: false, hasAllActivities: false };

    expect(await found(hub({}, [scheduled], hidden).client)).toEqual([]);
    expect(await found(hub({}, [timer], { ...hidden, isBehind: true }).client)).toEqual([]);
    expect(await found(hub({ status: "Pending" }, [], { ...hidden, isBehind: true }).client)).toEqual([]);
  });

  it("takes for lost what is long due, with its owner at work and nothing in sight", async () => {
    const { backend, client } = hub({}, [timer], { hasAllMessages: false });

    const [finding] = await found(client, { fix: true });

    expect(finding).toMatchObject({ kind: "LostMessage", fix: { done: true } });
    expect(backend.instances.sent).toMatchObject([
      { id: "execution-1/0", event: { type: "TimerFired", timerId: 0 } },
    ]);
  });

  it("tells a timer that is late from one that is lost", async () => {
    const { client } = hub({}, [timer], { messages: [timerMessage], isBehind: true });

    expect(await found(client)).toMatchObject([
      { kind: "OverdueTimer", severity: "warning", fixable: false },
    ]);
  });

  it("tells of messages that are delivered again and again", async () => {
    const messages = [{ id: "m", type: "EventRaised" as const, deliveryCount: 7 }];
    const { client } = hub({ awaitedEvents: [{ name: "e", since: BEFORE }] }, [], { messages });

    const [finding] = await found(client);

    expect(finding).toMatchObject({ kind: "PoisonedInstance", fixable: false });
    expect(finding?.message).toMatch(/\(EventRaised\) .* has been delivered 7 times/);
  });

  it("asks an instance to go on that waits for nothing", async () => {
    const { backend, client } = hub({});

    const [finding] = await found(client, { fix: true });

    expect(finding).toMatchObject({ kind: "StuckInstance", severity: "warning", fix: { done: true } });
    expect(backend.instances.sent).toMatchObject([{ event: { type: "ExecutionResumed" } }]);
  });

  it("redrives dead letters only where an instance waits for them", async () => {
    const { backend, client } = hub({ awaitedEvents: [{ name: "e", since: BEFORE }] });
    const letter = { reason: "poison", deliveryCount: 20, deadLetteredAt: BEFORE, body: "{}" };
    backend.deadLetters.letters.set("1", { ...letter, id: "1", instanceId: "i" });
    backend.deadLetters.letters.set("2", { ...letter, id: "2", instanceId: "nobody" });

    const findings = await found(client, { fix: true });

    expect(findings).toMatchObject([
      { kind: "DeadLetter", subject: { id: "1" }, fixable: true, fix: { done: true } },
      { kind: "DeadLetter", subject: { id: "2" }, fixable: false },
    ]);
    expect(backend.deadLetters.redriven).toEqual(["1"]);
  });

  it("says when a repair failed, and goes on", async () => {
    const { backend, client } = hub({}, [scheduled]);
    backend.diagnostics = saying(
      {},
      {
        sendActivity: () => Promise.reject(new StorageUnavailableError("the queue is down")),
      },
    );

    expect(await found(client, { fix: true })).toMatchObject([
      { kind: "LostMessage", fix: { done: false, message: "That failed: the queue is down" } },
    ]);
  });

  it("tells of a schedule that has failed, by its own id", async () => {
    const { backend, client } = hub({ status: "Completed" });
    const schedule = { status: "Failed", name: "@schedule", completedAt: BEFORE } as const;
    backend.instances.put(instance("@schedule@nightly", schedule));

    expect(await found(client)).toMatchObject([
      { kind: "StuckSchedule", subject: { type: "schedule", id: "nightly" }, fixable: true },
    ]);
  });

  it("tells once that no worker is there", async () => {
    const ownership = { partition: 0, isAlive: false };
    const { backend, client } = hub({}, [timer], { ownership, messages: [timerMessage] });
    backend.instances.put(instance("j", { createdAt: BEFORE, lastUpdatedAt: BEFORE }));
    backend.instances.histories.set("j", [timer]);

    expect(await found(client)).toMatchObject([
      { kind: "NoWorker", message: "2 instances wait for a worker, and none is there." },
    ]);
  });
});
