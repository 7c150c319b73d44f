/** The management API of a task hub: the server, and a client for it. */
export type { DeadLetterDetails } from "./contract/dead-letters";
export type { AsJson, ExplanationDetails, FindingDetails } from "./contract/diagnosis";
export type { ErrorBody, Issue } from "./contract/errors";
export type { EventUrl } from "./contract/event-urls";
export type { HealthReport } from "./contract/health";
export type {
  HistoryEntry,
  InstanceChange,
  InstanceDetails,
  ManagementPayload,
  PurgeOutcome,
  StartedInstance,
} from "./contract/instances";
export { DEFAULT_PREFIX } from "./contract/paths";
export type { ScheduleDetails } from "./contract/schedules";
export type { TimerDetails } from "./contract/timers";
export { ManagementClient } from "./management-client/management-client";
export type {
  ChangeFilter,
  EventUrlRequest,
  GetOptions,
  RaiseEventRequest,
  StartRequest,
} from "./management-client/management-client";
export type { Listing, Page, PageOptions } from "./management-client/pages";
export type { ManagementDeadLetters } from "./management-client/dead-letters";
export type { ManagementSchedules, NewSchedule } from "./management-client/schedules";
export type { ManagementTimers } from "./management-client/timers";
export type { Fetch, ManagementClientOptions } from "./management-client/transport";
export { ManagementApiError } from "./management-error";
export type { ManagementFailure } from "./management-error";
export { CheckStatus } from "./server/check-status";
export type { CheckStatusOptions, WaitForCompletionOptions } from "./server/check-status";
export { EventUrls } from "./server/event-urls/event-urls";
export type { EventUrlOptions, EventUrlsOptions } from "./server/event-urls/event-urls";
export { createManagementApi } from "./server/management-api";
export type {
  ListedOrchestration,
  ManagementApiOptions,
  ManagementKey,
  ManagementRole,
  Principal,
  RateLimit,
  Verify,
} from "./server/options";
export { serveManagementApi } from "./server/serve";
export type { ManagementServer, ServeOptions } from "./server/serve";
