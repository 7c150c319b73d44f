import type { Topic } from "../contract-case";
import { activities } from "./activities";
import { checkpoints } from "./checkpoints";
import { crashes } from "./crashes";
import { creation } from "./creation";
import { deadLetters } from "./dead-letters";
import { delivery } from "./delivery";
import { instances } from "./instances";
import { lifecycle } from "./lifecycle";
import { locks } from "./locks";
import { payloads } from "./payloads";
import { queries } from "./queries";
import { timers } from "./timers";

/** The contract, B1 to B12, one topic a file. */
export const contractTopics: readonly Topic[] = [
  creation,
  delivery,
  timers,
  checkpoints,
  locks,
  crashes,
  activities,
  payloads,
  instances,
  queries,
  deadLetters,
  lifecycle,
];
