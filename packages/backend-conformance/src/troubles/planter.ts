import type { FindingKind } from "@perdure/core";
import type { BackendHarness, HubOptions, TestHub } from "../harness";

/** Brings about by hand, in storage, what must not happen. Nobody works on the hub meanwhile. */
export interface Planter {
  /** Deletes all messages and queued activities there are. */
  loseMessages(): Promise<void>;
  /** Has a process that is not there own everything for a month. Absent where nothing is owned. */
  occupy?(): Promise<void>;
  /** Leaves something of an instance that is not there, by the kind of finding that tells of it. */
  readonly orphans: Readonly<Partial<Record<FindingKind, (instanceId: string) => Promise<void>>>>;
}

export interface TroubledHub extends TestHub {
  readonly planter: Planter;
}

export interface TroubleHarness extends BackendHarness {
  open(options: HubOptions): Promise<TroubledHub>;
  /** Rows left out, by name. The value is the reason, shown with the skipped test. */
  readonly skips?: Readonly<Record<string, string>>;
}
