import { VirtualClock } from "@perdure/core";
import type { Clock, HistoryEvent } from "@perdure/core";
import { MemoryBackend, MemoryStore } from "../src";
import { eventTo, isOpen, lock, startOf, stateOf } from "./support";

const MINUTE = 60_000;

/** A clock that counts how often it is asked to sleep. */
class CountingClock implements Clock {
  sleeps = 0;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    this.sleeps++;
    return this.clock.sleep(delayMs, signal);
  }
}

describe("MemoryBackend", () => {
  let clock: VirtualClock;
  let store: MemoryStore;
  let backend: MemoryBackend;

  beforeEach(async () => {
    clock = new VirtualClock();
    store = new MemoryStore();
    backend = new MemoryBackend({ store, clock });
    await backend.start();
  });

  afterEach(async () => {
    await backend.stop();

    expect(clock.nextDue).toBeUndefined();
  });

  async function another(): Promise<MemoryBackend> {
    const other = new MemoryBackend({ store, clock });
    await other.start();
    return other;
  }

  it("works without options, on the machine's clock", async () => {
    const own = new MemoryBackend();
    await own.start();
    await own.instances.create(startOf("a"), []);

    const session = await lock(own);

    expect(session.takeMessages()).toEqual([startOf("a")]);
    await own.stop();
  });

  it("shares nothing with another backend unless the store is shared", async () => {
    await new MemoryBackend().instances.create(startOf("a"), []);

    expect(await backend.instances.get("a")).toBeUndefined();
  });

  it("gives no work before it is started, and then gives what waits", async () => {
    const idle = new MemoryBackend({ store, clock });
    await idle.instances.create(startOf("a"), []);
    const locking = lock(idle);
    expect(await isOpen(locking)).toBe(true);

    await idle.start();

    expect((await locking).instanceId).toBe("a");
    await idle.stop();
  });

  it("sleeps once until the next message is due, however long", async () => {
    const counting = new CountingClock(clock);
    const counted = new MemoryBackend({ store, clock: counting });
    await counted.start();
    const dueAt = clock.now() + 400 * 86_400_000;
    await counted.instances.send(eventTo("a", "1", dueAt));
    const locking = lock(counted);
    expect(await isOpen(locking)).toBe(true);
    expect(counting.sleeps).toBe(1);
    expect(clock.nextDue).toBe(dueAt);

    clock.wakeNext();

    expect((await locking).instanceId).toBe("a");
    await counted.stop();
  });

  it("sleeps no more once it is stopped, whatever it waited for", async () => {
    await backend.instances.create(startOf("held"), []);
    const session = await lock(backend);
    session.takeMessages();
    await backend.instances.send(eventTo("held", "1", clock.now() + 20_000));
    void session.waitForMessages(new AbortController().signal);
    await backend.instances.send(eventTo("a", "2", clock.now() + 10_000));
    void lock(backend);
    await isOpen(Promise.resolve());

    await backend.stop();

    await isOpen(Promise.resolve());
    expect(clock.nextDue).toBeUndefined();
  });

  it("is woken by an earlier message than the one it sleeps for", async () => {
    await backend.instances.send(eventTo("late", "1", clock.now() + 10_000));
    const locking = lock(backend);
    expect(await isOpen(locking)).toBe(true);

    await backend.instances.send(eventTo("early", "2", clock.now() + 2000));

    expect(await isOpen(locking)).toBe(true);
    expect(clock.nextDue).toBe(clock.now() + 2000);
    clock.wakeNext();
    expect((await locking).instanceId).toBe("early");
  });

  it("looks again when the clock was set back while it slept", async () => {
    const dueAt = clock.now() + 10_000;
    await backend.instances.send(eventTo("a", "1", dueAt));
    const locking = lock(backend);
    await isOpen(locking);

    clock.wakeNext();
    clock.jumpTo(dueAt - 5000);

    expect(await isOpen(locking)).toBe(true);
    clock.wakeNext();
    expect((await locking).instanceId).toBe("a");
    expect(clock.now()).toBeGreaterThanOrEqual(dueAt);
  });

  it("hands instances out in the order they became ready", async () => {
    for (const id of ["c", "a", "b"]) await backend.instances.create(startOf(id), []);

    const ids = [await lock(backend), await lock(backend), await lock(backend)].map(
      (session) => session.instanceId,
    );

    expect(ids).toEqual(["c", "a", "b"]);
  });

  it("gives each of several waiting callers one instance", async () => {
    const locking = Promise.all([lock(backend), lock(backend), lock(backend)]);
    for (const id of ["a", "b", "c"]) await backend.instances.create(startOf(id), []);

    expect((await locking).map(({ instanceId }) => instanceId).sort()).toEqual(["a", "b", "c"]);
  });

  it("refuses the owner of a lock that ran out, although nobody else has it", async () => {
    await backend.instances.create(startOf("a"), []);
    const session = await lock(backend);
    await session.load();
    session.takeMessages();
    clock.jumpTo(clock.now() + MINUTE); // as a process that hung for a minute

    const late = session.checkpoint({
      state: stateOf(startOf("a")),
      mode: "replace",
      events: [],
      localActivities: new Set(),
      cancelledTimers: [],
    });

    await expect(late).rejects.toMatchObject({ code: "WorkItemLockLost" });
    expect(session.lost.aborted).toBe(true);
    await expect(session.load()).rejects.toMatchObject({ code: "WorkItemLockLost" });
    expect(session.takeMessages()).toEqual([]);
  });

  it("tells a session at its next renewal that the lock is lost", async () => {
    await backend.instances.create(startOf("a"), []);
    const session = await lock(backend);
    clock.jumpTo(clock.now() + 2 * MINUTE);
    const other = await another();
    const heir = await lock(other);

    clock.wakeNext();

    await isOpen(Promise.resolve());
    expect(session.lost.aborted).toBe(true);
    expect(heir.lost.aborted).toBe(false);
    await other.stop();
  });

  it("dead-letters a message that kills every owner", async () => {
    await backend.stop();
    await backend.instances.send(eventTo("a", "poison"));
    for (let death = 0; death < 3; death++) {
      const victim = new MemoryBackend({ store, clock, maxDeliveryCount: 3 });
      await victim.start();
      (await lock(victim)).takeMessages();
      victim.crash();
      clock.jumpTo(clock.now() + MINUTE);
    }
    const last = new MemoryBackend({ store, clock, maxDeliveryCount: 3 });
    await last.start();

    const session = await lock(last);

    expect(session.takeMessages()).toEqual([]);
    const letters = [];
    for await (const letter of last.deadLetters.list()) letters.push(letter);
    expect(letters).toMatchObject([{ instanceId: "a", deliveryCount: 3 }]);
    await session.release();
    await last.stop();
  });

  it("forgets an instance that has neither state nor messages", async () => {
    await backend.instances.send(eventTo("a", "1"));
    const session = await lock(backend);
    session.takeMessages();

    await session.release();

    expect(store.find("a")).toBeUndefined();
  });

  it("hands out what nobody can change", async () => {
    const start = startOf("a");
    await backend.instances.create(start, []);
    const session = await lock(backend);
    await session.load();
    session.takeMessages();
    const events: HistoryEvent[] = [{ ...start.event, tags: { a: "1" } }];
    const state = { ...stateOf(start), tags: { a: "1" } };
    await session.checkpoint({
      state,
      mode: "replace",
      events,
      localActivities: new Set(),
      cancelledTimers: [],
    });
    events.push(start.event);
    state.tags.a = "2";

    const { state: loaded, history } = await session.load();

    expect(loaded?.tags).toEqual({ a: "1" });
    expect(history).toHaveLength(1);
    expect(() => Object.assign(loaded!.tags!, { a: "3" })).toThrow(TypeError);
    expect(() => Object.assign(history[0]!, { name: "3" })).toThrow(TypeError);
    expect((await backend.instances.get("a"))?.tags).toEqual({ a: "1" });
  });

  it("lists instances in order of creation, then of id", async () => {
    await backend.instances.create(startOf("b", 2), []);
    await backend.instances.create(startOf("c", 1), []);
    await backend.instances.create(startOf("a", 2), []);

    const { instances } = await backend.instances.query({ pageSize: 10 });

    expect(instances.map(({ instanceId }) => instanceId)).toEqual(["c", "a", "b"]);
  });

  it("refuses a continuation token that is not one of its own", async () => {
    for (const continuationToken of ["x", "", Buffer.from("[1]").toString("base64url")]) {
      await expect(backend.instances.query({ pageSize: 1, continuationToken })).rejects.toMatchObject({
        code: "InvalidArgument",
      });
    }
  });
});

