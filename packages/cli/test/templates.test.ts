/** What `perdure init` makes. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
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

  it("names the folder as a shell reads it", async () => {
    for (const [name, word] of [
      ["a b c", "'a b c'"],
      ["x'; rm -rf q; '", String.raw`'x'\''; rm -rf q; '\'''`],
      ["-x", "./-x"],
    ] as const) {
      const { stdout } = await runIn(folder, ["init", "--", name]);

      expect(stdout).toContain(`  cd ${word} && npm install\n`);
      expect(execFileSync("sh", ["-c", `cd ${word} && ls package.json`], { cwd: folder }).toString()).toBe(
        "package.json\n",
      );
    }
  });

  it("ends where no folder can be made", async () => {
    mkdirSync(path.join(folder, "shut"), { mode: 0o500 });
    const target = existsSync("/proc/self") ? "/proc/perdure/app" : "shut/app";

    const { exitCode, stderr } = await runIn(folder, ["init", target]);

    expect(stderr).toMatch(/cannot be made: E/);
    expect(exitCode).toBe(2);
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
