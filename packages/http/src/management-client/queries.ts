import { durationMs } from "@perdure/core";
import type { Duration } from "@perdure/core";
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

/** As `NAME=VALUE`. A name's own `=` and `%` are percent-encoded. */
export function tagQuery(tags: Readonly<Record<string, string>> | undefined): readonly string[] | undefined {
  return (
    tags &&
    Object.entries(tags).map(([name, value]) => `${name.replace(/[=%]/g, encodeURIComponent)}=${value}`)
  );
}

export function statusesQuery(status: string | readonly string[] | undefined): string | undefined {
  return typeof status === "string" ? status : status?.join(",");
}

/** With its unit: a bare number is in seconds there, and in milliseconds here. */
export function durationQuery(duration: Duration | undefined, what: string): string | undefined {
  return duration === undefined ? undefined : `${durationMs(duration, what)}ms`;
}
