/** What is measured: how it is called, in which unit, and which way is better. */
interface Figure {
  readonly label: string;
  /** Absent for what is neither good nor bad. */
  readonly better?: "higher" | "lower";
  /** Differences up to this are noise, whatever their ratio. */
  readonly slack?: number;
}

const table = {
  orchestrationsPerSecond: { label: "orchestrations/s", better: "higher" },
  p50Ms: { label: "p50 ms", better: "lower", slack: 0.2 },
  p99Ms: { label: "p99 ms", better: "lower", slack: 2 },
  seconds: { label: "seconds", better: "lower", slack: 0.02 },
  activitiesPerSecond: { label: "activities/s", better: "higher" },
  msPerStep: { label: "ms per step", better: "lower", slack: 0.02 },
  startsPerSecond: { label: "starts/s", better: "higher" },
  asleepPerSecond: { label: "asleep/s", better: "higher" },
  latenessP50Ms: { label: "lateness p50 ms", better: "lower", slack: 2 },
  latenessP99Ms: { label: "lateness p99 ms", better: "lower", slack: 5 },
  latenessMaxMs: { label: "lateness max ms", better: "lower", slack: 20 },
  early: { label: "early", better: "lower" },
  overdueAtStart: { label: "due before asleep", better: "lower" },
  eventsPerSecond: { label: "events/s", better: "higher" },
  raisesPerSecond: { label: "raises/s", better: "higher" },
  wakesPerSecond: { label: "wakes/s", better: "higher" },
  timersPerSecond: { label: "timers/s", better: "higher" },
  listMs: { label: "list due ms", better: "lower", slack: 10 },
  rssMB: { label: "RSS MB", better: "lower", slack: 5 },
  rssAnonMB: { label: "anonymous MB", better: "lower", slack: 5 },
  rssFileMB: { label: "file-backed MB" },
  heapMB: { label: "heap MB", better: "lower", slack: 1 },
  cpuPercent: { label: "CPU %", better: "lower", slack: 0.2 },
  commitsPerSecond: { label: "commits/s" },
  recordsPerSecond: { label: "records/s" },
  turnUs: { label: "µs per turn" },
  requestsPerOrchestration: { label: "requests per orchestration", better: "lower", slack: 1 },
  pollingPerOrchestration: { label: "of these polling" },
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof table;
export type Figures = Partial<Readonly<Record<FigureName, number>>>;

/** In the order of their columns. */
export const FIGURES: Readonly<Record<FigureName, Figure>> = table;
export const FIGURE_NAMES = Object.keys(table) as readonly FigureName[];

/** The figures that some of these have, in the order of their columns. */
export function figureNames(all: readonly Figures[]): readonly FigureName[] {
  return FIGURE_NAMES.filter((name) => all.some((figures) => figures[name] !== undefined));
}
