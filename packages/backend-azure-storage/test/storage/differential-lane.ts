/** A sequence of operations on two storages side by side. The first different answer ends it. */
import type { VirtualClock } from "@perdure/core";
import type { Storage } from "../../src/storage/storage";
import {
  type Operation,
  type OperationSource,
  type Outcome,
  canonical,
  outcomeOf,
} from "./differential-operation";
import type { Side } from "./differential-words";

/** What all lanes count together. */
export interface Tally {
  /** Operations by kind. */
  readonly operations: Map<string, number>;
  /** Differences that storage may make, by name. */
  readonly allowed: Map<string, number>;
}

export interface LaneOptions {
  readonly name: string;
  readonly seed: number;
  readonly emulator: Storage;
  readonly model: Storage;
  /** The model's; it follows the emulator's, which is this machine's. */
  readonly clock: VirtualClock;
  readonly source: OperationSource;
  readonly tally: Tally;
}

/** Operations told when there is a difference. */
const TOLD = 12;

export class Lane {
  readonly #last: string[] = [];
  #count = 0;

  constructor(private readonly options: LaneOptions) {}

  /** @throws Error at the first difference. */
  async run(count: number, signal: AbortSignal): Promise<void> {
    while (this.#count < count && !signal.aborted) {
      this.#count++;
      await this.compare(await this.options.source.next());
    }
  }

  private async compare(operation: Operation): Promise<void> {
    const { emulator, model, clock, tally } = this.options;
    const from = Date.now();
    clock.jumpTo(from);
    const outcomes = {
      model: await outcomeOf(operation, model, "model"),
      emulator: await outcomeOf(operation, emulator, "emulator"),
    };
    const answers = valuesOf(outcomes);
    if (answers) operation.learn?.(answers, from, Date.now());
    const views = {
      model: viewOf(operation, outcomes.model, "model"),
      emulator: viewOf(operation, outcomes.emulator, "emulator"),
    };
    this.#last.push(`${operation.text}\n    → ${cut(views.model)}`);
    count(tally.operations, operation.kind);
    if (views.model === views.emulator) return;
    const allowed = operation.allows?.(views);
    if (allowed === undefined) throw new Error(this.report(views.emulator));
    count(tally.allowed, allowed);
  }

  private report(emulators: string): string {
    const { name, seed } = this.options;
    return [
      `The emulator and the model differ: seed ${seed}, lane '${name}', operation ${this.#count}.`,
      ...this.#last.slice(-TOLD).map((each) => `  ${each}`),
      `The emulator's answer to the last one:\n    → ${emulators}`,
    ].join("\n");
  }
}

function valuesOf(outcomes: Record<Side, Outcome>): Record<Side, unknown> | undefined {
  const { emulator, model } = outcomes;
  return "value" in emulator && "value" in model
    ? { emulator: emulator.value, model: model.value }
    : undefined;
}

function viewOf(operation: Operation, outcome: Outcome, side: Side): string {
  if ("refusal" in outcome) return outcome.refusal;
  return canonical(operation.view ? operation.view(outcome.value, side) : outcome.value);
}

function cut(text: string): string {
  return text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
