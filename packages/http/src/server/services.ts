import type { Client } from "@perdure/client";
import type { Clock, Logger } from "@perdure/core";
import type { EventUrls } from "./event-urls/event-urls";
import type { InputSchemas } from "./input-schemas";
import type { WaitingRoom } from "./security/limits";
import type { ManagementUrls } from "./views/management-urls";

/** What the routes work with. */
export interface Services {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly urls: ManagementUrls;
  readonly schemas: InputSchemas;
  readonly refusesUnlisted: boolean;
  /** Absent where no keys for event URLs are given. */
  readonly eventUrls: EventUrls | undefined;
  readonly waiting: WaitingRoom;
  readonly readiness: Readonly<Record<string, () => boolean | Promise<boolean>>>;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}
