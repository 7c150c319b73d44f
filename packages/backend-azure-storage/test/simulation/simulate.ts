/** One seed: a hub, random programs, faults for a minute, then peace, and what must hold then. */
import crypto from "node:crypto";
import { VirtualClock, isTerminal } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { FaultPlan, randomRates } from "./faults";
import type { FaultKind } from "./faults";
import { expectedOf, programs, randomPlan, signalsOf, sum, tick, ticksOf } from "./programs";
import { Random } from "../support/random";
import { TASK_HUB, World } from "./world";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Numbers of the requests that something happened to. */
  readonly struck: readonly number[];
  readonly checks: number;
  readonly requests: number;
  readonly simulatedMs: number;
  readonly trace: readonly string[];
}

const PATIENCE = "20m";
const PATIENCE_MS = 1_300_000;

export async function simulate(seed: number, leftOut: ReadonlySet<number> = new Set()): Promise<Outcome> {
  const restore = seedChance(new Random(seed ^ 0x5bd1e995));
  try {
    return await new Simulation(seed, new Random(seed), leftOut).run();
  } finally {
    restore();
  }
}

/** The jitter of pauses and the ids of instances and messages follow from the seed too. Returns how to end that. */
function seedChance(random: Random): () => void {
  const { random: chance } = Math;
  const { randomUUID } = crypto;
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.int(16).toString(16)).join("");
  Math.random = () => random.next();
  crypto.randomUUID = () => `${digits(8)}-${digits(4)}-${digits(4)}-${digits(4)}-${digits(12)}`;
  return () => {
    Math.random = chance;
    crypto.randomUUID = randomUUID;
  };
}

class Simulation {
  readonly #clock = new VirtualClock();
  readonly #violations: string[] = [];
  readonly #world: World;
  readonly #code;
  readonly #faults: FaultPlan;
  #checks = 0;

