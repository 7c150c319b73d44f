/**
 * What is wrong with a task hub, and on demand its repair. A look at storage from outside while workers change it: so
 * what seems lost is looked at twice, and what is sent again has no effect if it was not lost.
 *
 * - D1 Without `fix` nothing is written.
 * - D2 A trouble that time may mend is told only when a second look, a moment later, finds the instance unchanged.
 * - D3 Repairs are messages and deletions that are harmless where the diagnosis was wrong.
 */
import {
  BackendConfigurationError,
  InstanceNotFoundError,
  StorageAccessDeniedError,
  StorageUnavailableError,
  durationMs,
  elapsedBy,
  optional,
  spanText,
} from "@perdure/core";
import type {
  Backend,
  DeadLetter,
  Duration,
  Finding,
  InstanceStatus,
  RuntimeStatus,
  Trouble,
} from "@perdure/core";
import { assertCount } from "../arguments";
import type { Connection } from "../connection";
import { lookAt } from "./case";
import type { Case } from "./case";
import { DEFAULT_GRACE } from "./explain";
import { repaired, toFinding } from "./finding";
import { Repairs } from "./repairs";
import { isSchedule } from "./texts";
import { deadLetterTrouble, isUnknownActivity, troublesOf } from "./troubles";
import type { Examination } from "./troubles";

export interface DoctorOptions {
  /** Whether to repair what can be repaired safely while workers run. Default: false, which writes nothing. */
  readonly fix?: boolean;
  /** What has not changed for this long may be called lost or orphaned. Default: 1 min. */
  readonly grace?: Duration;
  /** Most instances, dead letters and stored things of each other sort to look at, 1 to 1,000,000. Default: 10,000. */
  readonly limit?: number;
  /** Ends the look, without an error. */
  readonly signal?: AbortSignal;
}

const DEFAULT_LIMIT = 10_000;
const MOST = 1_000_000;
const PAGE_SIZE = 100;
const AT_A_TIME = 8;
/** After this, or twice the grace where that is less. */
const SECOND_LOOK_MS = 2000;
const SLOW_MS = 2000;
/** Of failures only those of the last week are looked at. */
const FAILED_WITHIN_MS = 7 * 86_400_000;
const OPEN: readonly RuntimeStatus[] = ["Pending", "Running", "Suspended", "Blocked"];
const FAILED: readonly RuntimeStatus[] = ["Failed"];

/** @throws InvalidArgumentError at once, for a bad option. */
export function doctor(connection: Connection, options: DoctorOptions): AsyncIterable<Finding> {
  const {
    fix = false,
    grace = DEFAULT_GRACE,
    limit = DEFAULT_LIMIT,
    signal = new AbortController().signal,
  } = options;
  assertCount(limit, "limit", MOST);
  const graceMs = durationMs(grace, "grace");
  const visit = { fix, graceMs, limit, signal };
  return { [Symbol.asyncIterator]: () => new Visit(connection, visit).findings() };
}

