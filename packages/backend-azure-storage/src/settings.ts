import {
  BackendConfigurationError,
  MAX_PAYLOAD_BYTES,
  PayloadLimit,
  durationMs,
  silentLogger,
  systemClock,
} from "@perdure/core";
import type { Clock, Duration, Logger } from "@perdure/core";

/** Tuning of the Azure Storage backend. Every option has a default that suits most hubs. */
export interface AzureStorageTuning {
  /** Control queues, 1 to 16; fixed when the hub is created. Default: 4. */
  readonly partitionCount?: number;
  /** How long a received message stays hidden before it counts as lost. At least 1 s. Default: 60 s. */
  readonly messageVisibility?: Duration;
  /** Longest pause between two looks at an idle queue. Default: 60 s. */
  readonly maxPollInterval?: Duration;
  /** How often ownership is renewed while there is work; a dead worker is replaced after three times this. Default: 10 s. */
  readonly leaseRenewInterval?: Duration;
  /** The same while there is none. Default: 45 s. */
  readonly idleLeaseRenewInterval?: Duration;
  /** A timer due within this is hidden in one go. At most 7 days. Default: 6 days. */
  readonly maxTimerHide?: Duration;
  /** Later timers are hidden this long at a time. Default: 6 days. */
  readonly timerChunk?: Duration;
  /** How often starts that were never queued are looked for. Default: 20 minutes. */
  readonly startSweepInterval?: Duration;
  /** Deliveries before a message that cannot be processed becomes a dead letter. Default: 20. */
  readonly maxDeliveryCount?: number;
  /** Longest payload, as UTF-8. Default and maximum: 64 MiB. */
  readonly maxPayloadBytes?: number;
  /**
   * How far this machine's clock may be from storage's when the backend starts. Time goes by storage's clock in any
   * case; a larger difference is a machine that is not looked after. At least 1 s. Default: 5 minutes.
   */
  readonly maxClockSkew?: Duration;
  /** Names this worker in the lease table. Default: random. */
  readonly workerId?: string;
  /** This machine's clock. Default: `systemClock`. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** Checked, in milliseconds. */
export interface Settings {
  readonly partitionCount: number;
  /** Whether the user asked for this count, so that another one in storage is an error. */
  readonly partitionCountIsExplicit: boolean;
  readonly visibilityMs: number;
  readonly maxPollMs: number;
  readonly renewMs: number;
  readonly idleRenewMs: number;
  readonly maxHideMs: number;
  readonly chunkMs: number;
  readonly sweepMs: number;
  readonly maxDeliveryCount: number;
  readonly payloadLimit: PayloadLimit;
  readonly maxSkewMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DAY_MS = 86_400_000;

/** @throws BackendConfigurationError, InvalidArgumentError naming the option that has no meaning. */
export function checkSettings(tuning: AzureStorageTuning): Settings {
  const { partitionCount = 4, maxDeliveryCount = 20, maxPayloadBytes = MAX_PAYLOAD_BYTES } = tuning;
  whole("partitionCount", partitionCount, 1, 16);
  whole("maxDeliveryCount", maxDeliveryCount, 1, 1000);
  whole("maxPayloadBytes", maxPayloadBytes, 1, MAX_PAYLOAD_BYTES);
  const settings: Settings = {
    partitionCount,
    partitionCountIsExplicit: tuning.partitionCount !== undefined,
    visibilityMs: ms("messageVisibility", tuning.messageVisibility ?? "60s", 1000, 7 * DAY_MS),
    maxPollMs: ms("maxPollInterval", tuning.maxPollInterval ?? "60s", 50, DAY_MS),
    renewMs: ms("leaseRenewInterval", tuning.leaseRenewInterval ?? "10s", 500, 3_600_000),
    idleRenewMs: ms("idleLeaseRenewInterval", tuning.idleLeaseRenewInterval ?? "45s", 500, DAY_MS),
    maxHideMs: ms("maxTimerHide", tuning.maxTimerHide ?? "6d", 1000, 7 * DAY_MS - 60_000),
    chunkMs: ms("timerChunk", tuning.timerChunk ?? "6d", 1000, 7 * DAY_MS - 60_000),
    sweepMs: ms("startSweepInterval", tuning.startSweepInterval ?? "20m", 60_000, 365 * DAY_MS),
    maxDeliveryCount,
    payloadLimit: new PayloadLimit(maxPayloadBytes),
    maxSkewMs: ms("maxClockSkew", tuning.maxClockSkew ?? "5m", 1000, 36_500 * DAY_MS),
    clock: tuning.clock ?? systemClock,
    logger: tuning.logger ?? silentLogger,
  };
  return settings;
}

function ms(name: string, value: Duration, min: number, max: number): number {
  const result = durationMs(value, name);
  if (result >= min && result <= max) return result;
  throw new BackendConfigurationError(`${name} is ${result} ms: give ${min} to ${max} ms.`);
}

function whole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new BackendConfigurationError(`${name} is ${value}: give a whole number from ${min} to ${max}.`);
}
