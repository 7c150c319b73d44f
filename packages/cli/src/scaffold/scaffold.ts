import { cp, mkdir, readFile, readdir, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { CommandFailure, usageFailure } from "../failures";
import { version } from "../version";
import { commonFolder } from "./templates";
import type { Template } from "./templates";

/** Files with gaps to fill. */
const TEXTS = ["package.json", "README.md"];

/**
 * Makes a project in a folder.
 *
 * @throws CommandFailure when there is something in the folder, or it cannot be made.
 */
export async function scaffold(template: Template, folder: string): Promise<void> {
  await assertEmpty(folder);
  await makeFolder(folder);
  await cp(commonFolder(), folder, { recursive: true });
  await cp(template.folder, folder, {
    recursive: true,
    filter: (file) => path.basename(file) !== "about.json",
  });
  await rename(path.join(folder, "gitignore"), path.join(folder, ".gitignore")); // npm leaves out such a file
  const values: Readonly<Record<string, string>> = {
    name: packageName(folder),
    version: version(),
    about: template.about,
    try: template.try.join("\n"),
  };
  for (const name of TEXTS) {
    const file = path.join(folder, name);
    const text = await readFile(file, "utf8");
    await writeFile(
      file,
      text.replaceAll(/\{\{(\w+)\}\}/g, (_gap, key: string) => values[key] ?? ""),
    );
  }
}

async function assertEmpty(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw usageFailure(
      `${folder} cannot be used: it is ${code === "ENOTDIR" ? "a file" : "not readable"}.`,
      "Give another folder.",
    );
  });
  if (found.length > 0)
    throw usageFailure(`${folder} is not empty.`, "Give a new folder, or one with nothing in it.");
}

/** Not `recursive` of mkdir: where a folder refuses with ENOENT, as /proc does, it never ends. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  try {
    const parent = path.dirname(folder);
    if (parent !== folder) await makeFolder(parent);
    await mkdir(folder);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "EEXIST" ? "there is a file, or a link that leads nowhere" : code;
    throw usageFailure(`${folder} cannot be made: ${reason}.`, "Give another folder.");
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** What npm takes as a name. */
function packageName(folder: string): string {
  const name = path
    .basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "orchestrations" : name;
}
