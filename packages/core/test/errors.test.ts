import * as core from "../src";
import {
  DurableError,
  InstanceAlreadyExistsError,
  NonRetriableError,
  OrchestrationFailedError,
  TaskFailedError,
} from "../src";

const failure = { errorType: "TypeError", errorMessage: "boom", stackTrace: "TypeError: boom\n  at there" };

/** One of each class, made from arguments that fit them all. */
const errors = Object.entries(core)
  .filter(
    ([name, value]) => /^[A-Z].*Error$/.test(name) && name !== "DurableError" && typeof value === "function",
  )
  .map(([name, value]) => {
    const Class = value as unknown as new (...args: unknown[]) => DurableError;
    const args: Record<string, unknown[]> = {
      TaskFailedError: ["it failed", failure],
      OrchestrationFailedError: ["i1", "Failed", failure],
    };
    return [
      name,
      new Class(...(args[name] ?? ["one", "two", "three"])),
      Class as unknown as typeof DurableError,
    ] as const;
  });

describe("every error", () => {
  it("is counted here", () => {
    expect(errors.length).toBeGreaterThanOrEqual(20);
  });

  it.each(errors)("%s has a name, a code and a message, and is recognised", (name, error, Class) => {
    expect(error.name).toBe(name);
    expect(error.code).toBe(name.slice(0, -"Error".length));
    expect(error.message).not.toBe("");
    expect(error).toBeInstanceOf(DurableError);
    expect(DurableError.is(error)).toBe(true);
    expect(Class.is(error)).toBe(true);
  });

  it.each(errors)("%s is recognised when another copy of the package made it", (name, error, Class) => {
    const copy = Object.assign(new Error(error.message), { name, code: error.code });

    expect(DurableError.is(copy)).toBe(true);
    expect(Class.is(copy)).toBe(true);
  });

  it.each(errors)("%s is not taken for another", (name, error) => {
    for (const [other, , Class] of errors) if (other !== name) expect(Class.is(error)).toBe(false);
  });

  it.each([[undefined], [null], ["TaskFailed"], [{ code: "TaskFailed" }], [new Error("x")]])(
    "is not %p",
    (value) => {
      expect(DurableError.is(value)).toBe(false);
      for (const [, , Class] of errors) expect(Class.is(value)).toBe(false);
    },
  );

  it("of the system is not ours", () => {
    expect(DurableError.is(Object.assign(new Error("no file"), { code: "ENOENT" }))).toBe(false);
  });
});

describe("cause", () => {
  it("is kept", () => {
    const cause = new Error("why");

    expect(new NonRetriableError("no", cause).cause).toBe(cause);
    expect(new NonRetriableError("no")).not.toHaveProperty("cause");
  });

  it("of a TaskFailedError is the chain behind the failure", () => {
    const error = new TaskFailedError("task failed", {
      ...failure,
      innerFailure: { ...failure, innerFailure: failure },
    });

    const cause = error.cause as Error;
    expect([cause.name, cause.message, cause.stack]).toEqual(["TypeError", "boom", failure.stackTrace]);
    expect((cause.cause as Error).message).toBe("boom");
    expect((cause.cause as Error).cause).toBeUndefined();
  });

  it("of an OrchestrationFailedError is the failure itself", () => {
    expect((new OrchestrationFailedError("i1", "Failed", failure).cause as Error).message).toBe("boom");
  });
});

describe("InstanceAlreadyExistsError", () => {
  it.each([
    ["Completed", "Use another id, or list Completed in 'reuse'."],
    ["Running", "Use another id, or wait for its end, or terminate it."],
  ])("advises what helps against one that is %s", (status, advice) => {
    expect(new InstanceAlreadyExistsError("a", status).message).toContain(advice);
  });
});
