/** What the cases of the rows share. */
import { defineOrchestration, optional } from "@perdure/core";
import type { Backend, Clock, OrchestrationSource } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import type { Scene } from "../../scene";
import type { App } from "../app";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** For cases of hours: a lock need not be renewed all the time. */
export const VIRTUAL = { needsVirtualTime: true, lockMs: HOUR_MS };

/** Sleeps so many milliseconds and returns when it woke. */
export const sleeper = defineOrchestration("sleeper", function* (ctx, ms: number) {
  yield* ctx.createTimer(ms);
  return ctx.currentUtcDateTime.getTime();
});

/** `0` to `count - 1`. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** As many as virtual time can have, and fewer where each takes real time. */
export function scaled(scene: Scene, virtual: number, real: number): number {
  return scene.time === "virtual" ? virtual : real;
}

/** Waits until the instance has created a timer. */
export async function asleep<T>(app: App, handle: InstanceHandle<T>): Promise<InstanceHandle<T>> {
  await app.until(handle, "sleep", ({ nextTimerAt }) => nextTimerAt !== undefined);
  return handle;
}

/** A process with the same code in the place of another one. */
export function seenBy<T>(app: App, handle: InstanceHandle<T>): InstanceHandle<T> {
  return app.client.instance<T>(handle.instanceId);
}

/** The timer events of an instance, in order. */
export async function timerEvents(handle: InstanceHandle): Promise<readonly string[]> {
  const types = (await handle.history()).map(({ type }) => type as string);
  return types.filter((type) => type.startsWith("Timer"));
}

/** Counts how often someone asks it anything. */
export class CountedClock implements Clock {
  uses = 0;

  constructor(private readonly clock: Clock) {}

  now(): number {
    this.uses++;
    return this.clock.now();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    this.uses++;
    return this.clock.sleep(delayMs, signal);
  }
}

/** The same backend, telling of each commit of its sessions. */
export function countedCommits(backend: Backend, onCommit: () => void): Backend {
  const { orchestrations } = backend;
  const counted: OrchestrationSource = {
    ...optional("suitableTurns", orchestrations.suitableTurns),
    lockNext: async (signal) => {
      const session = await orchestrations.lockNext(signal);
      return session && watched(session, "checkpoint", onCommit);
    },
  };
  return new Proxy(backend, {
    get: (target, key) => (key === "orchestrations" ? counted : ownValue(target, key)),
  });
}

function watched<T extends object>(target: T, method: keyof T, onCall: () => void): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (key === method) onCall();
      return ownValue(object, key);
    },
  });
}

/** Methods and accessors work on the object itself: they use private fields. */
function ownValue(object: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(object, key, object);
  return typeof value === "function" ? (value.bind(object) as unknown) : value;
}
