/** What inference gives. Checked by `tsc -p tsconfig.test.json`; nothing here runs. */
import { defineActivity, defineEvent, defineOrchestration } from "../src";
import type {
  ActivityDefinition,
  EventDefinition,
  OrchestrationContext,
  OrchestrationDefinition,
  StandardSchema,
  Task,
  TaskOutcome,
  TimerTask,
} from "../src";

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters, @typescript-eslint/no-unsafe-class-instance-assignment --
   types are what is tested, wrong ones included */

/** Exact equality of types: `any` is equal to nothing but itself. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(equal: Equal<A, B>): void;

interface Order {
  readonly id: string;
}
interface Receipt {
  receipt: string;
  ok: boolean;
}

const charge = defineActivity("charge", async (_ctx, order: Order): Promise<Receipt> => ({
  receipt: order.id,
  ok: true,
}));
const ping = defineActivity("ping", () => 1);
const maybe = defineActivity("maybe", (_ctx, n?: number) => n ?? 0);
const child = defineOrchestration("child", function* (ctx, n: number) {
  yield* ctx.createTimer(n);
  return String(n);
});
const approval = defineEvent<{ approved: boolean }>("approval");
const signal = defineEvent("signal");

same<typeof charge, ActivityDefinition<Order, Receipt>>(true);
same<typeof ping, ActivityDefinition<void, number>>(true);
same<typeof child, OrchestrationDefinition<number, string>>(true);
same<typeof approval, EventDefinition<{ approved: boolean }>>(true);
same<typeof signal, EventDefinition<void>>(true);

// Schemas.
declare const orderSchema: StandardSchema<{ id: string; note?: string }, { id: string; note: string }>;
const checked = defineOrchestration(
  "checked",
  function* (_ctx, order) {
    same<typeof order, { id: string; note?: string }>(true);
    return order.id;
  },
  { version: "1", input: orderSchema },
);
same<typeof checked, OrchestrationDefinition<{ id: string; note?: string }, string>>(true);
defineOrchestration("annotated", function* (_ctx, _order: { id: string }) {}, { input: orderSchema });
// @ts-expect-error the code wants more than the schema takes
defineOrchestration("wrong", function* (_ctx, _order: { id: string; amount: number }) {}, {
  input: orderSchema,
});
// @ts-expect-error what is given is no schema
defineOrchestration("none", function* () {}, { input: {} });

export const whole = defineOrchestration("whole", function* (ctx, order: Order) {
  // Activities.
  const receipt = yield* ctx.callActivity(charge, order);
  same<typeof receipt, Receipt>(true);
  const retried = yield* ctx.callActivity(charge, order, {
    retry: { maxAttempts: 3, firstRetryInterval: "1s" },
  });
  same<typeof retried, Receipt>(true);
  const named = yield* ctx.callActivity<string>("SayHello", "Tokyo");
  same<typeof named, string>(true);
  const unnamed = yield* ctx.callActivity("SayHello");
  same<typeof unnamed, unknown>(true);
  yield* ctx.callActivity(ping);
  yield* ctx.callActivity(ping, undefined, { timeout: 5000 });
  yield* ctx.callActivity(maybe);
  yield* ctx.callActivity(maybe, 1);

  // Sub-orchestrations.
  const text = yield* ctx.callSubOrchestrator(child, 1, { instanceId: "c1" });
  same<typeof text, string>(true);
  const namedChild = yield* ctx.callSubOrchestrator<boolean>("child", 1);
  same<typeof namedChild, boolean>(true);

  // Timers.
  const timer = ctx.createTimer("90d", { name: "grace" });
  same<typeof timer, TimerTask>(true);
  const fired = yield* timer;
  same<typeof fired, void>(true);

  // Events.
  const decision = yield* ctx.waitForExternalEvent(approval);
  same<typeof decision, { approved: boolean }>(true);
  const timed = yield* ctx.waitForExternalEvent(approval, { timeout: "30d" });
  same<typeof timed, { approved: boolean } | undefined>(true);
  const raw = yield* ctx.waitForExternalEvent<number>("Raw");
  same<typeof raw, number>(true);
  const rawTimed = yield* ctx.waitForExternalEvent<number>("Raw", { timeout: 1000 });
  same<typeof rawTimed, number | undefined>(true);
  const untyped = yield* ctx.waitForExternalEvent("Raw");
  same<typeof untyped, unknown>(true);
  ctx.sendEvent("other", approval, { approved: true });
  ctx.sendEvent("other", signal);
  ctx.sendEvent("other", "by name", 1);

  // Composites.
  const [a, b, c] = yield* ctx.all([
    ctx.callActivity(charge, order),
    ctx.callSubOrchestrator(child, 2),
    ctx.createTimer(new Date(0)),
  ]);
  same<typeof a, Receipt>(true);
  same<typeof b, string>(true);
  same<typeof c, void>(true);
  const many = yield* ctx.all([1, 2, 3].map((n) => ctx.callSubOrchestrator(child, n)));
  same<typeof many, string[]>(true);
  const nothing = yield* ctx.all([]);
  same<typeof nothing, []>(true);
  const [first, second] = yield* ctx.allSettled([ctx.callActivity(ping), ctx.callActivity(charge, order)]);
  same<typeof first, TaskOutcome<number>>(true);
  if (second.status === "completed") same<typeof second.result, Receipt>(true);
  else same<typeof second.error, Error>(true);
  const approved = ctx.waitForExternalEvent(approval);
  const timeout = ctx.createTimer("1d");
  const winner = yield* ctx.any([approved, timeout]);
  same<typeof winner, Task<{ approved: boolean }> | TimerTask>(true);
  if (winner === approved) {
    const value = yield* winner;
    same<typeof value, { approved: boolean }>(true);
  }
  const raced = yield* ctx.race([ctx.callActivity(ping), ctx.callSubOrchestrator(child, 1)]);
  same<typeof raced, number | string>(true);
  const limited = yield* ctx.withTimeout(ctx.callActivity(charge, order), "5s");
  same<typeof limited, Receipt>(true);

  // Routines.
  const branch = yield* ctx.run(function* () {
    return (yield* ctx.callActivity(ping)) > 1;
  });
  same<typeof branch, boolean>(true);
  const mapped = yield* ctx.map(["a", "b"], (name, index) => ctx.callActivity<Date>(name, index), {
    concurrency: 2,
  });
  same<typeof mapped, Date[]>(true);
  const generated = yield* ctx.map([order], function* (item) {
    const { ok } = yield* ctx.callActivity(charge, item);
    return ok;
  });
  same<typeof generated, boolean[]>(true);

  // Plain yield is typed by annotation.
  const legacy: string = yield ctx.callActivity<string>("SayHello", "Seattle");
  if (!decision.approved) return yield* ctx.continueAsNew(order);
  return { receipt, text, legacy };
});

same<typeof whole, OrchestrationDefinition<Order, { receipt: Receipt; text: string; legacy: string }>>(true);

declare const ctx: OrchestrationContext;
declare const order: Order;

// @ts-expect-error an orchestrator is no async generator
defineOrchestration("wrong", async function* (c: OrchestrationContext) {
  yield* c.callActivity(ping);
});
// @ts-expect-error nor an async function
defineOrchestration("wrong", async () => 1);
// @ts-expect-error nor a plain function
defineOrchestration("wrong", () => 1);
// @ts-expect-error only tasks can be waited for
defineOrchestration("wrong", function* () {
  yield 1;
});
// @ts-expect-error not promises
defineOrchestration("wrong", function* () {
  yield Promise.resolve(1);
});
// @ts-expect-error not arrays of values
defineOrchestration("wrong", function* () {
  yield* [1, 2];
});
export function* wrong(): Generator<Task<unknown>, void> {
  // @ts-expect-error a promise cannot be iterated
  yield* Promise.resolve(1);
}

// @ts-expect-error not an order
ctx.callActivity(charge, "not an order");
// @ts-expect-error the input is required
ctx.callActivity(charge);
// @ts-expect-error the activity takes no input
ctx.callActivity(ping, 1);
// @ts-expect-error not an activity
ctx.callActivity(child, 1);
// @ts-expect-error activities have no instance id
ctx.callActivity(charge, order, { instanceId: "a" });
// @ts-expect-error maxAttempts is required
ctx.callActivity(charge, order, { retry: {} });
// @ts-expect-error not a number
ctx.callSubOrchestrator(child, "one");
// @ts-expect-error the input is required
ctx.callSubOrchestrator(child);
// @ts-expect-error not an orchestration
ctx.callSubOrchestrator(charge, order);
// @ts-expect-error wrong payload
ctx.sendEvent("other", approval, { approved: "yes" });
// @ts-expect-error the payload is required
ctx.sendEvent("other", approval);
// @ts-expect-error an event that carries nothing takes no payload
ctx.sendEvent("other", signal, 1);
// @ts-expect-error not an event
ctx.waitForExternalEvent(charge);
// @ts-expect-error promises are no tasks
ctx.all([Promise.resolve(1)]);
// @ts-expect-error nor are values
ctx.any([1]);
// @ts-expect-error a timer needs a time
ctx.createTimer();
// @ts-expect-error a routine is a generator function
ctx.run(() => 1);
// @ts-expect-error nothing can be assigned
ctx.instanceId = "other";
// @ts-expect-error a task of numbers is none of text
export const text: Task<string> = ctx.callActivity(ping);
/** Tasks are covariant. */
export const wide: Task<unknown> = ctx.callActivity(ping);
