/**
 * An instance that is being created by this process in a partition it owns. Its start is handed to a session before
 * it is on the disk: orchestrator code has no effect on the world before a checkpoint, and the checkpoint is written
 * after the start, or in its place. So the first turn costs no commit of its own.
 */
import type { StartMessage } from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import type { InstanceRow } from "../file/instance-row";
import type { Letter } from "./letter";

export class Creation {
  readonly letter: Letter;
  /**
   * `queued`: waits for its transaction. `written`: as a row and a message. `absorbed`: the first checkpoint is written
   * in the same transaction and leaves nothing to start. `refused`: the id is in use.
   */
  state: "queued" | "written" | "absorbed" | "refused" = "queued";
  /** The row, once written. */
  row: InstanceRow | undefined;
  /** Set by a checkpoint that is queued behind: writes it here and now, unless its session has ended. */
  absorber: ((transaction: Transaction) => boolean) | undefined;

  constructor(message: StartMessage, arrivedAt: number) {
    this.letter = {
      id: `start ${message.id}`,
      key: [],
      message,
      arrivedAt,
      deliveryCount: 0,
      isSuspect: false,
    };
  }
}
