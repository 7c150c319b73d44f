import type { InstanceFilter } from "@perdure/client";
import type { QueryValues } from "./transport";

export function filterQuery({
  name,
  instanceIdPrefix,
  createdFrom,
  createdTo,
  tags,
}: InstanceFilter): QueryValues {
  return {
    ...{ name, instanceIdPrefix, tag: tagQuery(tags) },
    createdTimeFrom: createdFrom?.toISOString(),
    createdTimeTo: createdTo?.toISOString(),
  };
}

export function tagQuery(tags: Readonly<Record<string, string>> | undefined): readonly string[] | undefined {
  return tags && Object.entries(tags).map(([name, value]) => `${name}=${value}`);
}

export function statusesQuery(status: string | readonly string[] | undefined): string | undefined {
  return typeof status === "string" ? status : status?.join(",");
}
