/**
 * Where the hub is that a command works on. Flags count more than the environment, that more than a profile; a profile
 * asked for by a flag counts as flags do. The first source that names a place decides which; `hub` and `key` are taken
 * from the first source that has them, but a key of a profile is only sent where that profile says.
 */
import path from "node:path";
import { optional } from "@perdure/core";
import { usageFailure } from "../failures";
import { shellWord } from "../output/text";
import type { Surroundings } from "../surroundings";
import { nearest } from "./nearest";
import { readProfiles } from "./profiles";
import type { Profiles, Settings } from "./profiles";

export type Place =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "azure-storage"; readonly connectionString: string; readonly taskHub: string }
  | { readonly kind: "server"; readonly url: string; readonly key?: string; readonly taskHub?: string };

/** The options that say where the hub is. */
export interface PlaceOptions extends Settings {
  readonly profile?: string;
}

const DEFAULT_HUB = "PerdureHub";
/** Git ignores it where `perdure init` made the project. */
export const DATA_FOLDER = ".perdure";
const EMULATOR = "UseDevelopmentStorage=true";

/** @throws CommandFailure when what is given contradicts itself. */
export function placeOf(options: PlaceOptions, surroundings: Surroundings): Place {
  const sources = sourcesOf(options, surroundings);
  for (const source of sources) assertOnePlace(source);
  const hub = sources.find(({ settings }) => settings.hub !== undefined)?.settings.hub;
  const index = sources.findIndex(({ settings }) => placesIn(settings).length > 0);
  const chosen = sources[index]?.settings;
  if (chosen?.url !== undefined) {
    const key = sources.find(
      ({ settings, isProfile }, place) => settings.key !== undefined && (place <= index || !isProfile),
    );
    return serverAt(chosen.url, key?.settings.key, hub);
  }
  const connectionString = chosen?.connectionString ?? (chosen?.azurite ? EMULATOR : undefined);
  if (connectionString !== undefined)
    return { kind: "azure-storage", connectionString, taskHub: hub ?? DEFAULT_HUB };
  if (chosen?.path !== undefined)
    return { kind: "file", path: path.resolve(surroundings.workingFolder, chosen.path) };
  return { kind: "file", path: defaultFile(hub ?? DEFAULT_HUB, surroundings) };
}

/** Whether it is the storage emulator on its usual ports. */
export function isEmulator(place: Place): boolean {
  return place.kind === "azure-storage" && place.connectionString === EMULATOR;
}

/** A place in words, without what is secret. */
export function placeText(place: Place): string {
  switch (place.kind) {
    case "file":
      return `the file ${place.path}`;
    case "azure-storage":
      return `task hub '${place.taskHub}' in Azure Storage (${accountText(place.connectionString)})`;
    case "server":
      return `${place.taskHub === undefined ? "" : `task hub '${place.taskHub}' at `}${place.url}`;
  }
}

/** The flags with which another command works on the same hub from the same folder. `undefined`: they would hold a secret. */
export function placeFlags(place: Place, { workingFolder }: Surroundings): string | undefined {
  switch (place.kind) {
    case "file": {
      const relative = path.relative(workingFolder, place.path);
      if (relative === path.join(DATA_FOLDER, `${DEFAULT_HUB}.perdure`)) return "";
      return ` --path ${shellWord(relative.startsWith("..") ? place.path : relative)}`;
    }
    case "azure-storage":
      if (!isEmulator(place)) return undefined;
      return ` --azurite${place.taskHub === DEFAULT_HUB ? "" : ` --hub ${place.taskHub}`}`;
    case "server":
      return place.key === undefined ? ` --url ${place.url}` : undefined;
  }
}

interface Source {
  readonly name: string;
  readonly settings: Settings;
  readonly isProfile: boolean;
}

function sourcesOf({ profile, ...flags }: PlaceOptions, surroundings: Surroundings): readonly Source[] {
  const { env } = surroundings;
  const profiles = readProfiles(surroundings);
  const environment = { name: "the environment", settings: environmentSettings(env), isProfile: false };
  const name = profile ?? (env["PERDURE_PROFILE"] || undefined) ?? profiles.defaultName;
  const chosen = name === undefined ? [] : [profileNamed(name, profiles)];
  return [
    { name: "the flags", settings: flags, isProfile: false },
    ...(profile === undefined ? [environment, ...chosen] : [...chosen, environment]),
  ];
}

function environmentSettings({
  PERDURE_STORAGE,
  PERDURE_URL,
  PERDURE_KEY,
  PERDURE_HUB,
}: Surroundings["env"]): Settings {
  return {
    ...(PERDURE_STORAGE ? { connectionString: PERDURE_STORAGE } : {}),
    ...(PERDURE_URL ? { url: PERDURE_URL } : {}),
    ...(PERDURE_KEY ? { key: PERDURE_KEY } : {}),
    ...(PERDURE_HUB ? { hub: PERDURE_HUB } : {}),
  };
}

function profileNamed(name: string, { byName }: Profiles): Source {
  const settings = byName.get(name);
  if (settings) return { name: `profile '${name}'`, settings, isProfile: true };
  const names = [...byName.keys()];
  const similar = nearest(name, names);
  throw usageFailure(
    `There is no profile '${name}'.`,
    ...(similar === undefined ? [] : [`Did you mean '${similar}'?`]),
    names.length === 0
      ? "No profiles are configured: see perdure.yaml in the guide."
      : `There are: ${names.join(", ")}.`,
  );
}

const PLACES = {
  path: "--path",
  connectionString: "--connection-string",
  azurite: "--azurite",
  url: "--url",
} as const;

function placesIn(settings: Settings): readonly (keyof typeof PLACES)[] {
  return (Object.keys(PLACES) as (keyof typeof PLACES)[]).filter(
    (field) => settings[field] !== undefined && settings[field] !== false,
  );
}

function assertOnePlace({ name, settings }: Source): void {
  const places = placesIn(settings);
  if (places.length < 2) return;
  const given = places.map((place) => (name === "the flags" ? PLACES[place] : place)).join(" and ");
  throw usageFailure(
    `Of ${given} only one can be: ${name} name more than one place.`,
    "Leave out all but one.",
  );
}

function serverAt(url: string, key: string | undefined, taskHub: string | undefined): Place {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw usageFailure("The URL of the server is not valid.", "Give one such as http://127.0.0.1:7071");
  if (parsed.username !== "" || parsed.password !== "")
    throw usageFailure(
      "The URL of the server has a user name or a password in it.",
      "Give the key in PERDURE_KEY.",
    );
  if (key !== undefined && !isHeader(key))
    throw usageFailure(
      "The key has a character that no request can carry.",
      "Give it as it was given to you.",
    );
  return {
    kind: "server",
    url: url.replace(/\/+$/, ""),
    ...optional("key", key),
    ...optional("taskHub", taskHub),
  };
}

function isHeader(value: string): boolean {
  try {
    new Headers({ value });
    return true;
  } catch {
    return false;
  }
}

/** @throws CommandFailure for a name that would lead to another folder. */
function defaultFile(hub: string, { workingFolder }: Surroundings): string {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(hub))
    throw usageFailure(`The hub is '${hub}', which is no name.`, "Give letters and digits, a letter first.");
  return path.resolve(workingFolder, DATA_FOLDER, `${hub}.perdure`);
}

function accountText(connectionString: string): string {
  if (/^UseDevelopmentStorage=true/i.test(connectionString)) return "the emulator";
  const account = /(?:^|;)AccountName=([^;]+)/i.exec(connectionString)?.[1];
  return account === undefined ? "by a shared access signature" : `account ${account}`;
}
