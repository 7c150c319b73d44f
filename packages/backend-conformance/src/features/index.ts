import type { Topic } from "../contract-case";
import { activities } from "./activities";
import { composition } from "./composition";
import { continueAsNew } from "./continue-as-new";
import { control } from "./control";
import { diagnosis } from "./diagnosis";
import { determinism } from "./determinism";
import { events } from "./events";
import { failures } from "./failures";
import { operatorTimers } from "./operator-timers";
import { resilience } from "./resilience";
import { retries } from "./retries";
import { schedules } from "./schedules";
import { starting } from "./starting";
import { subOrchestrations } from "./sub-orchestrations";
import { durableTasks } from "./timer-rows/durable-tasks";
import { firing } from "./timer-rows/firing";
import { longSleeps } from "./timer-rows/long-sleeps";
import { parity } from "./timer-rows/parity";
import { timers } from "./timers";

/** What users are promised, through worker and client, one topic a file. */
export const featureTopics: readonly Topic[] = [
  starting,
  activities,
  retries,
  timers,
  operatorTimers,
  schedules,
  longSleeps,
  firing,
  durableTasks,
  parity,
  events,
  composition,
  subOrchestrations,
  continueAsNew,
  control,
  failures,
  determinism,
  diagnosis,
  resilience,
];
