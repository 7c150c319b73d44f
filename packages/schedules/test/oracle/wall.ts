/**
 * Local time, minute by minute, from Intl alone: nothing here is shared with what is under test.
 *
 * Offsets are asked for every day, and for every quarter of an hour of a day in which they change: no zone changes its
 * clocks at other times, or there and back within a day.
 */
const MINUTE = 60_000;
const DAY = 1440;
const QUARTER = 15;

export interface Wall {
  /** In minutes since the epoch. */
  readonly firstMinute: number;
  /** For each minute from then on: what to add to get local time. */
  readonly offsets: Int16Array;
}

export function wallOf(timeZone: string, firstYear: number, years: number): Wall {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const firstMinute = Date.UTC(firstYear) / MINUTE;
  const count = Date.UTC(firstYear + years) / MINUTE - firstMinute;
  const offsets = new Int16Array(count);
  let offset = offsetAt(format, firstMinute);
  for (let day = 0; day < count; day += DAY) {
    const next = offsetAt(format, firstMinute + day + DAY);
    if (next === offset) {
      offsets.fill(offset, day, day + DAY);
      continue;
    }
    for (let start = day; start < day + DAY; start += QUARTER) {
      offsets.fill(offsetAt(format, firstMinute + start), start, start + QUARTER);
    }
    offset = next;
  }
  return { firstMinute, offsets };
}

/** The parts from some days before to some days after each change of the clocks. */
export function aroundChanges({ firstMinute, offsets }: Wall, days: number): readonly Wall[] {
  const parts: Wall[] = [];
  for (let minute = 1; minute < offsets.length; minute++) {
    if (offsets[minute] === offsets[minute - 1]) continue;
    const start = Math.max(0, minute - days * DAY);
    parts.push({ firstMinute: firstMinute + start, offsets: offsets.subarray(start, minute + days * DAY) });
  }
  return parts;
}

/** In minutes, as the text "GMT+05:45" has it. */
function offsetAt(format: Intl.DateTimeFormat, minute: number): number {
  const [, sign, hours, minutes = "0"] = /GMT([+-])(\d+):?(\d+)?$/.exec(format.format(minute * MINUTE)) ?? [];
  if (sign === undefined) return 0;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
