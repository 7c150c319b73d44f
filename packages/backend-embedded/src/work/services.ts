import type { Clock, PayloadLimit, Wakeups } from "@perdure/core";
import type { GroupCommit } from "../file/group-commit";
import type { HubFile } from "../file/hub-file";
import type { Held } from "./held";
import type { Mailroom } from "./mailroom";
import type { Post } from "./post";

/** What the parts of one backend object share while its file is open. */
export interface Services {
  readonly file: HubFile;
  readonly commits: GroupCommit;
  readonly mailroom: Mailroom;
  readonly post: Post;
  readonly clock: Clock;
  readonly limit: PayloadLimit;
  readonly lockMs: number;
  readonly maxDeliveryCount: number;
  /** Notified when there are activities to run. */
  readonly activityArrivals: Wakeups;
  /** What is locked. */
  readonly held: Set<Held>;
}