class Visit {
  private readonly backend: Backend;
  private readonly repairs: Repairs;
  /** Instances that wait for a worker. */
  #unattended = 0;
  #hasStuckLease = false;
  /** Parts of the hub are not there, or may not be read. */
  #isBroken = false;
  #notCreated: Error | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly options: {
      readonly fix: boolean;
      readonly graceMs: number;
      readonly limit: number;
      readonly signal: AbortSignal;
    },
  ) {
    this.backend = connection.backend;
    this.repairs = new Repairs(connection);
  }

  async *findings(): AsyncGenerator<Finding, undefined> {
    for await (const trouble of this.troubles()) {
      if (this.options.signal.aborted) return undefined;
      yield await this.told(trouble);
    }
    return undefined;
  }

  private async told(trouble: Trouble): Promise<Finding> {
    const { repair } = trouble;
    if (!this.options.fix || !repair) return toFinding(trouble);
    return toFinding(trouble, await repaired(repair));
  }

  private async *troubles(): AsyncGenerator<Trouble, undefined> {
    try {
      const unreachable = await this.knock();
      if (unreachable) yield unreachable;
      if (unreachable?.severity === "error") return undefined;
      yield* this.ofBackend();
      if (this.#isBroken) return undefined; // the rest asks what is not there
      yield* this.deadLetters();
      yield* this.instances(OPEN);
      yield* this.instances(FAILED);
      yield* this.noWorker();
    } catch (error) {
      yield this.interrupted(error);
    }
    return undefined;
  }

  private async *ofBackend(): AsyncGenerator<Trouble, undefined> {
    const { graceMs, limit, signal } = this.options;
    for await (const trouble of this.backend.diagnostics?.check({ graceMs, limit, signal }) ?? []) {
      const { kind, severity } = trouble;
      this.#isBroken ||=
        severity === "error" && (kind === "StorageIncomplete" || kind === "StorageAccessDenied");
      this.#hasStuckLease ||= kind === "StuckLease";
      yield trouble;
    }
    if (this.#notCreated !== undefined && !this.#isBroken) throw this.#notCreated;
    return undefined;
  }

  /** The trouble with storage itself, if there is one. */
  private async knock(): Promise<Trouble | undefined> {
    const { clock } = this.connection;
    const begin = elapsedBy(clock);
    try {
      await this.backend.instances.query({ pageSize: 1 });
    } catch (error) {
      if (!BackendConfigurationError.is(error)) return this.interrupted(error);
      this.#notCreated = error; // the backend may know more
    }
    const took = elapsedBy(clock) - begin;
    if (took < SLOW_MS) return undefined;
    return {
      ...{ kind: "StorageSlow", severity: "warning", subject: { type: "hub", id: "storage" } },
      message: `Storage took ${spanText(took)} to answer a question for one instance.`,
      advice: "Look at the load of the storage, at the network between, and at the size of the hub.",
    };
  }

  /** @throws the error, when it is not storage's. */
  private interrupted(error: unknown): Trouble {
    const base = { severity: "error", subject: { type: "hub", id: "storage" } } as const;
    if (StorageAccessDeniedError.is(error)) {
      return {
        ...{ ...base, kind: "StorageAccessDenied", message: `Storage refuses: ${error.message}` },
        advice: "Give this identity the rights that the guide of the backend lists, or another key.",
      };
    }
    if (StorageUnavailableError.is(error)) {
      return {
        ...{ ...base, kind: "StorageUnreachable", message: `Storage does not answer: ${error.message}` },
        advice: "Check the address, the network and whether the storage is up.",
      };
    }
    throw error;
  }

  private async *deadLetters(): AsyncGenerator<Trouble, undefined> {
    const letters: DeadLetter[] = [];
    for await (const letter of this.backend.deadLetters.list()) {
      if (letters.length >= this.options.limit || this.options.signal.aborted) break;
      letters.push(letter); // read first: those that are redriven would come again
    }
    for (const letter of letters) {
      if (this.options.signal.aborted) return undefined;
      const status = await this.backend.instances.get(letter.instanceId);
      yield deadLetterTrouble(letter, status, this.examination());
    }
    if (letters.length >= this.options.limit) yield this.incomplete("dead letters");
    return undefined;
  }

  /** @param statuses Each listing has a limit of its own: failures do not take the place of what runs. */
  private async *instances(statuses: readonly RuntimeStatus[]): AsyncGenerator<Trouble, undefined> {
    const { limit, signal } = this.options;
    let seen = 0;
    for await (const page of this.pages(statuses)) {
      if (signal.aborted) return undefined;
      if (seen >= limit && page.length > 0) {
        yield this.incomplete(statuses === FAILED ? "failed instances" : "instances");
        return undefined;
      }
      seen += page.length;
      yield* this.secondLook(await this.suspicious(page));
    }
    return undefined;
  }

  /** Ids of those that a first look finds something about. */
  private async suspicious(page: readonly InstanceStatus[]): Promise<readonly string[]> {
    const { signal } = this.options;
    const ids: string[] = [];
    const candidates = page.filter((status) => this.isWorthALook(status));
    for (let i = 0; i < candidates.length && !signal.aborted; i += AT_A_TIME) {
      const some = candidates.slice(i, i + AT_A_TIME);
      const cases = await Promise.all(some.map(({ instanceId }) => this.tryLook(instanceId)));
      for (const subject of cases)
        if (subject && this.isSuspicious(subject)) ids.push(subject.status.instanceId);
      await new Promise(setImmediate); // a worker of this process has its turn, however quick storage is
    }
    return ids;
  }

  private async *pages(
    statuses: readonly RuntimeStatus[],
  ): AsyncGenerator<readonly InstanceStatus[], undefined> {
    let token: string | undefined;
    do {
      const page = await this.backend.instances.query({
        ...{ statuses, pageSize: PAGE_SIZE },
        ...optional("continuationToken", token),
      });
      token = page.continuationToken;
      yield page.instances;
    } while (token !== undefined && !this.options.signal.aborted);
    return undefined;
  }

  private isWorthALook(listed: InstanceStatus): boolean {
    const { status, failure, lastUpdatedAt, completedAt = lastUpdatedAt } = listed;
    const now = this.now();
    if (status === "Failed") {
      const mayBeKnown = failure === undefined || isUnknownActivity(failure); // long ones may not be listed
      return completedAt + FAILED_WITHIN_MS > now && (mayBeKnown || isSchedule(listed));
    }
    return status === "Blocked" || lastUpdatedAt + this.options.graceMs <= now;
  }

  private isSuspicious(subject: Case): boolean {
    return troublesOf(subject, this.examination()).length > 0 || this.isUnattended(subject);
  }

  /** D2 */
  private async *secondLook(instanceIds: readonly string[]): AsyncGenerator<Trouble, undefined> {
    if (instanceIds.length === 0) return undefined;
    const { graceMs, signal } = this.options;
    await this.connection.clock.sleep(Math.min(SECOND_LOOK_MS, 2 * graceMs), signal);
    for (const instanceId of instanceIds) {
      if (this.options.signal.aborted) return undefined;
      const subject = await this.tryLook(instanceId);
      if (!subject) continue;
      if (this.isUnattended(subject)) this.#unattended++;
      yield* troublesOf(subject, this.examination());
    }
    return undefined;
  }

  /** Whether something of it is due and nobody is there to do it. */
  private isUnattended({ status, whereabouts, open }: Case): boolean {
    const { ownership, messages = [], isBehind = false } = whereabouts ?? {};
    if (ownership?.isAlive ?? !isBehind) return false;
    const latest = this.now() - this.options.graceMs;
    return (
      messages.some(({ visibleAt = status.lastUpdatedAt }) => visibleAt <= latest) ||
      open.timers.some(({ fireAt }) => fireAt <= latest) ||
      open.activities.some(({ event }) => event.timestamp <= latest) ||
      (status.status === "Pending" && (status.scheduledStartTime ?? status.createdAt) <= latest)
    );
  }

  private async *noWorker(): AsyncGenerator<Trouble, undefined> {
    if (this.#unattended === 0 || this.#hasStuckLease) return undefined; // which is why, and told
    const partitions = (await this.backend.diagnostics?.partitions()) ?? [];
    if (partitions.some(({ isAlive }) => isAlive)) return undefined; // those of a dead owner have a finding of their own
    const instances = this.#unattended === 1 ? "One instance waits" : `${this.#unattended} instances wait`;
    yield {
      ...{ kind: "NoWorker", severity: "error", subject: { type: "hub", id: "workers" } },
      message: `${instances} for a worker, and none is there.`,
      advice: "Start a worker that has the code of these instances.",
    };
    return undefined;
  }

  private incomplete(what: string): Trouble {
    return {
      ...{ kind: "Incomplete", severity: "info", subject: { type: "hub", id: what } },
      message: `Only the first ${this.options.limit} ${what} have been looked at.`,
      advice: "Mend what was found and look again, or give a higher limit.",
    };
  }

  /** Nothing of an instance that has been purged meanwhile. */
  private async tryLook(instanceId: string): Promise<Case | undefined> {
    try {
      return await lookAt(this.connection.backend, instanceId);
    } catch (error) {
      if (InstanceNotFoundError.is(error)) return undefined;
      throw error;
    }
  }

  private examination(): Examination {
    return { now: this.now(), graceMs: this.options.graceMs, repairs: this.repairs };
  }

  private now(): number {
    return this.connection.clock.now();
  }
}
