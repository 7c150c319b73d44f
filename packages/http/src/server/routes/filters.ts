import type { InstanceFilter } from "@perdure/client";
import { RUNTIME_STATUSES, optional } from "@perdure/core";
import type { RuntimeStatus } from "@perdure/core";

interface FilterQuery {
  readonly name?: string | undefined;
  readonly instanceIdPrefix?: string | undefined;
  readonly createdTimeFrom?: Date | undefined;
  readonly createdTimeTo?: Date | undefined;
  readonly tag?: Readonly<Record<string, string>> | undefined;
}

/** The filter of a query, as the client takes it. */
export function conditionsOf(query: FilterQuery): InstanceFilter {
  return {
    ...optional("name", query.name),
    ...optional("instanceIdPrefix", query.instanceIdPrefix),
    ...optional("createdFrom", query.createdTimeFrom),
    ...optional("createdTo", query.createdTimeTo),
    ...optional("tags", query.tag),
  };
}

/** Those that instances of ours may have: may be none of many. `undefined`: any. */
export function knownStatuses(statuses: readonly string[] | undefined): readonly RuntimeStatus[] | undefined {
  const known: readonly string[] = RUNTIME_STATUSES;
  return statuses?.filter((status): status is RuntimeStatus => known.includes(status));
}
