import { defineActivity, defineEvent, defineOrchestration } from "perdure";

export interface Expense {
  readonly employee: string;
  readonly amount: number;
}

/** The type holds where it is raised and where it is waited for. */
export const decided = defineEvent<{ readonly approved: boolean; readonly by: string }>("decided");

export const notify = defineActivity("notify", async (ctx, message: string) => {
  ctx.log.info(message); // send a mail or a chat message here
});

export const approveExpense = defineOrchestration("approveExpense", function* (ctx, expense: Expense) {
  yield* ctx.callActivity(notify, `${expense.employee} asks for ${expense.amount}.`);

  const decision = ctx.waitForExternalEvent(decided);
  const deadline = ctx.createTimer("30d", { name: "deadline" });
  for (;;) {
    const reminder = ctx.createTimer("7d", { name: "reminder" });
    const first = yield* ctx.any([decision, deadline, reminder]);

    // Timers that are still pending when the function returns are removed. There is nothing to cancel.
    if (first === deadline) return { status: "expired" as const };
    if (first === decision) {
      const { approved, by } = yield* decision;
      return { status: approved ? ("approved" as const) : ("declined" as const), by };
    }
    yield* ctx.callActivity(notify, `${expense.employee} still waits for a decision.`);
  }
});

/** Inputs that `perdure dev` shows how to try. */
export const examples = { approveExpense: { employee: "Kim", amount: 120 } };
