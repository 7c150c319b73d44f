import type { StorageRequest } from "@perdure/backend-azure-storage";

/** Requests by kind, for example `History transaction` or `control deleteMessage`. */
export type RequestCounts = Readonly<Record<string, number>>;

/** Counts what a backend sends to storage: every request once, repeats and idle polling included. */
export class StorageCounter {
  readonly #counts = new Map<string, number>();

  constructor(private readonly taskHub: string) {}

  count(request: StorageRequest): void {
    const kind = kindOf(request, this.taskHub);
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  now(): RequestCounts {
    return Object.fromEntries(this.#counts);
  }
}

/** The part of the hub a request is for, without the hub's name and the queue's number, and what it does. */
export function kindOf({ resource, operation }: StorageRequest, taskHub: string): string {
  const part = resource.toLowerCase().startsWith(taskHub.toLowerCase())
    ? resource.slice(taskHub.length).replace(/^-/, "").replace(/-\d+$/, "")
    : resource;
  return `${part} ${operation}`;
}

/** What looks for work whether there is any or not: it grows with time, not with work. */
export function isPolling(kind: string): boolean {
  return kind.endsWith(" receiveMessages") || kind.startsWith("Partitions ");
}

export function difference(after: RequestCounts, before: RequestCounts): RequestCounts {
  const kinds = Object.entries(after).map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const);
  return Object.fromEntries(kinds.filter(([, count]) => count > 0));
}

export function sum(...counts: readonly RequestCounts[]): RequestCounts {
  const total = new Map<string, number>();
  for (const [kind, count] of counts.flatMap((each) => Object.entries(each))) {
    total.set(kind, (total.get(kind) ?? 0) + count);
  }
  return Object.fromEntries(total);
}

export function only(counts: RequestCounts, wanted: (kind: string) => boolean): RequestCounts {
  return Object.fromEntries(Object.entries(counts).filter(([kind]) => wanted(kind)));
}

export function totalOf(counts: RequestCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
