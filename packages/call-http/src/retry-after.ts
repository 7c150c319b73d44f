import type { DurableHttpResponse } from "./request";

/** However long a server asks to be left alone, it is asked again after a day: that does no harm. */
const LONGEST_MS = 86_400_000;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Milliseconds that the answer asks to wait, from 0 to a day; `undefined` when it does not say.
 *
 * A date counts from the answer's own Date, so that it does not matter how the clocks of the two sides differ.
 *
 * @param now Counts when the answer has no Date.
 */
export function retryAfterMs(
  { headers }: Pick<DurableHttpResponse, "headers">,
  now: number,
): number | undefined {
  const text = headers["retry-after"]?.trim() ?? "";
  const ms = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : untilDate(text, headers["date"], now);
  return ms === undefined ? undefined : Math.min(Math.max(Math.ceil(ms), 0), LONGEST_MS);
}

function untilDate(text: string, date: string | undefined, now: number): number | undefined {
  const at = httpDateMs(text);
  return at === undefined ? undefined : at - (httpDateMs(date ?? "") ?? now);
}

/** Milliseconds since the epoch of a date in one of the three forms of RFC 9110; `undefined` for anything else. */
export function httpDateMs(text: string): number | undefined {
  const usual = /^\w+, (\d\d)[ -](\w{3})[ -](\d{4}|\d\d) (\d\d:\d\d:\d\d) GMT$/.exec(text);
  if (usual) return dateMs(usual[3], usual[2], usual[1], usual[4]);
  const asctime = /^\w{3} (\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/.exec(text);
  if (asctime) return dateMs(asctime[4], asctime[1], asctime[2], asctime[3]);
  return undefined;
}

function dateMs(year = "", month = "", day = "", time = ""): number | undefined {
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  const ms = Date.parse(`${fullYear(year)}-${number}-${day.trim().padStart(2, "0")}T${time}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Two digits are of the years 1970 to 2069. */
function fullYear(year: string): string {
  if (year.length > 2) return year;
  return `${Number(year) < 70 ? "20" : "19"}${year}`;
}
