import { sample as approval } from "./approval";
import { sample as fanOutFiles } from "./fan-out-files";
import { sample as helloSequence } from "./hello-sequence";
import { sample as longTimer } from "./long-timer";
import { sample as monitor } from "./monitor";
import { sample as nightlyReport } from "./nightly-report";
import { sample as orderSaga } from "./order-saga";
import { sample as plainYield } from "./plain-yield";
import { sample as reminder } from "./reminder";
import type { Sample } from "./sample";
import { sample as subOrchestrations } from "./sub-orchestrations";
import { sample as subscription } from "./subscription";

export const samples: readonly Sample[] = [
  helloSequence,
  fanOutFiles,
  approval,
  orderSaga,
  monitor,
  longTimer,
  reminder,
  subscription,
  nightlyReport,
  subOrchestrations,
  plainYield,
];
