import type { Topic } from "../contract-case";
import { activities } from "./activities";
import { composition } from "./composition";
import { continueAsNew } from "./continue-as-new";
import { control } from "./control";
import { determinism } from "./determinism";
import { events } from "./events";
import { failures } from "./failures";
import { operatorTimers } from "./operator-timers";
import { resilience } from "./resilience";
import { retries } from "./retries";
import { schedules } from "./schedules";
import { starting } from "./starting";
import { subOrchestrations } from "./sub-orchestrations";
import { timers } from "./timers";

/** What users are promised, through worker and client, one topic a file. */
export const featureTopics: readonly Topic[] = [
  starting,
  activities,
  retries,
  timers,
  operatorTimers,
  schedules,
  events,
  composition,
  subOrchestrations,
  continueAsNew,
  control,
  failures,
  determinism,
  resilience,
];
