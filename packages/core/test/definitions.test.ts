import { Registry, defineActivity, defineEvent, defineOrchestration, nameOf, silentLogger } from "../src";

const handler = function* (): Generator<never, number> {
  return 1;
};

describe("defineOrchestration", () => {
  it("gives name, version and code", () => {
    expect(defineOrchestration("a", handler, { version: "2" })).toEqual({
      kind: "orchestration",
      name: "a",
      version: "2",
      handler,
    });
    expect(defineOrchestration("a", handler)).not.toHaveProperty("version");
  });

  it.each([[async () => 1], [async function* () {}]])("refuses what is async", (code) => {
    expect(() => defineOrchestration("a", code as never)).toThrow(
      "The orchestration 'a' is an async function. Write function* and yield* tasks instead of awaiting promises.",
    );
  });

  it("has a schema, when it is given one", () => {
    const input = { "~standard": { version: 1 as const, vendor: "test", validate: () => ({ issues: [] }) } };

    expect(defineOrchestration("a", handler, { input })).toEqual({
      kind: "orchestration",
      name: "a",
      handler,
      input,
    });
    expect(defineOrchestration("a", handler, { input: Object.assign(() => 1, input) }).input).toBeInstanceOf(
      Function,
    );
  });

  it.each([
    null,
    {},
    "schema",
    { "~standard": { version: 2, validate: () => ({}) } },
    { "~standard": { version: 1 } },
  ])("refuses %j as a schema", (input) => {
    expect(() => defineOrchestration("a", handler, { input } as object)).toThrow(
      "The input of the orchestration 'a' is no schema: give one of a library that follows the Standard Schema",
    );
  });

  it("refuses what is no function", () => {
    expect(() => defineOrchestration("a", undefined as never)).toThrow(
      "The handler of orchestration 'a' is of type undefined: give a function.",
    );
  });
});

describe("names", () => {
  it.each([[""], ["a\nb"], [undefined], [1]])("%p is refused", (name) => {
    expect(() => defineOrchestration(name as string, handler)).toThrow(/^The orchestration name is/);
    expect(() => defineActivity(name as string, () => 1)).toThrow(/^The activity name is/);
    expect(() => defineEvent(name as string)).toThrow(/^The event name is/);
    expect(() => nameOf(name as string, "It")).toThrow(/^It is/);
  });

  it("are taken from definitions or given as text", () => {
    expect([nameOf("a", "It"), nameOf(defineEvent("b"), "It")]).toEqual(["a", "b"]);
  });
});

describe("Registry", () => {
  const orchestration = defineOrchestration("same name", handler);
  const activity = defineActivity("same name", () => 1);

  it("finds definitions by kind and name", () => {
    const registry = new Registry([orchestration], [activity]);

    expect(registry.orchestration("same name")).toBe(orchestration);
    expect(registry.activity("same name")).toBe(activity);
    expect(registry.orchestration("other")).toBeUndefined();
    expect(registry.activity("toString")).toBeUndefined();
    expect(registry.orchestrationNames).toEqual(["same name"]);
  });

  it("refuses two of one name", () => {
    expect(() => new Registry([], [activity, activity])).toThrow(
      "Two definitions register the activity 'same name' with one worker. Remove or rename one of them.",
    );
  });

  it.each([[activity], [undefined], [handler]])(
    "refuses what defineOrchestration did not return: %p",
    (what) => {
      expect(() => new Registry([what as never], [])).toThrow(
        "Not an orchestration: register what defineOrchestration returned.",
      );
    },
  );
});

describe("silentLogger", () => {
  it("drops everything", () => {
    for (const level of ["debug", "info", "warn", "error"] as const)
      expect(silentLogger[level]("x")).toBeUndefined();
  });
});
