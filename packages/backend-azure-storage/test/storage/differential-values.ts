/** Keys, names and texts that have tripped parsers before. */
import type { ColumnValue } from "../../src/storage/storage";
import type { Random } from "../support/random";

export const PARTITION_KEYS = ["p", "it's", "'", "100%", "a+b c", "ü€😀", "{x}", "a,b=c(d)", "&amp;<>"];

export const ROW_KEYS = [
  "",
  "sentinel",
  "0000000000000001",
  "0000000000000002",
  "r",
  "R",
  "r0",
  "r00",
  "$batch",
  ';:@!*~^|"[]`',
  "it''s",
  "\uffff",
  "😀",
  "é",
  "e\u0301",
  " ",
  "--",
];

export const BLOB_NAMES = [
  "a",
  "a/b",
  "a/b c",
  "a/b/c.json.gz",
  "it's%+&#?",
  "{x}",
  "ü😀",
  "A",
  "a-",
  "a.b",
  "n=1&m=2",
  "0",
];

const TEXTS = [
  "",
  "plain text",
  '{"a":1}',
  '{"a":"<b>&amp; ]]> <![CDATA[x]]> &#13; \u{1f600}"}',
  '{\n\t"a":  "x  y"\n}',
  '{"a":1}\r\n{"b":2}\r',
  "aGVsbG8=",
  "  {} ",
  "{\0}",
  "\0a",
  "{\u0001\u001f\u007f\u0085\u009f}",
  "{\ufffe\uffff}",
  "{\u2028\u2029}",
  "{\ud83d}",
  "\udc00",
  "\ufeff{}",
  "it's ''",
  "--batch\r\nHTTP/1.1 200 OK\r\n\r\n",
  "null",
  "true",
  "12",
  "2030-01-01T00:00:00.000Z",
  "datetime'2030-01-01'",
  "e\u0301 é İ ı ß",
];

const NUMBERS = [
  0,
  -0,
  1,
  -2147483648,
  2147483647,
  2147483648,
  -2147483649,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  0.1,
  5e-324,
  1.7976931348623157e308,
  2 ** 60,
  1e21,
];

/** What no column holds. */
const BAD_VALUES: readonly ColumnValue[] = [
  "x".repeat(32 * 1024 + 1),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  new Date(Number.NaN),
];

const EPOCH = Date.UTC(2030, 0, 1);
export const TIMES = [
  Date.UTC(1601, 0, 1),
  EPOCH - 1,
  EPOCH,
  EPOCH + 1,
  EPOCH + 1000,
  EPOCH + 86_400_000,
  Date.UTC(9999, 11, 31),
];

export function anyText(random: Random): string {
  if (!random.oneIn(20)) return random.pick(TEXTS);
  const length = random.oneIn(5) ? random.int(12_000) : random.int(300);
  return random.pick(["x", "é", "😀", '{"', "\u2028"]).repeat(length);
}

export function anyValue(random: Random): ColumnValue {
  if (random.oneIn(200)) return random.pick(BAD_VALUES);
  return random.weighted<() => ColumnValue>([
    [4, () => anyText(random)],
    [3, () => random.pick(NUMBERS)],
    [1, () => random.oneIn(2)],
    [1, () => new Date(random.pick(TIMES))],
    [1, () => undefined],
  ])();
}

/** The text with a replacement character for each half of a surrogate pair, which no address holds. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
