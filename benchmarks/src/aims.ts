import type { FigureName } from "./figures";
import { findCase } from "./results";
import type { Results } from "./results";
import { median, rounded } from "./statistics";

/** What is aimed at for the embedded backend. */
interface Aim {
  readonly workload: string;
  /** The case it is judged by. */
  readonly name: string;
  readonly what: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
  /** `undefined` when a figure for it is missing. */
  value(results: Results): number | undefined;
}

/** An aim beside what was measured. */
export interface Judgement {
  readonly workload: string;
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
}

/** Ten times the steps may cost so many times the time and still count as linear: machines vary. */
const LINEAR = 12;
/** A sleeper that cost heap would cost hundreds of bytes. */
const NO_HEAP_BYTES = 10;
const SLEEPERS = 100_000;

const AIMS: readonly Aim[] = [
  atMost("W1", "one at a time", "p50", "p50Ms", 2, "ms"),
  {
    workload: "W1",
    name: "one at a time",
    what: "p50 in raw commits of the same run",
    atMost: 5,
    unit: "commits",
    value: helloInCommits,
  },
  atLeast("W1", "100 in flight", "throughput", "orchestrationsPerSecond", 2500, "/s"),
  atLeast("W1", "1000 in flight", "throughput", "orchestrationsPerSecond", 3000, "/s"),
  atMost("W2", "10,000 activities", "all done", "seconds", 1.5, "s"),
  atLeast("W3", "10,000 over 20 s", "start rate", "startsPerSecond", 5000, "/s"),
  atMost("W3", "10,000 over 20 s", "lateness p99", "latenessP99Ms", 10, "ms"),
  atMost("W3", "10,000 over 20 s", "early", "early", 0, ""),
  atMost("W3", "20,000 over 10 s", "lateness p99", "latenessP99Ms", 100, "ms"),
  atMost("W3", "20,000 over 10 s", "early", "early", 0, ""),
  atMost("W3", "100,000 over 30 s", "lateness p99, all fired", "latenessP99Ms", 250, "ms"),
  atMost("W3", "100,000 over 30 s", "early", "early", 0, ""),
  atMost("W4", "10,000 steps", "one step", "msPerStep", 0.4, "ms"),
  {
    workload: "W4",
    name: "10,000 steps",
    what: "linear: time for 10,000 steps in times for 1,000",
    atMost: LINEAR,
    unit: "times",
    value: growth,
  },
  atMost("W5", "100,000 asleep", "RSS of the worker process", "rssMB", 150, "MB"),
  atMost("W5", "100,000 asleep", "CPU", "cpuPercent", 0.5, "%"),
  {
    workload: "W5",
    name: "100,000 asleep",
    what: "heap for one sleeper",
    atMost: NO_HEAP_BYTES,
    unit: "bytes",
    value: heapOfASleeper,
  },
  atMost("W8", "1,000,000 timers", "RSS of the worker process", "rssMB", 150, "MB"),
  atLeast("W6", "10,000 events", "throughput", "eventsPerSecond", 5000, "/s"),
];

/** All aims whose cases were run, and none for other backends. */
export function judge(results: Results): readonly Judgement[] {
  if (results.backend !== "embedded") return [];
  return AIMS.flatMap((aim) => {
    const value = aim.value(results);
    return value === undefined ? [] : [judgement(aim, value)];
  });
}

function judgement(aim: Aim, value: number): Judgement {
  const { workload, name, what, atLeast: least, atMost: most, unit } = aim;
  const withUnit = (text: string): string => (unit.startsWith("/") ? text + unit : `${text} ${unit}`.trim());
  return {
    workload,
    what: `${name}: ${what}`,
    aim: withUnit(least === undefined ? `≤ ${rounded(most ?? 0)}` : `≥ ${rounded(least)}`),
    measured: withUnit(rounded(value)),
    met: least === undefined ? value <= (most ?? Number.NaN) : value >= least,
  };
}

function atMost(
  workload: string,
  name: string,
  what: string,
  figure: FigureName,
  limit: number,
  unit: string,
): Aim {
  const value = figureOf(workload, name, figure);
  return { workload, name, what, atMost: limit, unit, value };
}

function atLeast(
  workload: string,
  name: string,
  what: string,
  figure: FigureName,
  limit: number,
  unit: string,
): Aim {
  const value = figureOf(workload, name, figure);
  return { workload, name, what, atLeast: limit, unit, value };
}

function figureOf(workload: string, name: string, figure: FigureName): Aim["value"] {
  return (results) => findCase(results, workload, name)?.figures[figure];
}

/** The median of each run's own quotient: a slow disk slows both. */
function helloInCommits(results: Results): number | undefined {
  const commits = findCase(results, "raw", "LMDB commits of one record")?.runs ?? [];
  const hello = findCase(results, "W1", "one at a time")?.runs ?? [];
  const quotients = hello.flatMap(({ p50Ms }, run) => {
    const commit = commits[run]?.p50Ms;
    return p50Ms === undefined || commit === undefined ? [] : [p50Ms / commit];
  });
  return quotients.length === 0 ? undefined : median(quotients);
}

function growth(results: Results): number | undefined {
  const short = findCase(results, "W4", "1,000 steps")?.figures.seconds;
  const long = findCase(results, "W4", "10,000 steps")?.figures.seconds;
  return short === undefined || long === undefined ? undefined : long / short;
}

function heapOfASleeper(results: Results): number | undefined {
  const empty = findCase(results, "W5", "0 asleep")?.figures.heapMB;
  const full = findCase(results, "W5", "100,000 asleep")?.figures.heapMB;
  return empty === undefined || full === undefined ? undefined : ((full - empty) * 1e6) / SLEEPERS;
}
