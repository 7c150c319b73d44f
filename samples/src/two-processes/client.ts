/**
 * A client process: it starts, asks and manages, and runs no orchestration code. It knows the definitions only for
 * their types; names would do. A worker must run somewhere: `npm run worker -w samples`, or `npm start`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client, OrchestrationFailedError } from "perdure";
import type { InstanceHandle, RuntimeStatus } from "perdure";
import { approveExpense, decided } from "../approval";
import { remindInAYear } from "../long-timer";
import { hubOfEnvironment, openBackend } from "../hub";
import { newId, statusWhen } from "../sample";

const WAIT = { timeout: "60s" };

async function main(): Promise<void> {
  const backend = openBackend(hubOfEnvironment());
  const client = new Client(backend);
  const begun = new Date();
  try {
    await approveWhileSuspended(client);
    await terminateASleeper(client);
    await listAndPurge(client, begun);
  } finally {
    await backend.stop();
  }
}

async function approveWhileSuspended(client: Client): Promise<void> {
  const expense = { employee: "Kim", amount: 120 };
  const instance = await client.startNew(approveExpense, expense, { instanceId: newId("expense") });
  step("start", `${instance.instanceId} is ${(await instance.status()).status}`);

  await instance.waitForStart(WAIT);
  const waiting = await statusWhen(instance, ({ customStatus }) => customStatus !== undefined);
  step("query", `${waiting.status}, ${JSON.stringify(waiting.customStatus)}`);

  await instance.suspend("the books are being closed");
  step("suspend", await reached(instance, "Suspended"));

  await instance.raiseEvent(decided, { approved: true, by: "Robin" });
  step("raise", `'${decided.name}' is kept: still ${(await instance.status()).status}`);

  await instance.resume();
  step("resume", `result ${JSON.stringify(await instance.result(WAIT))}`);
}

async function terminateASleeper(client: Client): Promise<void> {
  const instance = await client.startNew(remindInAYear, "call home", { instanceId: newId("year") });
  await instance.waitForStart(WAIT);
  step("start", `${instance.instanceId} is ${(await instance.status()).status} and sleeps for a year`);

  await instance.terminate("changed my mind");
  const failure = await instance.result(WAIT).catch((error: unknown) => error);
  if (!OrchestrationFailedError.is(failure)) throw failure;
  step("terminate", failure.message);
}

async function listAndPurge(client: Client, createdFrom: Date): Promise<void> {
  await sleep(1500); // lists may be a second behind; the status of one instance never is
  for await (const { instanceId, name, status } of client.list({
    createdFrom,
    status: ["Completed", "Terminated"],
  })) {
    step("list", `${instanceId} (${name}) is ${status}`);
  }
  for (const name of [approveExpense.name, remindInAYear.name]) {
    const { purged } = await client.purgeMany({ createdFrom, name });
    step("purge", `${purged} finished instance(s) of ${name} deleted`);
  }
}

async function reached(instance: InstanceHandle, wanted: RuntimeStatus): Promise<RuntimeStatus> {
  return (await statusWhen(instance, ({ status }) => status === wanted)).status;
}

function step(verb: string, what: string): void {
  console.log(`${verb.padEnd(10)} ${what}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
