"use strict";

const swc = {
  jsc: { target: "es2022", parser: { syntax: "typescript" } },
  module: { type: "commonjs" },
};

/** @type {import("jest").Config} */
module.exports = {
  rootDir: __dirname,
  roots: ["<rootDir>/packages", "<rootDir>/samples", "<rootDir>/benchmarks"],
  testEnvironment: "node",
  testMatch: ["<rootDir>/packages/*/test/**/*.test.ts", "<rootDir>/{samples,benchmarks}/test/**/*.test.ts"],
  transform: { "\\.ts$": ["@swc/jest", swc] },
  // The sources, not dist: tests need no build.
  moduleNameMapper: {
    "^perdure$": "<rootDir>/packages/perdure/src/index.ts",
    "^@perdure/([a-z-]+)$": "<rootDir>/packages/$1/src/index.ts",
  },
  modulePathIgnorePatterns: ["<rootDir>/.*/dist/", "<rootDir>/.*/\\.build/"],
  globalSetup: "<rootDir>/scripts/jest-global-setup.js",
  globalTeardown: "<rootDir>/scripts/jest-global-teardown.js",
  collectCoverageFrom: ["packages/*/src/**/*.ts"],
  maxWorkers: 2,
  // Cases of the conformance suite in real time, which mostly wait.
  maxConcurrency: 4,
  testTimeout: 30_000,
};
