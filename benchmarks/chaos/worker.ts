/** One worker process of the chaos test. */
import { runWorker } from "../crash/run-worker";
import { blocker, defineBlock } from "./blocker";

runWorker(({ folder }, log) => ({ orchestrations: [blocker], activities: [defineBlock(folder, log)] }));
