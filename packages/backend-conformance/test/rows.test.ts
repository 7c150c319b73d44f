import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");
const FEATURES = "packages/backend-conformance/src/features/";
const document = readFileSync(join(ROOT, "docs/reference/timer-rows.md"), "utf8");

/** Each row of the document with a file that is said to show it. */
const claims = document
  .split("\n")
  .flatMap((line) => {
    const cells = line.split("|").map((cell) => cell.trim());
    const [, row = "", , where = ""] = cells;
    return /^[TIRD]\d+$/.test(row)
      ? [...where.matchAll(/(features )?`([^`]+\.ts)`/g)].map((found) => [row, found] as const)
      : [];
  })
  .map(([row, [, isFeature, path = ""]]) => [row, isFeature ? FEATURES + path : path] as const);

function upTo(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${letter}${n + 1}`);
}

describe("the rows of timers and tasks", () => {
  it.each(claims)("%s is shown in %s", (row, file) => {
    expect(readFileSync(join(ROOT, file), "utf8")).toMatch(new RegExp(`["\`]${row}: `));
  });

  it("are all shown but those that are told not to be", () => {
    const shown = new Set(claims.map(([row]) => row));
    const expected = [...upTo("T", 10), ...upTo("I", 11), ...upTo("R", 9), "R17", ...upTo("D", 10)];

    expect(expected.filter((row) => !shown.has(row))).toEqual(["R4"]);
  });
});
