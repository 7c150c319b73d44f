import { InvalidArgumentError } from "@perdure/core";
import type { InstancePage, InstanceQuery, InstanceStatus } from "@perdure/core";

/** Where a page ended: rows inserted meanwhile move nothing. */
interface Position {
  readonly createdAt: number;
  readonly instanceId: string;
}

/** One page of the instances that match, in order of creation, then of id. */
export function pageOf(instances: readonly InstanceStatus[], query: InstanceQuery): InstancePage {
  const after = query.continuationToken === undefined ? undefined : decodePosition(query.continuationToken);
  const rest = instances
    .filter((instance) => matches(instance, query) && (!after || compare(instance, after) > 0))
    .sort(compare);
  const page = rest.slice(0, query.pageSize);
  const last = page.at(-1);
  return {
    instances: query.includePayloads ? page : page.map(withoutPayloads),
    ...(last && rest.length > page.length ? { continuationToken: encodePosition(last) } : {}),
  };
}

function matches(instance: InstanceStatus, query: InstanceQuery): boolean {
  const {
    statuses,
    instanceIdPrefix = "",
    name,
    createdFrom = -Infinity,
    createdTo = Infinity,
    nextTimerBefore,
    tags = {},
  } = query;
  return (
    (!statuses || statuses.includes(instance.status)) &&
    instance.instanceId.startsWith(instanceIdPrefix) &&
    (name === undefined || instance.name === name) &&
    instance.createdAt >= createdFrom &&
    instance.createdAt < createdTo &&
    (nextTimerBefore === undefined || (instance.nextTimerAt ?? Infinity) < nextTimerBefore) &&
    Object.entries(tags).every(([tag, value]) => instance.tags?.[tag] === value)
  );
}

function withoutPayloads(instance: InstanceStatus): InstanceStatus {
  const { input: _input, output: _output, ...rest } = instance;
  return rest;
}

function compare(a: Position, b: Position): number {
  return (
    a.createdAt - b.createdAt || (a.instanceId < b.instanceId ? -1 : Number(a.instanceId > b.instanceId))
  );
}

function encodePosition({ createdAt, instanceId }: Position): string {
  return Buffer.from(JSON.stringify([createdAt, instanceId])).toString("base64url");
}

/** @throws InvalidArgumentError when the token is not one of ours. */
function decodePosition(token: string): Position {
  try {
    const [createdAt, instanceId] = JSON.parse(Buffer.from(token, "base64url").toString()) as [
      unknown,
      unknown,
    ];
    if (typeof createdAt === "number" && typeof instanceId === "string") return { createdAt, instanceId };
  } catch {
    // said below
  }
  throw new InvalidArgumentError(`The continuation token '${token}' is not one that a query returned.`);
}
