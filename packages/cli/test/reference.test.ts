/** docs/reference/cli.md says what the program does. PERDURE_UPDATE_DOCS=1 writes it anew. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Cli } from "../src/cli";
import { createProgram } from "../src/program";
import { fakeSurroundings } from "./support/fake-surroundings";
import { referenceParts, withParts } from "./support/reference";

const FILE = path.resolve(__dirname, "../../../docs/reference/cli.md");

describe("docs/reference/cli.md", () => {
  it("is what the program says of itself", () => {
    const { surroundings } = fakeSurroundings({ workingFolder: __dirname });
    const parts = referenceParts(createProgram(new Cli(surroundings)));
    const text = readFileSync(FILE, "utf8");

    const expected = formatted(withParts(text, parts));
    if (process.env["PERDURE_UPDATE_DOCS"] === "1") writeFileSync(FILE, expected);

    expect(readFileSync(FILE, "utf8")).toBe(expected);
  });
});

/** Prettier loads itself in a way that jest does not allow. */
function formatted(text: string): string {
  const args = [require.resolve("prettier/bin/prettier.cjs"), "--stdin-filepath", FILE];
  return execFileSync(process.execPath, args, { input: text, encoding: "utf8" });
}