  constructor(
    private readonly seed: number,
    private readonly random: Random,
    leftOut: ReadonlySet<number>,
  ) {
    this.#faults = new FaultPlan(seed, randomRates(random), leftOut);
    this.#code = programs(this.#clock, (what) => this.#violations.push(`an activity ran ${what}`));
    const skew = random.pick([0, 0, 100, 400]);
    const chunk = random.pick(["6d", "6d", "2s"] as const);
    const skews = new Random(seed + 1);
    this.#world = new World(this.#clock, {
      registrations: this.#code.registrations,
      rowsScannedPerPage: random.pick([2, 7, 1000, 1000]),
      skewMs: () => skews.int(2 * skew + 1) - skew,
      tuning: {
        partitionCount: 1 + random.int(4),
        leaseRenewInterval: random.pick(["1s", "2s"]),
        idleLeaseRenewInterval: "2s",
        messageVisibility: random.pick(["5s", "15s"]),
        maxPollInterval: random.pick(["1s", "5s"]),
        maxTimerHide: chunk,
        timerChunk: chunk,
      },
    });
  }

  async run(): Promise<Outcome> {
    const startedAt = this.#clock.now();
    try {
      await this.live();
    } catch (error) {
      this.#violations.push(
        `the simulation failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const { counts, struck, requests, trace } = this.#world;
    return {
      seed: this.seed,
      violations: this.#violations,
      faults: Object.fromEntries(counts),
      struck,
      checks: this.#checks,
      requests,
      simulatedMs: this.#clock.now() - startedAt,
      trace,
    };
  }

  private async live(): Promise<void> {
    const { random } = this;
    const world = this.#world;
    const client = await world.client();
    const workers = 1 + random.int(4);
    for (let n = 0; n < workers; n++) world.spawn();
    world.suffer(this.#faults);

    const plans = Array.from({ length: 3 + random.int(3) }, (_, label) => randomPlan(random, label));
    const signals = plans.flatMap(signalsOf);
    const sink = await world.run(
      client.startNew(this.#code.sink, { total: 0, left: signals.length }, { instanceId: "sink" }),
    );
    const victim = await world.run(client.startNew(this.#code.endless, 0, { instanceId: "victim" }));
    const handles: InstanceHandle<number>[] = [];
    for (const [index, plan] of plans.entries()) {
      const instanceId = `p${index}`;
      const handle = await world.run(client.startNew(this.#code.program, plan, { instanceId }));
      handles.push(handle);
      for (const value of ticksOf(plan)) await world.run(handle.raiseEvent(tick, value));
      await world.pass(random.int(4000));
      if (random.chance(0.3)) await this.suspendForAWhile(handle);
    }
    await world.run(victim.terminate("enough", { recursive: true }));
    await world.pass(20_000 + random.int(30_000));
    world.suffer(undefined);

    for (const [index, plan] of plans.entries()) await this.expectResult(handles[index], expectedOf(plan));
    await this.expectResult(sink, sum(signals));
    await this.expectTerminated(victim);
    await world.pass(45_000);
    await world.stop();
    this.checkLeftovers();
    await world.run(client.purgeMany({}));
    this.checkPurged();
  }

  /** Suspended instances go on where they were; one that has ended meanwhile refuses. */
  private async suspendForAWhile(handle: InstanceHandle<number>): Promise<void> {
    const done = async (verb: "suspend" | "resume"): Promise<boolean> => {
      const status = await this.#world.run(handle.status());
      if (isTerminal(status.status)) return false;
      await this.#world.run(handle[verb]("simulated")).catch(() => undefined); // ended in between
      return true;
    };
    if (!(await done("suspend"))) return;
    await this.#world.pass(this.random.int(5000));
    await done("resume");
  }

  private async expectResult(handle: InstanceHandle<number> | undefined, expected: number): Promise<void> {
    if (!handle) return;
    this.#checks++;
    try {
      const result = await this.#world.run(handle.result({ timeout: PATIENCE }), PATIENCE_MS);
      if (result !== expected)
        this.#violations.push(`'${handle.instanceId}' returned ${result} instead of ${expected}`);
    } catch (error) {
      this.#violations.push(
        `'${handle.instanceId}': ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  private async expectTerminated(handle: InstanceHandle): Promise<void> {
    this.#checks++;
    try {
      const { status } = await this.#world.run(handle.waitForCompletion({ timeout: PATIENCE }), PATIENCE_MS);
      if (status !== "Terminated") this.#violations.push(`'${handle.instanceId}' ended as ${status}`);
    } catch (error) {
      this.#violations.push(
        `'${handle.instanceId}': ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** With all workers stopped: no message without an instance that waits for it, and no instance that waits for one. */
  private checkLeftovers(): void {
    const { queues, tables } = this.#world.storage.snapshot();
    for (const [name, messages] of Object.entries(queues)) {
      this.#checks++;
      for (const { text } of messages) {
        if (isIdleTimer(text, this.#clock.now())) continue;
        this.#violations.push(`a message is left in ${name}: ${text.slice(0, 300)}`);
      }
    }
    for (const letter of tables[`${TASK_HUB}DeadLetters`] ?? [])
      this.#violations.push(`a dead letter: ${String(letter["Reason"])}`);
    for (const row of tables[`${TASK_HUB}History`] ?? []) {
      if (row.rowKey !== "sentinel") continue;
      this.#checks++;
      const shown = tables[`${TASK_HUB}Instances`]?.find((other) => other.partitionKey === row.partitionKey);
      if (shown?.["RuntimeStatus"] !== row["RuntimeStatus"] || !isTerminal(row["RuntimeStatus"] as "Failed"))
        this.#violations.push(
          `'${row.partitionKey}' is ${String(row["RuntimeStatus"])} and shown as ${String(shown?.["RuntimeStatus"])}`,
        );
    }
  }

  private checkPurged(): void {
    this.#checks++;
    const { containers, tables } = this.#world.storage.snapshot();
    const orphans = Object.values(containers).flat();
    if (orphans.length > 0) this.#violations.push(`blobs outlive their instances: ${orphans.join(", ")}`);
    for (const name of ["History", "Instances"]) {
      const rows = tables[TASK_HUB + name] ?? [];
      if (rows.length > 0)
        this.#violations.push(
          `rows outlive a purge in ${name}: ${rows.map((row) => `${row.partitionKey}/${row.rowKey}`).join(", ")}`,
        );
    }
  }
}

/**
 * A timer that was cancelled while the answer to its sending was lost: nobody knows the message's receipt. It comes when
 * it is due, wakes nothing and is deleted.
 */
function isIdleTimer(text: string, now: number): boolean {
  return text.includes('"TimerFired"') && Number(/"visibleAt":(\d+)/.exec(text)?.[1] ?? 0) > now;
}
