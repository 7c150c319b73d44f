import { InvalidDefinitionError, defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import { codeIn } from "../src/user-code/definitions";
import { loadFailureText } from "../src/user-code/load-failure";

const greet = defineActivity("greet", () => "Hello");
const charge = defineActivity("charge", () => "paid");
const hello = defineOrchestration("hello", function* () {
  return "Hello";
});

describe("codeIn", () => {
  it.each<[what: string, module: object]>([
    ["named exports", { hello, greet, charge, paid: defineEvent("paid"), other: 1, nothing: null }],
    ["lists and groups", { orchestrations: [hello], activities: { greet, charge } }],
    ["the options of a worker", { default: { orchestrations: [hello], activities: [greet, charge] } }],
    ["a definition as the default, and others by name", { default: hello, greet, charge }],
    [
      "CommonJS, whose exports are the default too",
      { default: { hello, greet, charge }, hello, greet, charge },
    ],
    ["transpiled modules in CommonJS", { default: { __esModule: true, default: hello, greet, charge } }],
    ["one thing under several names", { hello, again: hello, greet, charge, all: [greet, charge] }],
  ])("finds code in %s", (_what, module) => {
    const { orchestrations, activities } = codeIn(module, "file.ts");

    expect(orchestrations).toEqual([hello]);
    expect(new Set(activities)).toEqual(new Set([greet, charge]));
    expect(activities).toHaveLength(2);
  });

  it("keeps the other options of a worker, and examples", () => {
    const worker = { orchestrations: [hello], maxConcurrentActivities: 3 };

    const code = codeIn({ worker, examples: { hello: ["Tokyo"] } }, "file.ts");

    expect(code.options).toEqual({ maxConcurrentActivities: 3 });
    expect(code.examples).toEqual({ hello: ["Tokyo"] });
  });

  it("refuses a file with nothing to run, and says what to export", () => {
    expect(() => codeIn({ paid: defineEvent("paid") }, "file.ts")).toThrow(InvalidDefinitionError);
    expect(() => codeIn({}, "file.ts")).toThrow(/file\.ts exports no orchestration.*defineOrchestration/);
  });
});

describe("loadFailureText", () => {
  it("leaves out frames of Node and of packages", () => {
    const error = new Error("it broke");
    error.stack = [
      "Error: it broke",
      "    at inner (/home/me/app/src/code.ts:3:9)",
      "    at file:///home/me/app/src/main.ts:1:1",
      "    at load (/home/me/app/node_modules/tsx/dist/index.cjs:1:2)",
      "    at Module._compile (node:internal/modules/cjs/loader:1:2)",
    ].join("\n");

    expect(loadFailureText(error).split("\n")).toEqual([
      "Error: it broke",
      "    at inner (/home/me/app/src/code.ts:3:9)",
      "    at file:///home/me/app/src/main.ts:1:1",
    ]);
  });

  it("says what was thrown when that is no error", () => {
    expect(loadFailureText("no")).toBe("no");
  });
});
