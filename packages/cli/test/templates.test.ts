/** What `perdure init` makes. */
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { templates } from "../src/scaffold/templates";
import { version } from "../src/version";
import { newFolder, runIn } from "./support/hub";
import { LOADER } from "./support/processes";

let folder: string;
beforeEach(async () => (folder = await newFolder()));
afterEach(() => rmSync(folder, { recursive: true }));

describe("perdure init", () => {
  it.each(templates().map(({ name }) => name))("makes a whole project of %s", async (name) => {
    const { exitCode } = await runIn(folder, ["init", "My App", "--template", name]);

    const project = path.join(folder, "My App");
    const files = readdirSync(project, { recursive: true }).sort();
    const manifest = JSON.parse(readFileSync(path.join(project, "package.json"), "utf8"));
    expect(exitCode).toBe(0);
    expect(files).toEqual(
      [
        ...[".gitignore", "README.md", "package.json", "src", "src/orchestrations.ts"],
        ...["test", "test/orchestrations.test.ts", "tsconfig.json"],
      ].sort(),
    );
    expect(manifest).toMatchObject({ name: "my-app", dependencies: { perdure: `^${version()}` } });
    for (const file of ["README.md", "package.json"])
      expect(readFileSync(path.join(project, file), "utf8")).not.toContain("{{");
  });

  it("says what comes next, in words and as JSON", async () => {
    const { stdout } = await runIn(folder, ["init", "one"]);
    const { stdout: json } = await runIn(folder, ["init", "two", "--json"]);

    expect(stdout).toMatch(/ {2}cd one && npm install\n {2}npm run dev\n$/);
    expect(JSON.parse(json)).toMatchObject({
      template: "hello",
      next: ["cd two && npm install", "npm run dev"],
    });
  });
});

describe("the templates", () => {
  it("have tests that pass", async () => {
    const tests = templates().map((template) => path.join(template.folder, "test/orchestrations.test.ts"));
    const all = `for (const file of ${JSON.stringify(tests)}) require(file);`;

    const { stdout } = await promisify(execFile)(process.execPath, ["--require", LOADER, "--eval", all]);

    expect(stdout).toMatch(/fail 0\n/);
    expect(Number(/pass (\d+)\n/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(tests.length);
  });
});
