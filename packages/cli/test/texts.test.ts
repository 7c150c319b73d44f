import { tableText } from "../src/output/table";
import { jsonText, printable, shellWord, spanText, timeText } from "../src/output/text";
import { Terminal } from "../src/output/terminal";
import { fakeSurroundings } from "./support/fake-surroundings";

describe("spanText", () => {
  it.each([
    [0, "0ms"],
    [999, "999ms"],
    [1000, "1s"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [3_599_999.6, "1h"],
    [90_061_000, "1d 1h"],
    [100 * 86_400_000, "100d"],
    [-5, "0ms"],
  ])("of %d ms is %s", (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });
});

describe("timeText", () => {
  it("is UTC, to the second", () => {
    expect(timeText("2027-03-28T02:30:00.123Z")).toBe("2027-03-28 02:30:00Z");
  });
});

describe("printable", () => {
  it("lets no stored text move the cursor or change colours", () => {
    expect(printable("a\u001b[31mred\u0007\u009b2J\rb\n\tc")).toBe("a\\x1b[31mred\\x07\\x9b2J\\x0db\n\tc");
  });
});

describe("jsonText", () => {
  it("cuts long values, and shows falsy ones", () => {
    expect(jsonText("abcdef", 5)).toBe('"abc…');
    expect([0, false, null, ""].map((value) => jsonText(value))).toEqual(["0", "false", "null", '""']);
  });
});

describe("shellWord", () => {
  it("quotes what a shell would read otherwise", () => {
    expect(shellWord("plain-1.2")).toBe("plain-1.2");
    expect(shellWord('{"a":"it\'s"}')).toBe(`'{"a":"it'\\''s"}'`);
  });
});

describe("tableText", () => {
  it("has columns and no lines", () => {
    expect(
      tableText(
        ["A", "LONG"],
        [
          ["one", "1"],
          ["three", ""],
        ],
      ),
    ).toBe("A      LONG\none    1\nthree");
  });
});

describe("Terminal", () => {
  it.each<
    [isTerminal: boolean, env: Readonly<Record<string, string>>, flag: boolean | undefined, colored: boolean]
  >([
    [false, {}, undefined, false],
    [true, {}, undefined, true],
    [true, { NO_COLOR: "1" }, undefined, false],
    [true, { NO_COLOR: "" }, undefined, true],
    [true, { TERM: "dumb" }, undefined, false],
    [true, {}, false, false],
    [false, { FORCE_COLOR: "1" }, undefined, true],
    [false, { FORCE_COLOR: "0" }, undefined, false],
    [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, undefined, false],
  ])("on a terminal: %p, with %j and flag %p: colours %p", (isTerminal, env, color, colored) => {
    const { surroundings } = fakeSurroundings({ workingFolder: __dirname, isTerminal, env });

    const terminal = new Terminal(surroundings, color === undefined ? {} : { color });

    expect(terminal.dataColors.isColorSupported).toBe(colored);
  });
});
