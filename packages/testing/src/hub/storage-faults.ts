import { InvalidArgumentError, StorageUnavailableError } from "@perdure/core";
import type { Side, StorageOperation } from "./operations";

/** Which operations fail. */
export interface StorageFault {
  readonly operation: StorageOperation;
  /** How many of them. Default: 1. */
  readonly times?: number;
  /** `"before"`: nothing happened. `"after"`: it took effect, and the caller does not know. Default: `"before"`. */
  readonly when?: Side;
  /** Default: any. */
  readonly instanceId?: string;
}

interface OpenFault {
  readonly fault: StorageFault;
  left: number;
}

/** The failures that are still to come. */
export class StorageFaults {
  #open: OpenFault[] = [];

  /** @throws InvalidArgumentError */
  add(fault: StorageFault): void {
    const { operation, times = 1, when = "before" } = fault;
    if (!Number.isInteger(times) || times < 1)
      throw new InvalidArgumentError(`times is ${times}: give a whole number of 1 or more.`);
    if (when === "after" && (operation === "lockInstance" || operation === "lockActivity")) {
      throw new InvalidArgumentError(
        `A '${operation}' cannot fail after it took effect: let it fail before, or crash the worker.`,
      );
    }
    this.#open.push({ fault, left: times });
  }

  /** @throws StorageUnavailableError when this operation is to fail here. */
  apply(operation: StorageOperation, side: Side, instanceId: string | undefined): void {
    const hit = this.#open.find(
      ({ fault }) =>
        fault.operation === operation &&
        (fault.when ?? "before") === side &&
        (fault.instanceId === undefined || fault.instanceId === instanceId),
    );
    if (!hit) return;
    hit.left--;
    this.#open = this.#open.filter(({ left }) => left > 0);
    throw new StorageUnavailableError(
      `Storage fails on demand, ${side === "before" ? "before" : "after"} '${operation}' took effect.`,
    );
  }
}
