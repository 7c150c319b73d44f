/** Type tests: compiled by `tsc -b`, never run. Each `@ts-expect-error` is a refusal. */
import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { OrchestrationGenerator } from "@perdure/core";
import { eventWhen, explore, mockActivity } from "../src";
import type { TestHost } from "../src";

declare const host: TestHost;
const price = defineActivity("price", (_ctx, item: string) => item.length);
const tick = defineOrchestration("tick", function* (): OrchestrationGenerator<"done"> {
  return "done";
});
const quote = defineOrchestration("quote", function* (_ctx, item: string): OrchestrationGenerator<number> {
  return item.length;
});
const decided = defineEvent<{ readonly approved: boolean }>("decided");
const always = (): boolean => true;

// run takes what the orchestration takes, and returns what it returns.
const done: Promise<"done"> = host.run(tick);
const quoted: Promise<number> = host.run(quote, "lamp", { instanceId: "quote-1" });
// @ts-expect-error an input is missing
host.run(quote);
// @ts-expect-error the input is of another type
host.run(quote, 7);

// Mocks have the types of the definition.
host.mock(price, (_ctx, item) => item.length);
host.mock(price, async () => 7);
mockActivity(price, ({ attempt }) => attempt);
// @ts-expect-error the output is of another type
host.mock(price, () => "seven");
// @ts-expect-error the output is of another type
mockActivity(price, () => "seven");
host.mockReturn(price, 7);
// @ts-expect-error the output is of another type
host.mockReturn(price, "seven");
host.mock("unknown", (_ctx, input: { readonly id: number }) => input.id);

// So have calls.
const input: string | undefined = host.calls(price)[0]?.input;
const output: number | undefined = host.calls(price)[0]?.output;
// @ts-expect-error the input is a string
const wrong: number | undefined = host.calls(price)[0]?.input;

// Events have the types of theirs.
host.raiseWhen(quote, always, decided, { approved: true });
eventWhen(always, decided, { approved: true });
// @ts-expect-error the payload is of another type
host.raiseWhen(quote, always, decided, { approved: "yes" });
// @ts-expect-error the payload is missing
eventWhen(always, decided);

// explore takes what the orchestration takes.
explore(quote, { input: "lamp" });
explore(tick, {});
// @ts-expect-error an input is missing
explore(quote, {});
// @ts-expect-error no such operation
host.failStorage({ operation: "nothing" });
