// Packs all packages as npm would publish them, installs the tarballs in a project that `perdure init` makes, and does
// there what a user does first: npm test, perdure dev, start an instance, change the code, Ctrl+C. Needs `npm run build`.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);
const LIMIT_MS = 60_000;
const started = performance.now();
const folder = mkdtempSync(path.join(tmpdir(), "perdure-packed-"));
const children = new Set();

function say(text) {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

function check(isRight, what) {
  if (!isRight) throw new Error(`Wrong: ${what}`);
}

/** Nothing of npm's own settings, nor of ours. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|PERDURE_)/i.test(name)),
);

async function run(command, args, cwd) {
  try {
    return (await exec(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024, timeout: 3 * LIMIT_MS }))
      .stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")} ended with ${error.code}:\n${error.stdout}${error.stderr}`);
  }
}

/** File of each published package, by name. */
async function pack() {
  const tarballs = new Map();
  for (const name of readdirSync("packages")) {
    const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));
    if (manifest.private) continue;
    const [{ filename, files }] = JSON.parse(
      await run("npm", ["pack", "--json", "--pack-destination", folder], path.resolve("packages", name)),
    );
    check(
      files.some((file) => file.path === "dist/index.js"),
      `${manifest.name} is not built: npm run build`,
    );
    tarballs.set(manifest.name, path.join(folder, filename));
  }
  return tarballs;
}

/** Until the packages are in a registry, npm takes ours from their tarballs. */
function useTarballs(project, tarballs) {
  const file = path.join(project, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  for (const group of [manifest.dependencies, manifest.devDependencies])
    for (const name of Object.keys(group)) if (tarballs.has(name)) group[name] = `file:${tarballs.get(name)}`;
  manifest.overrides = Object.fromEntries(
    [...tarballs]
      .filter(([name]) => !manifest.dependencies[name] && !manifest.devDependencies[name])
      .map(([name, tarball]) => [name, `file:${tarball}`]),
  );
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** A process that stays, and what it has printed. */
function stay(command, args, cwd) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  const state = { child, text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      state.text += text;
      child.emit("printed");
    });
  return state;
}

async function printed(state, pattern) {
  const limit = AbortSignal.timeout(LIMIT_MS);
  for (;;) {
    const found = pattern.exec(state.text);
    if (found) return found;
    check(state.child.exitCode === null, `${pattern} was not printed, but:\n${state.text}`);
    const news = new AbortController();
    const signal = AbortSignal.any([limit, news.signal]);
    await Promise.race([
      once(state.child, "printed", { signal }),
      once(state.child, "exit", { signal }),
    ]).catch(() => check(false, `${pattern} was not printed in time, but:\n${state.text}`));
    news.abort();
  }
}

try {
  const tarballs = await pack();
  say(`packed ${tarballs.size} packages`);
  const tools = path.join(folder, "tools");
  await run("mkdir", [tools], folder);
  const all = [...tarballs.values()];
  await run("npm", ["init", "--yes"], tools);
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...all], tools);
  say("installed them, as npx would");
  const project = path.join(folder, "my-app");
  await run(path.join(tools, "node_modules/.bin/perdure"), ["init", project, "--template", "hello"], folder);
  useTarballs(project, tarballs);
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], project);
  say("perdure init, npm install");
  check(/pass 1\b/.test(await run("npm", ["test"], project)), "npm test passes one test");
  say("npm test");
  await run("npm", ["run", "check"], project);
  say("npm run check");

  const bin = path.join(project, "node_modules/.bin/perdure");
  const dev = stay(bin, ["dev", "src/orchestrations.ts", "--port", "0"], project);
  const [, url] = await printed(dev, /HTTP API: (\S+)/);
  await printed(dev, /Running hello, greet/);
  say(`perdure dev at ${url}`);
  const output = await run(bin, ["start", "hello", '["Tokyo"]', "--wait"], project);
  check(JSON.parse(output)[0] === "Hello, Tokyo!", `perdure start --wait prints ${output}`);
  const answer = await fetch(`${url}/orchestrators/hello?timeout=30`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '["Seattle"]',
  });
  check((await answer.json())[0] === "Hello, Seattle!", "the HTTP API answers with the output");
  say("started by the command line and by HTTP");

  const source = path.join(project, "src/orchestrations.ts");
  writeFileSync(source, readFileSync(source, "utf8").replace("Hello, ", "Good morning, "));
  await printed(dev, /has changed[^]*Running hello, greet/);
  const changed = await run(bin, ["start", "hello", '["Tokyo"]', "--wait"], project);
  check(JSON.parse(changed)[0] === "Good morning, Tokyo!", `after the change it prints ${changed}`);
  say("changed the code");
  dev.child.kill("SIGINT");
  await once(dev.child, "exit");
  check(dev.child.exitCode === 0, `perdure dev ends with ${dev.child.exitCode}:\n${dev.text}`);
  say("Ctrl+C. All is well.");
} finally {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  if (process.argv.includes("--keep")) console.log(`Kept ${folder}.`);
  else rmSync(folder, { recursive: true, force: true });
}
