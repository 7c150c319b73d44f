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
