import { InvalidArgumentError, RUNTIME_STATUSES, assertName, optional } from "@perdure/core";
import type { InstanceQuery, InstanceStatus, RuntimeStatus } from "@perdure/core";
import { assertCount, assertFilledText, assertTags, statusList, timeOf } from "./arguments";
import type { Connection } from "./connection";
import { toSnapshot } from "./snapshot";
import type { InstanceSnapshot } from "./snapshot";

/** Which instances; all conditions must hold. */
export interface InstanceFilter {
  /** Exact name of the orchestration. */
  readonly name?: string;
  /** Start of the instance id, case-sensitive. */
  readonly instanceIdPrefix?: string;
  /** Inclusive. */
  readonly createdFrom?: Date;
  /** Exclusive. */
  readonly createdTo?: Date;
  /** Tags that must all be present with these values. */
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ListFilter extends InstanceFilter {
  /** One status or several. Default: all. */
  readonly status?: RuntimeStatus | readonly RuntimeStatus[];
  /** Whether snapshots carry inputs and outputs, which may be large. Default: false. */
  readonly includePayloads?: boolean;
}

export interface PageOptions {
  /** Most instances on one page, 1 to 1,000. Default: 100. */
  readonly pageSize?: number;
  /** Of an earlier page of the same filter: goes on after it. */
  readonly continuationToken?: string;
}

/** Some of the instances. May be empty and still not the last: only a missing token says so. */
export interface InstanceSnapshotPage {
  readonly instances: readonly InstanceSnapshot[];
  /** Absent on the last page. */
  readonly continuationToken?: string;
}

/** Instances that match a filter, read page by page as they are iterated. Each iteration reads anew. */
export interface InstanceListing extends AsyncIterable<InstanceSnapshot> {
  /** @throws InvalidArgumentError at once, for a bad page size or token. */
  byPage(options?: PageOptions): AsyncIterable<InstanceSnapshotPage>;
}

/** The part of a query that says what is looked for. */
type Conditions = Omit<InstanceQuery, "pageSize" | "continuationToken">;

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

export function listing(connection: Connection, filter: ListFilter): InstanceListing {
  const { status, includePayloads = false } = filter;
  const query: Conditions = {
    ...conditionsOf(filter),
    ...(status === undefined ? {} : { statuses: statusList(status, RUNTIME_STATUSES, "status") }),
    includePayloads,
  };
  const byPage = (options: PageOptions = {}): AsyncIterable<InstanceSnapshotPage> => {
    const { pageSize = DEFAULT_PAGE_SIZE, continuationToken } = options;
    assertCount(pageSize, "pageSize", MAX_PAGE_SIZE);
    if (continuationToken !== undefined) assertFilledText(continuationToken, "continuationToken");
    return { [Symbol.asyncIterator]: () => pages(connection, { ...query, pageSize }, continuationToken) };
  };
  return { byPage, [Symbol.asyncIterator]: () => flatten(byPage()) };
}

/** Checks a filter. @throws InvalidArgumentError */
export function conditionsOf({
  name,
  instanceIdPrefix,
  createdFrom,
  createdTo,
  tags,
}: InstanceFilter): Conditions {
  if (name !== undefined) assertName(name, "The orchestration name");
  if (instanceIdPrefix !== undefined) assertFilledText(instanceIdPrefix, "instanceIdPrefix");
  if (tags !== undefined) assertTags(tags);
  const from = createdFrom === undefined ? undefined : timeOf(createdFrom, "createdFrom");
  const to = createdTo === undefined ? undefined : timeOf(createdTo, "createdTo");
  if (from !== undefined && to !== undefined && from > to) {
    throw new InvalidArgumentError("createdFrom is after createdTo: no instance can match. Swap them.");
  }
  return {
    ...optional("name", name),
    ...optional("instanceIdPrefix", instanceIdPrefix),
    ...optional("createdFrom", from),
    ...optional("createdTo", to),
    ...optional("tags", tags && { ...tags }),
  };
}

async function* pages(
  connection: Connection,
  query: Omit<InstanceQuery, "continuationToken">,
  from: string | undefined,
): AsyncGenerator<InstanceSnapshotPage, undefined> {
  const store = await connection.instances();
  let token = from;
  do {
    const page = await store.query({ ...query, ...optional("continuationToken", token) });
    token = page.continuationToken;
    yield {
      instances: page.instances.filter(isUsers).map((status) => toSnapshot(status)),
      ...optional("continuationToken", token),
    };
  } while (token !== undefined);
  return undefined;
}

/** Schedules and the like are instances too, of which nobody asked. */
function isUsers({ name }: InstanceStatus): boolean {
  return !name.startsWith("@");
}

async function* flatten(
  snapshotPages: AsyncIterable<InstanceSnapshotPage>,
): AsyncGenerator<InstanceSnapshot, undefined> {
  for await (const { instances } of snapshotPages) yield* instances;
  return undefined;
}
