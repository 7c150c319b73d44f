/**
 * Named places, kept in files: `perdure.yaml` of the project, found in the working folder or above it, and one of the
 * user. Of two profiles with one name that of the project counts.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { optional } from "@perdure/core";
import { parseDocument } from "yaml";
import type { Document } from "yaml";
import { usageFailure } from "../failures";
import type { Surroundings } from "../surroundings";

/** Where a hub is, as far as one source says. Paths are absolute. */
export interface Settings {
  readonly path?: string;
  readonly connectionString?: string;
  readonly azurite?: boolean;
  readonly url?: string;
  readonly key?: string;
  readonly hub?: string;
}

export interface Profiles {
  readonly byName: ReadonlyMap<string, Settings>;
  /** Used when none is asked for. */
  readonly defaultName?: string;
}

const PROJECT_FILE = "perdure.yaml";
const TEXT_FIELDS: readonly string[] = ["path", "connectionString", "url", "key", "hub"];
const FIELDS: readonly string[] = [...TEXT_FIELDS, "azurite"];

/** @throws CommandFailure when a file cannot be understood. Its text says where, and repeats no value. */
export function readProfiles(surroundings: Surroundings): Profiles {
  const files = [userFile(surroundings), projectFile(surroundings.workingFolder)].filter(
    (file) => file !== undefined && existsSync(file),
  );
  const read = files.map((file) => parseProfiles(file as string, surroundings.env));
  const defaultName = read.findLast((profiles) => profiles.defaultName !== undefined)?.defaultName;
  return {
    byName: new Map(read.flatMap(({ byName }) => [...byName])),
    ...optional("defaultName", defaultName),
  };
}

/** Where the profiles of a user are. */
function userFile({ env, homeFolder }: Surroundings): string {
  const { PERDURE_CONFIG, XDG_CONFIG_HOME, APPDATA } = env;
  if (PERDURE_CONFIG) return PERDURE_CONFIG;
  const folder = XDG_CONFIG_HOME || APPDATA || path.join(homeFolder, ".config");
  return path.join(folder, "perdure", "config.yaml");
}

function projectFile(folder: string): string | undefined {
  const file = path.join(folder, PROJECT_FILE);
  if (existsSync(file)) return file;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : projectFile(parent);
}

function parseProfiles(file: string, env: Surroundings["env"]): Profiles {
  const document = parseDocument(readConfiguration(file));
  const fault = document.errors[0];
  if (fault) {
    const line = fault.linePos?.[0].line;
    throw usageFailure(`${file} is not YAML: ${fault.code}${line === undefined ? "" : ` in line ${line}`}.`);
  }
  const content = mapOf(valueOf(document, file), file, "it");
  const profiles = mapOf(content["profiles"] ?? {}, file, "'profiles'");
  const defaultName = content["defaultProfile"];
  if (defaultName !== undefined && typeof defaultName !== "string")
    throw usageFailure(`${file}: 'defaultProfile' is no text. Give the name of a profile.`);
  const unknown = Object.keys(content).find((field) => !["profiles", "defaultProfile"].includes(field));
  if (unknown !== undefined)
    throw usageFailure(
      `${file} has '${unknown}', which means nothing. It may have 'profiles' and 'defaultProfile'.`,
    );
  return {
    byName: new Map(
      Object.entries(profiles).map(([name, value]) => [name, settingsOf(value, file, name, env)]),
    ),
    ...optional("defaultName", defaultName),
  };
}

/** A file that is none could have no end. */
function readConfiguration(file: string): string {
  try {
    if (statSync(file).isFile()) return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageFailure(`${file} cannot be read: ${code}.`, "It has the profiles: see that you may read it.");
  }
  throw usageFailure(`${file} is not a file.`, "Profiles are read from it: give a file, or remove it.");
}

function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch {
    throw usageFailure(`${file} repeats too much by its aliases ('*name').`, "Write values out.");
  }
}

function settingsOf(value: unknown, file: string, name: string, env: Surroundings["env"]): Settings {
  const what = `profile '${name}'`;
  const fields = mapOf(value, file, what);
  for (const [field, content] of Object.entries(fields)) {
    if (!FIELDS.includes(field))
      throw usageFailure(
        `${file}: ${what} has '${field}', which means nothing. It may have ${FIELDS.join(", ")}.`,
      );
    if (typeof content !== (field === "azurite" ? "boolean" : "string"))
      throw usageFailure(
        `${file}: '${field}' of ${what} must be ${field === "azurite" ? "true or false" : "text"}.`,
      );
  }
  const texts = Object.entries(fields).map(([field, content]) => [
    field,
    typeof content === "string" ? expanded(content, `${file}: '${field}' of ${what}`, env) : content,
  ]);
  const settings = Object.fromEntries(texts) as Settings;
  return settings.path === undefined
    ? settings
    : { ...settings, path: path.resolve(path.dirname(file), settings.path) };
}

/** `${NAME}` stands for what the environment has: secrets need not be in the file. */
function expanded(text: string, what: string, env: Surroundings["env"]): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_match, name: string) => {
    const value = env[name];
    if (value) return value;
    throw usageFailure(
      `${what} needs ${name}, which is not set in the environment.`,
      `Set ${name}, or use another profile.`,
    );
  });
}

function mapOf(value: unknown, file: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw usageFailure(`${file}: ${what} is not a list of names and values.`);
}
