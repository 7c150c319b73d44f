"use strict";

// Lets plain Node run the TypeScript sources of this repository, by the compiler and the names that the tests use. With
// PERDURE_PLANTED, a JSON list of { file, find, replace }, it changes the named sources while it loads them.

const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { transformSync } = require("@swc/core");

const root = path.resolve(__dirname, "..");
const planted = JSON.parse(process.env.PERDURE_PLANTED ?? "[]");
const options = {
  jsc: { target: "es2022", parser: { syntax: "typescript" } },
  module: { type: "commonjs", ignoreDynamic: true }, // import() stays Node's own
  sourceMaps: "inline",
};

function sourceOf(file) {
  let text = fs.readFileSync(file, "utf8");
  for (const { file: name, find, replace } of planted) {
    if (path.join(root, name) !== file) continue;
    if (text.split(find).length !== 2) throw new Error(`'${find}' is not found once in ${name}.`);
    text = text.replace(find, () => replace);
  }
  return text;
}

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const ours = /^@perdure\/([a-z-]+)$/.exec(request)?.[1] ?? (request === "perdure" ? "perdure" : undefined);
  return ours ? path.join(root, "packages", ours, "src/index.ts") : resolve.call(this, request, ...rest);
};
Module._extensions[".ts"] = (module, file) => {
  module._compile(transformSync(sourceOf(file), { ...options, filename: file }).code, file);
};
