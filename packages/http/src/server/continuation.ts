/** Tokens by which a list goes on. They go into headers, and belong to one list: a token of another one is refused. */
import { deriveId } from "@perdure/core";
import { CONTINUATION_HEADER } from "../contract/values";
import { badRequest } from "./refusal";
import type { Refusal } from "./refusal";
import type { ApiContext } from "./route";

/** What a page does not belong to a list by. */
const NOT_FILTERS: ReadonlySet<string> = new Set([
  "top",
  "code",
  "taskHub",
  "connection",
  "showInput",
  "showBody",
  "timeout",
]);

/** Where the list goes on by the request's token; `undefined` without one. @throws Refusal */
export function continuationOf(c: ApiContext): string | undefined {
  const token = c.req.header(CONTINUATION_HEADER);
  if (token === undefined || token === "") return undefined;
  const parts = parse(token);
  if (parts?.[0] === listOf(c)) return parts[1];
  throw badToken();
}

function badToken(): Refusal {
  const message = "is not a token of this list: give that of the page before, or none";
  return badRequest([{ in: "header", path: CONTINUATION_HEADER, message }]);
}

/** The headers of a page that is not the last. */
export function continuationHeaders(
  c: ApiContext,
  inner: string | undefined,
): Readonly<Record<string, string>> {
  if (inner === undefined) return {};
  const token = Buffer.from(JSON.stringify([listOf(c), inner])).toString("base64url");
  return { [CONTINUATION_HEADER]: token };
}

function listOf(c: ApiContext): string {
  const filters = Object.entries(c.req.queries()).filter(([name]) => !NOT_FILTERS.has(name));
  const sorted = filters.sort(([a], [b]) => (a < b ? -1 : 1)).map((entry) => JSON.stringify(entry));
  return deriveId(c.req.method === "HEAD" ? "GET" : c.req.method, c.req.path, ...sorted).slice(0, 12);
}

function parse(token: string): readonly [string, string] | undefined {
  try {
    const parts = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown;
    if (!Array.isArray(parts) || parts.length !== 2) return undefined;
    const [list, inner] = parts as unknown[];
    return typeof list === "string" && typeof inner === "string" ? [list, inner] : undefined;
  } catch {
    return undefined;
  }
}

/** So many items of an iterable that has no pages, from where the last page ended. Positions shift when items go. */
export async function pageOf<T>(
  items: AsyncIterable<T>,
  top: number,
  from: string | undefined,
): Promise<{ readonly items: readonly T[]; readonly next: string | undefined }> {
  if (from !== undefined && !/^\d{1,9}$/.test(from)) throw badToken();
  const start = Number(from ?? 0);
  const page: T[] = [];
  let position = 0;
  for await (const item of items) {
    if (page.length === top) return { items: page, next: String(start + top) };
    if (position++ >= start) page.push(item);
  }
  return { items: page, next: undefined };
}
