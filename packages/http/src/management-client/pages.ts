import { optional } from "@perdure/core";
import { CONTINUATION_HEADER } from "../contract/values";
import type { QueryValues, Transport } from "./transport";

export interface PageOptions {
  /** Most items on one page, 1 to 1,000. Default: 100. */
  readonly pageSize?: number;
  /** Of an earlier page of the same list: goes on after it. */
  readonly continuationToken?: string;
}

/** Some of a list. May be empty and still not the last: only a missing token says so. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly continuationToken?: string;
}

/** A list on the server, read page by page as it is iterated. Each iteration reads anew. */
export interface Listing<T> extends AsyncIterable<T> {
  byPage(options?: PageOptions): AsyncIterable<Page<T>>;
}

/** The list at `path`. */
export function listing<T>(transport: Transport, path: string, query: QueryValues): Listing<T> {
  const byPage = (options: PageOptions = {}): AsyncIterable<Page<T>> => ({
    [Symbol.asyncIterator]: () => pages<T>(transport, path, { ...query, top: options.pageSize }, options),
  });
  return { byPage, [Symbol.asyncIterator]: () => flatten(byPage()) };
}

async function* pages<T>(
  transport: Transport,
  path: string,
  query: QueryValues,
  { continuationToken }: PageOptions,
): AsyncGenerator<Page<T>, undefined> {
  let token = continuationToken;
  do {
    const answer = await transport.request<readonly T[]>("GET", path, { query, headers: tokenHeader(token) });
    token = answer.headers.get(CONTINUATION_HEADER) ?? undefined;
    yield { items: answer.body, ...optional("continuationToken", token) };
  } while (token !== undefined);
  return undefined;
}

async function* flatten<T>(pageList: AsyncIterable<Page<T>>): AsyncGenerator<T, undefined> {
  for await (const { items } of pageList) yield* items;
  return undefined;
}

export function tokenHeader(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { [CONTINUATION_HEADER]: token };
}
