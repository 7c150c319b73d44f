/** Each trouble: how it comes about, what is said of it, and what mends it. */
import { defineActivity, defineOrchestration } from "@perdure/core";
import type { Explanation } from "@perdure/client";
import type { Finding, FindingKind } from "@perdure/core";
import { eventTo, scheduled } from "../builders";
import { runApp } from "../features/app";
import type { Code } from "../features/app";
import type { Stage } from "./stage";

export interface Row {
  readonly needs?: "occupy" | FindingKind;
  /** Brings it about and returns the instance in trouble. When it ends nobody works. */
  plant(stage: Stage): Promise<string>;
  /** What works while the hub is looked over. Absent: nobody. */
  readonly code?: Code;
  /** Parts of what `explain` says. Absent: it is not asked. */
  readonly explains?: { readonly verdict: RegExp; readonly next?: RegExp } & Partial<
    Omit<Explanation, "verdict" | "next">
  >;
  /** What `doctor` finds, and nothing else. */
  readonly finds: readonly Partial<Finding>[];
  /** What `doctor` with `fix` says it did to each. Absent where it can do nothing. */
  readonly fixes?: RegExp;
  /** What an operator does instead, or besides. */
  mend?(stage: Stage, instanceId: string): Promise<void>;
  /** What the instance returns then. Absent: it is none that returns. */
  readonly returns?: unknown;
  /** What else comes of it. */
  heals?(stage: Stage): Promise<void>;
}

const work = defineActivity("work", () => "worked");
const works = defineOrchestration("works", function* (ctx) {
  return yield* ctx.callActivity(work);
});
const sleeps = defineOrchestration("sleeps", function* (ctx) {
  yield* ctx.createTimer("2s", { name: "a nap" });
  return "awake";
});
const child = defineOrchestration("child", function* () {
  return "a child's result";
});
const parent = defineOrchestration("parent", function* (ctx) {
  return yield* ctx.callSubOrchestrator(child, undefined, { instanceId: "the-child" });
});
const approves = defineOrchestration("approves", function* (ctx) {
  return yield* ctx.waitForExternalEvent<string>("Approval");
});
const everything: Code = { orchestrations: [works, sleeps, child, parent, approves], activities: [work] };
const withoutWorks: Code = { orchestrations: [approves], activities: [] };

const lost = { kind: "LostMessage", severity: "error", fixable: true } as const;

