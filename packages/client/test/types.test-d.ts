/** Type tests: compiled by `tsc -b`, never run. Each `@ts-expect-error` is a refusal. */
import { defineEvent, defineOrchestration } from "@perdure/core";
import type { OrchestrationGenerator } from "@perdure/core";
import type { Client, InstanceHandle, InstanceSnapshot } from "../src";

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- T makes the compiler compare by identity
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function isExactly<Expected>(): <Actual>(value: Actual) => Equal<Actual, Expected>;
declare const client: Client;

interface Order {
  readonly id: number;
}
interface Receipt {
  readonly total: number;
}

const purchase = defineOrchestration(
  "purchase",
  function* (_ctx, order: Order): OrchestrationGenerator<Receipt> {
    return { total: order.id };
  },
);
const tick = defineOrchestration("tick", function* (): OrchestrationGenerator<"done"> {
  return "done";
});
const search = defineOrchestration(
  "search",
  function* (_ctx, text: string | undefined): OrchestrationGenerator<number> {
    return text?.length ?? 0;
  },
);
const approval = defineEvent<{ approved: boolean }>("approval");
const ping = defineEvent("ping");

export async function startNew(): Promise<void> {
  const handle = await client.startNew(purchase, { id: 1 }, { instanceId: "order-1", delay: "1h" });
  isExactly<InstanceHandle<Receipt>>()(handle) satisfies true;
  isExactly<Receipt>()(await handle.result()) satisfies true;
  isExactly<InstanceSnapshot<Receipt>>()(await handle.waitForCompletion()) satisfies true;
  isExactly<InstanceHandle<Receipt>>()(await handle.restart()) satisfies true;
  isExactly<"done">()(await (await client.startNew(tick)).result()) satisfies true;
  isExactly<number>()(await (await client.startNew(search)).result()) satisfies true;

  void client.startNew(tick, undefined, { tags: { team: "shop" } });
  void client.startNew(search, "text");
  // @ts-expect-error the input is required
  void client.startNew(purchase);
  // @ts-expect-error the input has another type
  void client.startNew(purchase, { id: "1" });
  // @ts-expect-error this orchestration has no input
  void client.startNew(tick, { id: 1 });
  // @ts-expect-error only instances that have finished are replaced
  void client.startNew(tick, undefined, { reuse: ["Running"] });
  // @ts-expect-error no such option
  void client.startNew(tick, undefined, { id: "a" });
}

export async function startByName(): Promise<void> {
  const handle = await client.startNew<Receipt>("purchase", { id: 1 });
  isExactly<Receipt>()(await handle.result()) satisfies true;
  isExactly<unknown>()(await (await client.startNew("purchase")).result()) satisfies true;
}

export async function instance(): Promise<void> {
  isExactly<Receipt>()(await client.instance("a", purchase).result()) satisfies true;
  isExactly<Receipt>()(await client.instance<Receipt>("a").result()) satisfies true;
  isExactly<unknown>()(await client.instance("a").result()) satisfies true;
  isExactly<Receipt | undefined>()((await client.instance("a", purchase).status()).output) satisfies true;
}

export async function raiseEvent(handle: InstanceHandle): Promise<void> {
  await handle.raiseEvent(approval, { approved: true });
  await handle.raiseEvent(ping);
  await handle.raiseEvent("anything", 7);
  // @ts-expect-error the payload is required
  await handle.raiseEvent(approval);
  // @ts-expect-error the payload has another type
  await handle.raiseEvent(approval, { approved: "yes" });
  // @ts-expect-error this event has no payload
  await handle.raiseEvent(ping, 7);
}

export async function list(): Promise<void> {
  for await (const snapshot of client.list({ status: "Failed" }))
    isExactly<InstanceSnapshot>()(snapshot) satisfies true;
  for await (const page of client.list().byPage()) page.instances satisfies readonly InstanceSnapshot[];
  // @ts-expect-error no such status
  client.list({ status: "Done" });
  // @ts-expect-error only finished instances can be purged
  void client.purgeMany({ status: "Running" });
}

export async function schedules(): Promise<void> {
  const spec = { cron: "0 2 * * *", timeZone: "Europe/Paris" };
  const schedule = await client.schedules.create({
    id: "nightly",
    orchestration: purchase,
    input: { id: 1 },
    spec,
  });
  await client.schedules.create({
    id: "by-name",
    orchestration: "purchase",
    input: { anything: true },
    spec,
  });
  await schedule.update({ overlapPolicy: "bufferOne", maxRuns: null, note: null });

  // @ts-expect-error the input has another type
  void client.schedules.create({ id: "nightly", orchestration: purchase, input: { id: "1" }, spec });
  // @ts-expect-error a schedule has a spec
  void client.schedules.create({ id: "nightly", orchestration: purchase, input: { id: 1 } });
  // @ts-expect-error no such policy
  void schedule.update({ overlapPolicy: "sometimes" });
  // @ts-expect-error a schedule cannot be without a spec
  void schedule.update({ spec: null });
  // @ts-expect-error no such field
  void client.schedules.create({ id: "nightly", orchestration: tick, spec: { crontab: "0 2 * * *" } });
}

export async function timers(): Promise<void> {
  for await (const timer of client.timers.list({ dueBefore: new Date(0) })) {
    await client.timers.move(timer, { at: "2030-01-01T09:00", timeZone: "Europe/Paris" });
    isExactly<Date>()(timer.fireAt) satisfies true;
    isExactly<"timer" | "start">()(timer.kind) satisfies true;
  }
  await client.timers.cancel({ instanceId: "a", timerId: 0 });

  // @ts-expect-error which timer of the instance is not said
  void client.timers.fire({ instanceId: "a" });
  // @ts-expect-error a wall clock is somewhere
  void client.timers.move({ instanceId: "a", timerId: 0 }, { at: new Date(0), timeZone: "Europe/Paris" });
  // @ts-expect-error no such filter
  client.timers.list({ before: new Date(0) });
}
