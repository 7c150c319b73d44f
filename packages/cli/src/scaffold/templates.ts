import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { packageFolder } from "../version";

/** A project to begin with, kept as files. */
export interface Template {
  readonly name: string;
  /** In a sentence or two. */
  readonly about: string;
  /** Command lines that show it, for another terminal. */
  readonly try: readonly string[];
  /** Where its files are. */
  readonly folder: string;
}

const COMMON = "common";
export const DEFAULT_TEMPLATE = "hello";

/** The default first, then by name. */
export function templates(): readonly Template[] {
  const names = readdirSync(templateFolder()).filter((name) => name !== COMMON);
  const isOther = (name: string): number => (name === DEFAULT_TEMPLATE ? 0 : 1);
  return names.sort((a, b) => isOther(a) - isOther(b) || a.localeCompare(b)).map(read);
}

/** Files that all templates share. */
export function commonFolder(): string {
  return path.join(templateFolder(), COMMON);
}

function read(name: string): Template {
  const folder = path.join(templateFolder(), name);
  const about = JSON.parse(readFileSync(path.join(folder, "about.json"), "utf8")) as Pick<
    Template,
    "about" | "try"
  >;
  return { name, ...about, folder };
}

function templateFolder(): string {
  return path.join(packageFolder(), "templates");
}
