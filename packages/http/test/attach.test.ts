/** A server that shares nothing but storage with the worker. */
import { Client } from "@perdure/client";
import { defineOrchestration, silentLogger } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { ManagementClient, createManagementApi } from "../src";
import type { InstanceDetails } from "../src";
import { openAzurite } from "./support/hubs";

const wait = defineOrchestration("wait", function* (ctx) {
  return yield* ctx.waitForExternalEvent("go");
});

it("attaches to a result that another process works on", async () => {
  const { backend, connect } = openAzurite();
  const worker = new Worker(backend, { orchestrations: [wait], logger: silentLogger });
  await worker.start();
  const elsewhere = connect();
  const app = createManagementApi(new Client(elsewhere), { logger: silentLogger });
  const management = new ManagementClient({
    url: "http://localhost",
    fetch: (request) => app.fetch(request),
  });

  const { id } = await management.start("wait");
  const result = management.result(id, { timeout: "20s" });
  const seen: InstanceDetails[] = [];
  const watching = (async () => {
    for await (const instance of management.watch(id)) seen.push(instance);
  })();
  await new Client(backend).instance(id).waitForStart();
  await management.raiseEvent(id, "go", 7);

  await expect(result).resolves.toBe(7);
  await watching;
  expect(seen.at(-1)).toMatchObject({ runtimeStatus: "Completed", output: 7 });
  await worker.stop();
  await elsewhere.stop();
  await connect().deleteTaskHub();
});
