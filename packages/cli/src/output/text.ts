/** Text as people read it. */

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Stored text may hold anything: what could move the cursor or change colours is written as an escape. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A moment in UTC, to the second: `2027-03-28 02:30:00Z`. */
export function timeText(time: string | number | Date): string {
  return new Date(time)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

const SPANS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
] as const;

/** A length of time by its two largest units: `2d 4h`, `15s`, `80ms`. */
export function spanText(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole}ms`;
  const first = SPANS.findIndex(([size]) => whole >= size);
  const parts = SPANS.slice(first, first + 2).map(([size, unit], place) => {
    const limit = place === 0 ? Number.POSITIVE_INFINITY : (SPANS[first]?.[0] ?? size) / size;
    return [Math.floor(whole / size) % limit, unit] as const;
  });
  return parts
    .filter(([amount], place) => place === 0 || amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(" ");
}

/** How many of something: `1 instance`, `3 instances`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A value as one line of JSON, cut at `limit` characters. */
export function jsonText(value: unknown, limit = Number.POSITIVE_INFINITY): string {
  const text = value === undefined ? "" : JSON.stringify(value);
  return printable(text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);
}

/** Text as one word of a command line, for shells as those of Unix. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
