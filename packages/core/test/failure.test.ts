import { InvalidArgumentError, NonRetriableError, TaskFailedError, toError, toFailure } from "../src";
import type { FailureDetails } from "../src";

function chain(failure: FailureDetails | undefined): string[] {
  return failure ? [failure.errorMessage, ...chain(failure.innerFailure)] : [];
}

describe("toFailure", () => {
  it("keeps class, message and stack", () => {
    class StockError extends Error {}
    const error = new StockError("empty");

    expect(toFailure(error)).toEqual({
      errorType: "StockError",
      errorMessage: "empty",
      stackTrace: error.stack,
    });
  });

  it("prefers a name that was set to the class", () => {
    class Minified extends Error {
      override readonly name = "StockError";
    }

    expect(toFailure(new Minified("x")).errorType).toBe("StockError");
  });

  it("takes the code of our own errors as their type", () => {
    expect(toFailure(new InvalidArgumentError("bad")).errorType).toBe("InvalidArgument");
  });

  it("keeps data that serializes, and leaves out what does not", () => {
    expect(toFailure(Object.assign(new Error("x"), { data: { code: 0 } })).data).toBe('{"code":0}');
    expect(toFailure(Object.assign(new Error("x"), { data: 1n }))).not.toHaveProperty("data");
  });

  it("says when no retry can help", () => {
    expect(toFailure(new NonRetriableError("x")).isNonRetriable).toBe(true);
    expect(toFailure(Object.assign(new Error("x"), { isNonRetriable: true })).isNonRetriable).toBe(true);
    expect(toFailure(Object.assign(new Error("x"), { isNonRetriable: "yes" }))).not.toHaveProperty(
      "isNonRetriable",
    );
  });

  it("follows the chain of causes, through whatever was thrown", () => {
    const error = new Error("a", { cause: new TypeError("b", { cause: "c" }) });

    expect(chain(toFailure(error))).toEqual(["a", "b", "c"]);
  });

  it("passes on the failure of a task, also one from another copy of the package", () => {
    const failure = { errorType: "StockError", errorMessage: "empty" };
    const copy = Object.assign(new Error("x"), { name: "TaskFailedError", code: "TaskFailed", failure });

    expect(toFailure(new TaskFailedError("task failed", failure))).toEqual(failure);
    expect(toFailure(copy)).toEqual(failure);
    expect(toFailure(new Error("outer", { cause: copy })).innerFailure).toEqual(failure);
  });

  it("cuts the chain after 16 causes, cycles and chains of former hops included", () => {
    const cycle = new Error("round and round");
    cycle.cause = cycle;
    let hops = toFailure(new Error("0"));
    for (let i = 1; i < 40; i++)
      hops = toFailure(new Error(String(i), { cause: new TaskFailedError("x", hops) }));

    expect(chain(toFailure(cycle))).toHaveLength(17);
    expect(chain(hops)).toHaveLength(17);
    expect(chain(toFailure(new TaskFailedError("x", hops)))).toHaveLength(17);
  });

  it.each([
    ["text", "text"],
    [{ a: 1 }, '{"a":1}'],
    [undefined, "undefined"],
    [null, "null"],
    [Symbol("s"), "Symbol(s)"],
    [10n, "10"],
    [Object.assign(Object.create(null), { big: 1n }), "[object Object]"],
  ])("describes what is no error: %p", (thrown, message) => {
    expect(toFailure(thrown)).toEqual({ errorType: "Error", errorMessage: message });
  });
});

describe("toError", () => {
  it("gives errors back as they are", () => {
    const error = new Error("x");

    expect(toError(error)).toBe(error);
  });

  it("wraps anything else, which stays its cause", () => {
    const error = toError({ a: 1 });

    expect([error.message, error.cause]).toEqual(['{"a":1}', { a: 1 }]);
  });
});
