/** A person decides, within 30 days, and is reminded every week. Nothing runs and nothing is held open meanwhile. */
import { defineActivity, defineEvent, defineOrchestration } from "perdure";
import type { Duration } from "perdure";
import { newId, statusWhen } from "./sample";
import type { Sample } from "./sample";

export interface Expense {
  readonly employee: string;
  readonly amount: number;
  /** Default: 7 days. */
  readonly remindEvery?: Duration;
  /** Default: 30 days. */
  readonly expiresAfter?: Duration;
}

export interface Waiting {
  readonly waitsFor: string;
  readonly reminders: number;
  readonly until: string;
}

/** The type of the payload holds for `raiseEvent` as well as for `waitForExternalEvent`. */
export const decided = defineEvent<{ readonly approved: boolean; readonly by: string }>("decided");

export const notify = defineActivity("notify", (ctx, message: string) => {
  ctx.log.info(message); // your mail or chat goes here
});

export const approveExpense = defineOrchestration("approveExpense", function* (ctx, expense: Expense) {
  const { employee, amount, remindEvery = "7d", expiresAfter = "30d" } = expense;
  yield* ctx.callActivity(notify, `${employee} asks for ${amount}.`);

  const decision = ctx.waitForExternalEvent(decided);
  const deadline = ctx.createTimer(expiresAfter, { name: "deadline" });
  for (let reminders = 0; ; reminders++) {
    const waiting: Waiting = { waitsFor: decided.name, reminders, until: deadline.fireAt.toISOString() };
    ctx.setCustomStatus(waiting);
    const reminder = ctx.createTimer(remindEvery, { name: "reminder" });

    const first = yield* ctx.any([decision, deadline, reminder]);

    // Timers that are still pending when the function returns are removed. There is nothing to cancel.
    if (first === deadline) return { status: "expired" as const, reminders };
    if (first === decision) {
      const { approved, by } = yield* decision;
      return { status: approved ? ("approved" as const) : ("declined" as const), by, reminders };
    }
    yield* ctx.callActivity(notify, `${employee} still waits for a decision.`);
  }
});

export const sample: Sample = {
  name: "approval",
  orchestrations: [approveExpense],
  activities: [notify],
  async run(client) {
    const expense: Expense = { employee: "Kim", amount: 120, remindEvery: "3s" }; // a week is long to look at
    const instance = await client.startNew(approveExpense, expense, { instanceId: newId("expense") });

    const { customStatus } = await statusWhen(instance, ({ customStatus: seen }) => {
      return ((seen as Waiting | undefined)?.reminders ?? 0) >= 1;
    });
    await instance.raiseEvent(decided, { approved: true, by: "Robin" });

    const result = await instance.result();
    return [
      `It would have waited until ${(customStatus as Waiting).until.slice(0, 10)}.`,
      `${result.status}${"by" in result ? ` by ${result.by}` : ""} after ${result.reminders} reminder(s)`,
    ];
  },
};
