import { InvalidArgumentError } from "@perdure/core";
import { fieldsOf, listOf, shown } from "./arguments";
import type { CalendarField, CalendarRange, CalendarSpec } from "./schedule-spec";
import type { WallPattern } from "./wall-pattern";

interface Bounds {
  readonly least: number;
  readonly greatest: number;
}

const BOUNDS = {
  second: { least: 0, greatest: 59 },
  minute: { least: 0, greatest: 59 },
  hour: { least: 0, greatest: 23 },
  dayOfMonth: { least: 1, greatest: 31 },
  month: { least: 1, greatest: 12 },
  dayOfWeek: { least: 0, greatest: 7 },
  year: { least: 1970, greatest: 2999 },
} as const satisfies Readonly<Record<keyof CalendarSpec, Bounds>>;

const FIELDS = Object.keys(BOUNDS) as readonly (keyof CalendarSpec)[];

/**
 * A copy of a calendar, every field a list.
 *
 * @throws InvalidArgumentError for unknown fields and values that are out of bounds.
 */
export function readCalendar(given: unknown, what: string): CalendarSpec {
  const fields = fieldsOf(given, FIELDS, what);
  const copy: { -readonly [field in keyof CalendarSpec]: CalendarField } = {};
  for (const field of FIELDS) {
    const bounds = BOUNDS[field];
    const items = listOf(fields[field], `${what}.${field}`, (item, where) =>
      numberOrRange(item, bounds, where),
    );
    if (items !== undefined) copy[field] = items;
  }
  if (Object.keys(copy).length > 0) return copy;
  throw new InvalidArgumentError(`${what} is empty: give one or more of ${FIELDS.join(", ")}.`);
}

function numberOrRange(given: unknown, bounds: Bounds, what: string): number | CalendarRange {
  if (typeof given === "number") return wholeNumber(given, bounds, what);
  if (typeof given !== "object") {
    const { least, greatest } = bounds;
    throw new InvalidArgumentError(
      `${what} is ${shown(given)}: give a number from ${least} to ${greatest}, a range { from, to, step }, or a list of these.`,
    );
  }
  const range = fieldsOf(given, ["from", "to", "step"], what);
  const from = wholeNumber(range.from ?? bounds.least, bounds, `${what}.from`);
  const to = wholeNumber(range.to ?? bounds.greatest, bounds, `${what}.to`);
  const step = wholeNumber(
    range.step ?? 1,
    { least: 1, greatest: bounds.greatest - bounds.least },
    `${what}.step`,
  );
  if (from <= to) return { from, to, step };
  throw new InvalidArgumentError(`${what} goes from ${from} to ${to}: give the lesser number first.`);
}

function wholeNumber(given: unknown, { least, greatest }: Bounds, what: string): number {
  if (Number.isInteger(given) && (given as number) >= least && (given as number) <= greatest) {
    return given as number;
  }
  throw new InvalidArgumentError(
    `${what} is ${shown(given)}: give a whole number from ${least} to ${greatest}.`,
  );
}

/** What a valid calendar matches. A time of day that is left out is 0, or what `time` says. */
export function calendarPattern(spec: CalendarSpec, time = "0"): WallPattern {
  return {
    second: cronField(spec.second, BOUNDS.second) ?? time,
    minute: cronField(spec.minute, BOUNDS.minute) ?? time,
    hour: cronField(spec.hour, BOUNDS.hour) ?? time,
    dayOfMonth: cronField(spec.dayOfMonth, BOUNDS.dayOfMonth) ?? "*",
    month: cronField(spec.month, BOUNDS.month) ?? "*",
    dayOfWeek: cronField(spec.dayOfWeek, BOUNDS.dayOfWeek) ?? "*",
    year: cronField(spec.year, BOUNDS.year) ?? "*",
    days: "both",
  };
}

function cronField(field: CalendarField | undefined, bounds: Bounds): string | undefined {
  if (field === undefined) return undefined;
  const items: readonly (number | CalendarRange)[] = Array.isArray(field) ? field : [field];
  return items.map((item) => (typeof item === "number" ? String(item) : cronRange(item, bounds))).join(",");
}

function cronRange({ from, to, step = 1 }: CalendarRange, { least, greatest }: Bounds): string {
  const first = from ?? least;
  const last = to ?? greatest;
  // The wildcard is what marks an open hour. It counts steps from 0, so it stands for no range from elsewhere.
  const range = first === 0 && last === greatest ? "*" : `${first}-${last}`;
  return step === 1 ? range : `${range}/${step}`;
}
