import { InvalidArgumentError, InstanceNotFoundError } from "@perdure/core";
import type { AnyOrchestration } from "@perdure/core";
import type { ManagementClient } from "@perdure/http";
import { ReplayError, assertReplays } from "@perdure/testing";
import type { Fixture } from "@perdure/testing";
import { CommandFailure, usageFailure } from "../failures";
import { recordOf } from "./recorded";

/** An instance that the code would block. */
export interface Divergence {
  readonly instanceId: string;
  readonly expected: string;
  readonly actual: string;
  readonly message: string;
}

/** What came of replaying histories against code. */
export class ReplayTally {
  readonly #orchestrations: readonly AnyOrchestration[];
  readonly #names: ReadonlySet<string>;
  readonly #divergences: Divergence[] = [];
  readonly #unknown: { readonly instanceId: string; readonly name: string }[] = [];
  #checked = 0;

  constructor(orchestrations: readonly AnyOrchestration[]) {
    this.#orchestrations = orchestrations;
    this.#names = new Set(orchestrations.map(({ name }) => name));
  }

  /** How many were replayed. */
  get checked(): number {
    return this.#checked;
  }

  get divergences(): readonly Divergence[] {
    return this.#divergences;
  }

  /** Instances of orchestrations that the code does not have. */
  get unknown(): readonly { readonly instanceId: string; readonly name: string }[] {
    return this.#unknown;
  }

  /**
   * Replays a recorded history, or its JSON.
   *
   * @param source Where it is from.
   * @throws CommandFailure when it is none.
   */
  check(recorded: string | Fixture, source: string): void {
    try {
      assertReplays(this.#orchestrations, recorded);
      this.#checked++;
    } catch (error) {
      if (InvalidArgumentError.is(error)) throw usageFailure(`${source}: ${error.message}`);
      if (!ReplayError.is(error)) throw error;
      this.#checked++;
      const { instanceId, expected, actual, message } = error;
      this.#divergences.push({ instanceId, expected, actual, message });
    }
  }

  /** @throws InstanceNotFoundError; CommandFailure when it has no history yet. */
  async checkInstance(client: ManagementClient, instanceId: string): Promise<void> {
    this.check(await recordOf(client, instanceId), instanceId);
  }

  /** One of many: it may have gone meanwhile, or have no history yet, or be of code that is elsewhere. */
  async checkListed(client: ManagementClient, instanceId: string, name: string): Promise<void> {
    if (!this.#names.has(name)) {
      this.#unknown.push({ instanceId, name });
      return;
    }
    try {
      await this.checkInstance(client, instanceId);
    } catch (error) {
      const isGone = InstanceNotFoundError.is(error);
      const isNew = error instanceof CommandFailure && error.outcome === "conflict";
      if (!isGone && !isNew) throw error;
    }
  }
}
