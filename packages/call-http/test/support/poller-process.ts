/** A worker process on a file: it runs until it is killed. Says `ready` once it takes work. */
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { silentLogger } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { operation } from "./operation";

const worker = new Worker(new EmbeddedBackend({ path: process.argv[2]!, lockMs: 2000 }), {
  orchestrations: [operation],
  logger: silentLogger,
});

process.once("disconnect", () => process.exit());
void worker.start().then(() => process.send?.("ready"));
