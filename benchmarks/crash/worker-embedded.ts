/** One worker process of the crash test on the embedded backend. It may kill itself in the midst of a commit. */
import { dieAt } from "./embedded/deaths";
import { launching } from "./embedded/launch";
import { configOf, runWorker } from "./run-worker";

const { death, folder, workerId } = configOf(process.argv);
if (death) dieAt(death, folder, workerId);
runWorker(launching);
