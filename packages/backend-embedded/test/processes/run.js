"use strict";

// Starts a process or a thread of these tests: runs the TypeScript source beside this file that is named first.

require("../../../../scripts/run-sources.js");
require(require("node:path").join(__dirname, process.argv[2]));
