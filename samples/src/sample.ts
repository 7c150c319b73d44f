import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, InstanceHandle, InstanceSnapshot, WorkerOptions } from "perdure";

/** One sample: what a worker needs to run it, and what a client does with it. */
export interface Sample extends Pick<Required<WorkerOptions>, "orchestrations" | "activities"> {
  /** Its file is `samples/src/<name>.ts`, its page `docs/samples/<name>.md`. */
  readonly name: string;
  /** Starts what there is to see and resolves with a few lines about how it ended. */
  run(client: Client): Promise<readonly string[]>;
}

/** An instance id that says what it is for, and that no other run has used. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(3).toString("hex")}`;
}

/** Looks at an instance until its status is as wanted. */
export function statusWhen<T>(
  instance: InstanceHandle<T>,
  isReached: (status: InstanceSnapshot<T>) => boolean,
): Promise<InstanceSnapshot<T>> {
  return until(async () => {
    const status = await instance.status();
    return isReached(status) ? status : undefined;
  });
}

/** Looks again and again until there is something. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(200);
  }
}
