#!/usr/bin/env node
"use strict";
require("@perdure/cli").main();
