"use strict";

const { readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

async function usageOver(seconds) {
  const startedAt = process.hrtime.bigint();
  const before = process.cpuUsage();
  await sleep(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  const elapsedUs = Number(process.hrtime.bigint() - startedAt) / 1000;
  const memory = { rssMB: megabytes(process.memoryUsage.rss()), ...residentByKind() };
  collectGarbage(); // only now: resident memory is that of a process nobody helps
  return {
    ...memory,
    heapMB: megabytes(process.memoryUsage().heapUsed),
    cpuPercent: ((user + system) / elapsedUs) * 100,
  };
}

function residentByKind() {
  let status;
  try {
    status = readFileSync("/proc/self/status", "utf8");
  } catch {
    return {}; // not on Linux
  }
  const kib = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  const rssAnonMB = megabytes(kib("RssAnon") * 1024);
  const rssFileMB = megabytes(kib("RssFile") * 1024);
  return Number.isNaN(rssAnonMB + rssFileMB) ? {} : { rssAnonMB, rssFileMB };
}

function megabytes(bytes) {
  return bytes / 1e6;
}

module.exports = { usageOver };
