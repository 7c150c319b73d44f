"use strict";

// Lets plain Node load the TypeScript sources of this repository by the names of their packages, without a build.
const { readFileSync } = require("node:fs");
const Module = require("node:module");
const { join, resolve } = require("node:path");
const { transformSync } = require("@swc/core");

const packages = resolve(__dirname, "../../..");
const options = {
  jsc: { target: "es2022", parser: { syntax: "typescript" } },
  module: { type: "commonjs" },
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const name = /^@perdure\/([a-z-]+)$/.exec(request)?.[1];
  return name ? join(packages, name, "src/index.ts") : resolveFilename.call(this, request, ...rest);
};
Module._extensions[".ts"] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, "utf8"), { ...options, filename });
  module._compile(code, filename);
};
