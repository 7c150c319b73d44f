/**
 * The filter language of tables as far as this backend speaks it: comparisons of a column with a literal, joined by
 * `and`, `or`, `not` and parentheses. A comparison with a column that a row lacks, or of another type, is false.
 */
import type { ColumnValue, StoredRow } from "../../src/storage/storage";

export type RowPredicate = (row: StoredRow) => boolean;

export interface ParsedFilter {
  readonly matches: RowPredicate;
  /** The only partition in which rows can match, when the filter says so at its top level. */
  readonly partitionKey?: string;
}

type Literal = string | number | boolean | Date;
type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";

interface Token {
  readonly kind: "word" | "literal" | "(" | ")";
  readonly text: string;
  readonly value?: Literal;
}

const TOKEN =
  /\s*(?:(?<paren>[()])|datetime'(?<date>[^']*)'|'(?<string>(?:[^']|'')*)'|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)L?(?![\w.])|(?<word>[\p{L}_][\p{L}\p{N}_]*))/uy;

const COMPARISONS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

/** @throws SyntaxError when the filter is not of the language. */
export function parseFilter(filter: string): ParsedFilter {
  return new FilterParser(tokenize(filter)).parse();
}

function tokenize(filter: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = filter.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(filter)?.groups;
    if (!groups) throw new SyntaxError(`Filter not understood at '${filter.slice(at)}'`);
    tokens.push(toToken(groups));
  }
  return tokens;
}

function toToken({ paren, date, string, number, word = "" }: Record<string, string | undefined>): Token {
  if (paren !== undefined) return { kind: paren as "(" | ")", text: paren };
  if (date !== undefined) return { kind: "literal", text: date, value: validDate(date) };
  if (string !== undefined) return { kind: "literal", text: string, value: string.replaceAll("''", "'") };
  if (number !== undefined) return { kind: "literal", text: number, value: Number(number) };
  if (word === "true" || word === "false") return { kind: "literal", text: word, value: word === "true" };
  return { kind: "word", text: word };
}

function validDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new SyntaxError(`'${text}' is not a date`);
  return date;
}

/** An expression, and the partition outside of which it is false. */
interface Expression {
  readonly matches: RowPredicate;
  readonly partitionKey?: string | undefined;
}

class FilterParser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): ParsedFilter {
    const { matches, partitionKey } = this.or();
    if (this.#next < this.#tokens.length) this.fail("the end");
    return partitionKey === undefined ? { matches } : { matches, partitionKey };
  }

  private or(): Expression {
    let left = this.and();
    while (this.takeWord("or")) {
      const [a, b] = [left.matches, this.and().matches];
      left = { matches: (row) => a(row) || b(row) };
    }
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.takeWord("and")) {
      const [a, b] = [left, this.not()];
      left = {
        matches: (row) => a.matches(row) && b.matches(row),
        partitionKey: a.partitionKey ?? b.partitionKey,
      };
    }
    return left;
  }

  private not(): Expression {
    if (!this.takeWord("not")) return this.primary();
    const { matches } = this.not();
    return { matches: (row) => !matches(row) };
  }

  private primary(): Expression {
    if (this.take("(")) {
      const inner = this.or();
      if (!this.take(")")) this.fail("')'");
      return inner;
    }
    return this.comparison();
  }

  private comparison(): Expression {
    const column = this.take("word")?.text ?? this.fail("a column");
    const operator = this.take("word")?.text ?? this.fail("an operator");
    const literal = this.take("literal")?.value ?? this.fail("a literal");
    const name = column === "PartitionKey" ? "partitionKey" : column === "RowKey" ? "rowKey" : column;
    if (!(operator in COMPARISONS)) this.fail("one of eq, ne, gt, ge, lt, le");
    const accepts = COMPARISONS[operator as Comparison];
    const matches: RowPredicate = (row) => {
      const order = compare(row[name], literal);
      return order !== undefined && accepts(order);
    };
    const pinned = name === "partitionKey" && operator === "eq" && typeof literal === "string";
    return pinned ? { matches, partitionKey: literal } : { matches };
  }

  private take(kind: Token["kind"]): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) return undefined;
    this.#next++;
    return token;
  }

  private takeWord(word: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "word" || token.text !== word) return false;
    this.#next++;
    return true;
  }

  private fail(expected: string): never {
    throw new SyntaxError(`Expected ${expected} at token ${this.#next + 1} of the filter`);
  }
}

/** Order of two values of one type; `undefined` for values that do not compare. */
function compare(value: ColumnValue, literal: Literal): number | undefined {
  const [a, b] = [comparable(value), comparable(literal)];
  if (a === undefined || b === undefined || typeof a !== typeof b) return undefined;
  if (value instanceof Date !== literal instanceof Date) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparable(value: ColumnValue): string | number | boolean | undefined {
  return value instanceof Date ? value.getTime() : value;
}
