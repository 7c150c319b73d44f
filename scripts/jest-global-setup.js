"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { startAzurite } = require("./azurite.js");

const PACKAGES = ["backend-azure-storage", "cli", "http"];
const FOLDERS = [...PACKAGES.map((name) => `packages/${name}/test`), "samples/test", "benchmarks/test"];

/**
 * Starts one emulator for all tests and passes its connection string on as PERDURE_TEST_STORAGE. A run that
 * names only tests of other folders starts none. To test against another account, set the variable.
 */
module.exports = async function globalSetup(globalConfig) {
  if (process.env.PERDURE_TEST_STORAGE || !needsEmulator(globalConfig)) return;

  globalThis.perdureTestEmulator = await startAzurite({
    inMemory: true,
    ports: { blob: 0, queue: 0, table: 0 },
  });
  process.env.PERDURE_TEST_STORAGE = globalThis.perdureTestEmulator.connectionString;
};

function needsEmulator({ rootDir, testPathPatterns }) {
  const patterns = (testPathPatterns?.patterns ?? []).map((pattern) => new RegExp(pattern, "i"));
  const wanted = (file) => patterns.length === 0 || patterns.some((pattern) => pattern.test(file));
  return FOLDERS.some((folder) => testFiles(path.join(rootDir, folder)).some(wanted));
}

function testFiles(folder) {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => path.join(folder, name));
}
