/** The first items of a list on the server, and whether there are more. */
export interface FirstItems<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

/** @param limit Absent: all. */
export async function firstOf<T>(
  source: AsyncIterable<T>,
  limit: number | undefined,
): Promise<FirstItems<T>> {
  const items: T[] = [];
  for await (const item of source) {
    if (items.length === limit) return { items, hasMore: true };
    items.push(item);
  }
  return { items, hasMore: false };
}
