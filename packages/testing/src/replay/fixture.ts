import { writeFile } from "node:fs/promises";
import { InvalidArgumentError, encode, optional } from "@perdure/core";
import type { HistoryEvent, Payload, RuntimeStatus } from "@perdure/core";
import type { Client } from "@perdure/client";

const FORMAT_VERSION = 1;

/** The recorded life of one instance, as plain data for a JSON file. */
export interface Fixture {
  readonly formatVersion: typeof FORMAT_VERSION;
  readonly instanceId: string;
  /** Of the orchestration. */
  readonly name: string;
  readonly version?: string;
  readonly status: RuntimeStatus;
  readonly customStatus?: Payload;
  /** Of the current generation. */
  readonly history: readonly HistoryEvent[];
}

/** What can be replayed: a fixture, its JSON text, or a bare history. */
export type Recorded = Fixture | readonly HistoryEvent[] | string;

/**
 * Records an instance of any hub, running or finished.
 *
 * @throws InstanceNotFoundError; InvalidArgumentError when it has no history yet.
 */
export async function recordFixture(client: Client, instanceId: string): Promise<Fixture> {
  const fixture = await tryRecord(client, instanceId);
  if (fixture) return fixture;
  throw new InvalidArgumentError(
    `Instance '${instanceId}' has no history yet: record it once it has started.`,
  );
}

/**
 * As `recordFixture`, but `undefined` when there is no history yet.
 *
 * @throws InstanceNotFoundError
 */
export async function tryRecord(client: Client, instanceId: string): Promise<Fixture | undefined> {
  const handle = client.instance(instanceId);
  const history = await handle.history();
  if (history.length === 0) return undefined;
  const { name, version, status, customStatus } = await handle.status();
  return {
    formatVersion: FORMAT_VERSION,
    instanceId,
    name,
    ...optional("version", version),
    status,
    ...optional("customStatus", encode(customStatus, "custom status")),
    history,
  };
}

/** Writes a fixture to a JSON file, replacing what is there. */
export async function saveFixture(path: string, fixture: Fixture): Promise<void> {
  await writeFile(path, `${JSON.stringify(fixture, null, 2)}\n`);
}

/** @throws InvalidArgumentError when it is not a recorded history. */
export function toFixture(recorded: Recorded): Fixture {
  const value: unknown = typeof recorded === "string" ? parse(recorded) : recorded;
  if (Array.isArray(value)) return ofHistory(value as readonly HistoryEvent[]);
  if (typeof value !== "object" || value === null || !("history" in value) || !Array.isArray(value.history))
    throw new InvalidArgumentError("Not a recorded history: give a fixture, its JSON, or a list of events.");
  const fixture = value as Fixture;
  const { formatVersion } = fixture as { readonly formatVersion: unknown };
  if (formatVersion !== FORMAT_VERSION) {
    throw new InvalidArgumentError(
      `The fixture has format version ${String(formatVersion)}; this version of @perdure/testing reads ${FORMAT_VERSION}. Record it again.`,
    );
  }
  return fixture;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError("The text is not JSON: give the text of a fixture, not its path.", error);
  }
}

/** A bare history says who it is of by its start. */
function ofHistory(history: readonly HistoryEvent[]): Fixture {
  const started = history.find((event) => event.type === "ExecutionStarted");
  if (!started)
    throw new InvalidArgumentError("The history has no ExecutionStarted: give it from its beginning.");
  const completed = history.find((event) => event.type === "ExecutionCompleted");
  return {
    formatVersion: FORMAT_VERSION,
    instanceId: "replayed",
    name: started.name,
    ...optional("version", started.version),
    status: completed?.status ?? "Running",
    history,
  };
}
