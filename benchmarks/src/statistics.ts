/** What a list of durations says, in their unit. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The value at or below which `percent` of the values lie (nearest rank): always one of the values. NaN when there
 * are none.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(rank, 1)) - 1] ?? Number.NaN;
}

/** The value in the middle, or the mean of the two there. NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}

export function summarise(values: readonly number[]): Summary {
  return {
    count: values.length,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    p50: percentile(values, 50),
    p99: percentile(values, 99),
    max: percentile(values, 100),
  };
}

/** Few digits, as many as mean something: 0, 0.35, 4.2, 180, 12,345. */
export function rounded(value: number): string {
  if (Number.isNaN(value)) return "-";
  if (Number.isInteger(value) || value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0);
}
