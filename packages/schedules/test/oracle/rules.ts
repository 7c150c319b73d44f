/** Random cron lines and calendars, each with a naive rule that says which local minutes it matches. */
import fc from "fast-check";
import type { CalendarSpec, ScheduleSpec } from "../../src";

/** A field as it is written, and what it matches. */
interface Field<Written> {
  readonly written: Written;
  readonly has: (value: number) => boolean;
}

/** A day as the rules of days look at it. */
export interface Day {
  readonly dayOfMonth: number;
  readonly daysInMonth: number;
  readonly month: number;
  /** 0 is Sunday. */
  readonly dayOfWeek: number;
}

export interface Rule {
  readonly spec: Pick<ScheduleSpec, "cron" | "calendar">;
  /** Whether the line leaves the hour open. */
  readonly isHourOpen: boolean;
  readonly hasDay: (day: Day) => boolean;
  readonly hasHour: (hour: number) => boolean;
  readonly hasMinute: (minute: number) => boolean;
}

const any: Field<string> = { written: "*", has: () => true };

function stepped(step: number, least = 0): Field<string> {
  return { written: `*/${step}`, has: (value) => (value - least) % step === 0 };
}

function listed(values: readonly number[]): Field<string> {
  return { written: values.join(","), has: (value) => values.includes(value) };
}

function ranged(least: number, greatest: number): fc.Arbitrary<Field<string>> {
  return fc
    .tuple(
      fc.integer({ min: least, max: greatest }),
      fc.integer({ min: least, max: greatest }),
      fc.constantFrom(1, 2, 3),
    )
    .map(([one, other, step]) => {
      const from = Math.min(one, other);
      const to = Math.max(one, other);
      return {
        written: `${from}-${to}${step === 1 ? "" : `/${step}`}`,
        has: (value) => value >= from && value <= to && (value - from) % step === 0,
      };
    });
}

function numbers(least: number, greatest: number): fc.Arbitrary<readonly number[]> {
  return fc.uniqueArray(fc.integer({ min: least, max: greatest }), { minLength: 1, maxLength: 3 });
}

const minutes = fc.oneof(
  numbers(0, 59).map(listed),
  fc.constantFrom(5, 7, 15, 20, 30).map((step) => stepped(step)),
  ranged(0, 59),
);
const hours = fc.oneof(
  { weight: 2, arbitrary: fc.constant(any) },
  { weight: 1, arbitrary: fc.constantFrom(2, 3, 5, 8).map((step) => stepped(step)) },
  // Most clocks change in these.
  { weight: 3, arbitrary: numbers(0, 3).map(listed) },
  { weight: 1, arbitrary: numbers(0, 23).map(listed) },
  { weight: 1, arbitrary: ranged(0, 23) },
);

type DayField = Field<string> & { readonly hasDay: (day: Day) => boolean };

const daysOfMonth: fc.Arbitrary<DayField> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ ...any, hasDay: () => true }) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(numbers(1, 31).map(listed), ranged(1, 31), fc.constant(stepped(10, 1)))
      .map((field) => ({ ...field, hasDay: (day: Day) => field.has(day.dayOfMonth) })),
  },
  {
    weight: 1,
    arbitrary: fc.constant({
      ...any,
      written: "L",
      hasDay: (day: Day) => day.dayOfMonth === day.daysInMonth,
    }),
  },
);
const daysOfWeek: fc.Arbitrary<DayField> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ ...any, hasDay: () => true }) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(numbers(0, 6).map(listed), ranged(0, 6))
      .map((field) => ({ ...field, hasDay: (day: Day) => field.has(day.dayOfWeek) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 5 }))
      .map(([weekday, nth]) => ({
        ...any,
        written: `${weekday}#${nth}`,
        hasDay: (day: Day) => day.dayOfWeek === weekday && Math.ceil(day.dayOfMonth / 7) === nth,
      })),
  },
);
const months = fc.oneof(
  { weight: 3, arbitrary: fc.constant(any) },
  { weight: 1, arbitrary: numbers(1, 12).map(listed) },
  { weight: 1, arbitrary: fc.constant({ written: "MAR-apr,SEP-Nov", has: listed([3, 4, 9, 10, 11]).has }) },
);

const cronRules: fc.Arbitrary<Rule> = fc
  .tuple(minutes, hours, daysOfMonth, months, daysOfWeek)
  .map(([minute, hour, dayOfMonth, month, dayOfWeek]) => ({
    spec: { cron: [minute, hour, dayOfMonth, month, dayOfWeek].map((field) => field.written).join(" ") },
    isHourOpen: hour.written.startsWith("*"),
    hasDay: (day) =>
      month.has(day.month) &&
      (dayOfMonth.written === "*" || dayOfWeek.written === "*"
        ? dayOfMonth.hasDay(day) && dayOfWeek.hasDay(day)
        : dayOfMonth.hasDay(day) || dayOfWeek.hasDay(day)),
    hasHour: hour.has,
    hasMinute: minute.has,
  }));

const calendarRules: fc.Arbitrary<Rule> = fc
  .record(
    {
      minute: numbers(0, 59),
      hour: fc.oneof(numbers(0, 3), fc.constant("open" as const)),
      dayOfMonth: numbers(1, 31),
      month: numbers(1, 12),
      dayOfWeek: numbers(0, 6),
    },
    { requiredKeys: ["minute"] },
  )
  .map(({ minute, hour = [0], dayOfMonth, month, dayOfWeek }) => {
    const isHourOpen = hour === "open";
    const calendar: CalendarSpec = {
      minute,
      hour: isHourOpen ? { from: 0, to: 23 } : hour,
      ...(dayOfMonth && { dayOfMonth }),
      ...(month && { month }),
      ...(dayOfWeek && { dayOfWeek }),
    };
    return {
      spec: { calendar },
      isHourOpen,
      hasDay: (day) =>
        (dayOfMonth?.includes(day.dayOfMonth) ?? true) &&
        (month?.includes(day.month) ?? true) &&
        (dayOfWeek?.includes(day.dayOfWeek) ?? true),
      hasHour: (value) => isHourOpen || hour.includes(value),
      hasMinute: (value) => minute.includes(value),
    };
  });

export const rules: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 3, arbitrary: cronRules },
  { weight: 1, arbitrary: calendarRules },
);
