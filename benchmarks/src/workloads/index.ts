import type { Workload } from "../workload";
import { coldWakeWorkload } from "./cold-wake";
import { eventsWorkload } from "./events";
import { fanOutWorkload } from "./fan-out";
import { helloWorkload } from "./hello-sequence";
import { idleWorkload } from "./idle";
import { longHistoryWorkload } from "./long-history";
import { manyTimersWorkload } from "./many-timers";
import { rawWorkload } from "./raw";
import { timersWorkload } from "./timers";

/** In the order they are run. */
export const WORKLOADS: readonly Workload[] = [
  rawWorkload,
  helloWorkload,
  fanOutWorkload,
  timersWorkload,
  longHistoryWorkload,
  idleWorkload,
  eventsWorkload,
  coldWakeWorkload,
  manyTimersWorkload,
];