export const rows: Readonly<Record<string, Row>> = {
  "a start that is nowhere": {
    plant: async (stage) => {
      await stage.scene.backend.stop();
      const { instanceId } = await stage.client.startNew(works);
      await stage.lose();
      return instanceId;
    },
    code: everything,
    explains: { verdict: /waits for the message that starts it and that is nowhere/, status: "Pending" },
    finds: [lost],
    fixes: /Queued its start again/,
    returns: "worked",
  },

  "a timer whose message is nowhere": {
    plant: async (stage) => {
      const instanceId = await stage.brought(
        everything,
        ({ client }) => client.startNew(sleeps),
        ({ waitsFor }) => waitsFor.some(({ kind }) => kind === "timer"),
      );
      await stage.lose();
      await stage.scene.pass(2000);
      return instanceId;
    },
    code: everything,
    explains: { verdict: /waits for the message of its timer 0, due at .* nowhere/, status: "Running" },
    finds: [lost],
    fixes: /Sent it again/,
    returns: "awake",
  },

  "an activity that is nowhere": {
    plant: async (stage) => {
      const instanceId = await stage.begun("works", [scheduled(stage.scene, 0)]);
      await stage.lose();
      return instanceId;
    },
    code: everything,
    explains: { verdict: /waits for activity 'work', scheduled at .* nowhere/ },
    finds: [lost],
    fixes: /Queued the activity again/,
    returns: "worked",
  },

  "a sub-orchestration whose start is nowhere": {
    plant: async (stage) => {
      const instanceId = await stage.begun("parent", [stage.childOf("the-child", 0, "child")]);
      await stage.lose();
      return instanceId;
    },
    code: everything,
    explains: { verdict: /waits for the start of its sub-orchestration 'the-child', and that is nowhere/ },
    finds: [lost],
    fixes: /Sent the start of 'the-child' again/,
    returns: "a child's result",
  },

  "a sub-orchestration whose result is nowhere": {
    plant: async (stage) => {
      const { scene } = stage;
      const instanceId = await stage.begun("parent", [stage.childOf("the-child", 0, "child")]);
      const session = await scene.lock();
      await session.load();
      const [start] = await scene.take(session);
      await stage.finish(session, start, '"by hand"');
      await stage.lose();
      return instanceId;
    },
    code: everything,
    explains: { verdict: /waits for the result of its sub-orchestration 'the-child', which is Completed/ },
    finds: [lost],
    fixes: /Sent the result of 'the-child' again/,
    returns: "by hand",
  },

  "a partition that a process which is not there owns for a month": {
    needs: "occupy",
    plant: async (stage) => {
      await stage.rest();
      await stage.planter.occupy?.();
      return (await stage.client.startNew(works)).instanceId;
    },
    code: everything,
    explains: {
      verdict: /has a message to process/,
      next: /^Worker '.*ghost.*' processes it next/,
      status: "Pending",
    },
    finds: [{ kind: "StuckLease", severity: "error", fixable: true }],
    fixes: /Freed/,
    returns: "worked",
  },

  "a message that kills every turn": {
    plant: async (stage) => {
      const { scene } = stage;
      const awaitedEvents = [{ name: "Approval", since: scene.clock.now() }];
      const instanceId = await stage.begun("approves", [], { awaitedEvents });
      await scene.instances.send(eventTo(scene, instanceId, "approval", '"yes"'));
      await scene.until("a dead letter", async () => {
        const session = await scene.lockWithin(200);
        await session?.load();
        session?.takeMessages();
        await session?.abandon(scene.clock.now(), "planted");
        return (await scene.deadLetters()).length > 0;
      });
      await stage.rest();
      return instanceId;
    },
    code: everything,
    explains: { verdict: /could not be processed and lies among the dead letters .* planted/ },
    finds: [{ kind: "DeadLetter", severity: "error", fixable: true }],
    fixes: /Queued the message again/,
    returns: "yes",
  },

  "an event that nobody has raised": {
    plant: async (stage) =>
      stage.brought(
        everything,
        ({ client }) => client.startNew(approves),
        ({ waitsFor }) => waitsFor.length > 0,
      ),
    code: everything,
    explains: {
      verdict: /waits for the event 'Approval', since/,
      next: /when somebody raises the event 'Approval'/,
    },
    finds: [],
    mend: async ({ client }, instanceId) => client.instance(instanceId).raiseEvent("approval", "granted"),
    returns: "granted",
  },

  "an orchestration that no worker knew": {
    plant: async (stage) =>
      stage.brought(
        withoutWorks,
        ({ client }) => client.startNew(works),
        ({ status }) => status === "Blocked",
      ),
    code: everything,
    explains: { verdict: /is blocked since .*No orchestration 'works' is registered/, status: "Blocked" },
    finds: [{ kind: "UnknownOrchestration", severity: "error", fixable: true }],
    fixes: /Asked it to go on/,
    returns: "worked",
  },

  "an activity that no worker knew": {
    plant: async (stage) =>
      stage.brought(
        { orchestrations: [works] },
        ({ client }) => client.startNew(works),
        ({ status }) => status === "Failed",
      ),
    code: everything,
    explains: { verdict: /is Failed since .*'work'/, status: "Failed" },
    finds: [{ kind: "UnknownActivity", severity: "error", fixable: true }],
    fixes: /Asked it to try again/,
    returns: "worked",
  },

  "work, and no worker": {
    plant: async (stage) => {
      await stage.rest();
      return (await stage.client.startNew(works)).instanceId;
    },
    explains: { verdict: /has a message to process/, status: "Pending", waitingMessages: 1 },
    finds: [{ kind: "NoWorker", severity: "error", fixable: false }],
    mend: async (stage) => {
      await stage.work(everything);
    },
    returns: "worked",
  },

  "a schedule whose timer is nowhere": {
    plant: async (stage) => {
      const app = await runApp(stage.scene, everything);
      const spec = { every: { interval: "3s" } };
      await app.client.schedules.create({ id: "often", orchestration: child, spec, maxRuns: 1 });
      await stage.scene.until("its first timer", async () => {
        const status = await app.backend.instances.get("@schedule@often");
        return status?.nextTimerAt !== undefined;
      });
      await stage.lose();
      await stage.scene.pass(3000);
      return "@schedule@often";
    },
    code: everything,
    finds: [{ ...lost, subject: { type: "schedule", id: "often" } }],
    fixes: /Sent it again/,
    heals: async ({ client, scene }) => {
      await scene.until("its run", async () => {
        const { counts } = await client.schedules.get("often").describe();
        return counts.started === 1;
      });
    },
  },

  ...orphan("OrphanPayload", /Deleted it/),
  ...orphan("OrphanHistory", /Deleted/),
  ...orphan("OrphanMessage", /Deleted it/),
};

const SHORT_GRACE_MS = { virtual: 60_000, real: 50 };
/** What is not older may belong to an instance that is about to be there. */
const GRACES_OF_ORPHANS = 61;

/** What an instance has left that is not there. */
function orphan(kind: FindingKind, fixes: RegExp): Readonly<Record<string, Row>> {
  return {
    [`${kind}: what an instance has left that is not there`]: {
      needs: kind,
      plant: async (stage) => {
        await stage.rest();
        await stage.planter.orphans[kind]?.("long-gone");
        stage.graceMs = Math.min(stage.graceMs, SHORT_GRACE_MS[stage.scene.time]);
        await stage.scene.pass(stage.graceMs * GRACES_OF_ORPHANS);
        return "long-gone";
      },
      code: everything,
      finds: [{ kind, severity: "warning", fixable: true, instanceId: "long-gone" }],
      fixes,
    },
  };
}