describe("a MemoryBackend whose instances are never idle", () => {
  it("lets the rest of the process have its turn", async () => {
    const backend = new MemoryBackend();
    await backend.start();
    await backend.instances.send(eventTo("busy", "0"));
    let turns = 0;
    const timer = new Promise<void>((resolve) => setTimeout(resolve, 5));
    let stopped = false;
    const busy = (async () => {
      while (!stopped) {
        const session = await lock(backend);
        session.takeMessages();
        await backend.instances.send(eventTo("busy", String(++turns)));
        await session.release();
      }
    })();

    await timer;

    stopped = true;
    await busy;
    expect(turns).toBeGreaterThan(100);
    await backend.stop();
  });
});

describe("a MemoryBackend that has crashed", () => {
  let clock: VirtualClock;
  let store: MemoryStore;
  let dead: MemoryBackend;

  beforeEach(async () => {
    clock = new VirtualClock();
    store = new MemoryStore();
    dead = new MemoryBackend({ store, clock });
    await dead.start();
  });

  it("commits nothing, although its lock has not run out", async () => {
    await dead.instances.create(startOf("a"), []);
    const session = await lock(dead);
    await session.load();
    session.takeMessages();
    dead.crash();

    const late = session.checkpoint({
      state: stateOf(startOf("a")),
      mode: "replace",
      events: [],
      localActivities: new Set(),
      cancelledTimers: [],
    });

    await expect(late).rejects.toMatchObject({ code: "WorkItemLockLost" });
    expect(await new MemoryBackend({ store, clock }).instances.get("a")).toMatchObject({ status: "Pending" });
  });

  it("keeps its locks until they run out, and tells nobody", async () => {
    await dead.instances.create(startOf("a"), []);
    const session = await lock(dead);
    session.takeMessages();
    const waiting = session.waitForMessages(new AbortController().signal);
    const crashedAt = clock.now();
    dead.crash();
    expect(await isOpen(waiting)).toBe(true);
    await session.release();
    const heir = new MemoryBackend({ store, clock });
    await heir.start();
    const locking = lock(heir);
    expect(await isOpen(locking)).toBe(true);

    clock.wakeNext();

    expect((await locking).takeMessages()).toEqual([startOf("a")]);
    expect(clock.now()).toBe(crashedAt + MINUTE);
    expect(session.lost.aborted).toBe(false);
    await heir.stop();
  });

  it("sleeps no more, takes no work and cannot be started again", async () => {
    const locking = lock(dead);
    dead.crash();
    await dead.start();
    await new MemoryBackend({ store, clock }).instances.create(startOf("a"), []);

    expect(await isOpen(locking)).toBe(true);
    expect(clock.nextDue).toBeUndefined();
  });

  it("refuses what its clients ask for", async () => {
    dead.crash();

    for (const call of [
      () => dead.instances.create(startOf("a"), []),
      () => dead.instances.send(eventTo("a", "1")),
      () => dead.instances.get("a"),
      () => dead.instances.query({ pageSize: 1 }),
      () => dead.deadLetters.redrive("x"),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "StorageUnavailable" });
    }
  });
});
