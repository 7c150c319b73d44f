"use strict";

/**
 * Starts the Azurite storage emulator in a process of its own, as azurite.json says.
 *
 * The emulator ends when it is stopped, and also when the process that started it ends in any way: the two
 * are joined by an IPC channel, and azurite-child.js exits when that channel closes.
 *
 * Run as a program (`npm run azurite`), it prints the connection string and stays until Ctrl+C.
 */

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const net = require("node:net");
const path = require("node:path");
const config = require("../azurite.json");

const ACCOUNT = "devstoreaccount1";
/** The emulator's published key: the same everywhere, no secret. */
const ACCOUNT_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const SERVICES = ["blob", "queue", "table"];
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

/** @param {import("./azurite").AzuriteOptions} [options] */
async function startAzurite(options = {}) {
  const inMemory = options.inMemory ?? (options.location === undefined && config.inMemory);
  const location = path.resolve(__dirname, "..", options.location ?? config.location);
  const ports = await choosePorts(options.ports);

  const args = SERVICES.flatMap((name) => [
    `--${name}Host`,
    config.host,
    `--${name}Port`,
    String(ports[name]),
  ]);
  args.push(...(inMemory ? ["--inMemoryPersistence"] : ["--location", location]));
  for (const flag of ["silent", "skipApiVersionCheck", "disableTelemetry"])
    if (config[flag]) args.push(`--${flag}`);

  const child = spawn(process.execPath, [path.join(__dirname, "azurite-child.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    windowsHide: true,
  });
  const lastOutput = collectOutput(child);
  try {
    await waitUntilReady(child, Object.values(ports), lastOutput);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  letParentExit(child);

  return {
    connectionString: connectionString(ports),
    pid: child.pid,
    ports,
    exited: () => hasExited(child),
    stop: () => stop(child, inMemory),
  };
}

/** The wished ports if all three are free, else three that the system picks. */
async function choosePorts(wished = {}) {
  const ports = Object.fromEntries(SERVICES.map((name) => [name, wished[name] ?? config[`${name}Port`]]));
  const found = await Promise.all(SERVICES.map((name) => reserve(ports[name])));
  const free = found.every(Boolean) ? found : await replaceAll(found);
  await Promise.all(free.map(({ close }) => close()));
  return Object.fromEntries(SERVICES.map((name, i) => [name, free[i].port]));
}

async function replaceAll(found) {
  await Promise.all(found.map((held) => held?.close()));
  return Promise.all(SERVICES.map(() => reserve(0)));
}

/** Holds a port until `close`; undefined when another process has it. */
function reserve(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: config.host, exclusive: true }, () => {
      resolve({ port: server.address().port, close: () => new Promise((done) => server.close(done)) });
    });
  });
}

/** Keeps the last few kilobytes that the child printed, for the error when it dies. */
function collectOutput(child) {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => (text = (text + chunk).slice(-4096)));
  }
  return () => text.trim();
}

async function waitUntilReady(child, ports, lastOutput) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (const port of ports) {
    while (!(await answers(port))) {
      if (hasExited(child)) {
        await Promise.race([once(child, "close"), delay(500)]);
        const how = child.signalCode ?? `exit code ${child.exitCode}`;
        throw new Error(`Azurite ended before it was ready (${how}). It printed:\n${lastOutput()}`);
      }
      if (Date.now() > deadline) {
        throw new Error(
          `Azurite did not open port ${port} in ${START_TIMEOUT_MS / 1000} s. It printed:\n${lastOutput()}`,
        );
      }
      await delay(20);
    }
  }
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: config.host });
    const settle = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

/** A process that forgets to stop its emulator can still end; the emulator then ends with it. */
function letParentExit(child) {
  child.unref();
  child.channel.unref();
  child.stdout.unref();
  child.stderr.unref();
}

async function stop(child, inMemory) {
  if (hasExited(child)) return;
  child.ref();
  const exited = once(child, "exit");
  // With data on disk the emulator must have time to write it; in memory there is nothing to save.
  process.kill(child.pid, inMemory ? "SIGKILL" : "SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function hasExited(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

function connectionString(ports) {
  const endpoints = SERVICES.map((name) => {
    const key = `${name[0].toUpperCase()}${name.slice(1)}Endpoint`;
    return `${key}=http://${config.host}:${ports[name]}/${ACCOUNT}`;
  });
  return [
    "DefaultEndpointsProtocol=http",
    `AccountName=${ACCOUNT}`,
    `AccountKey=${ACCOUNT_KEY}`,
    ...endpoints,
  ].join(";");
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main() {
  const azurite = await startAzurite();
  console.log(`Azurite is ready (process ${azurite.pid}). Ctrl+C ends it.\n\n${azurite.connectionString}`);
  const watch = setInterval(() => {
    if (!azurite.exited()) return;
    clearInterval(watch);
    console.error("Azurite ended.");
    process.exitCode = 1;
  }, 500);
  const end = () => {
    clearInterval(watch);
    void azurite.stop();
  };
  process.once("SIGINT", end).once("SIGTERM", end);
}

module.exports = { startAzurite };

if (require.main === module) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
