/** One worker process of the crash test. */
import { runWorker } from "./run-worker";

runWorker();
