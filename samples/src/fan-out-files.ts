/** Fan-out and fan-in over real files: how many lines and bytes of source does this repository have? */
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { defineActivity, defineOrchestration } from "perdure";
import { newId } from "./sample";
import type { Sample } from "./sample";

const REPOSITORY = path.resolve(__dirname, "../..");
const SOURCE = /\.(ts|js|mjs|md|json)$/;
const NOT_OURS = new Set(["node_modules", "dist", "coverage"]);

export interface Count {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
}

/** Paths relative to the repository, so that the input means the same on every machine that has it. */
export const listFiles = defineActivity("listFiles", async (ctx, folder: string): Promise<string[]> => {
  const files: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    ctx.signal.throwIfAborted();
    for (const entry of await readdir(path.join(REPOSITORY, directory), { withFileTypes: true })) {
      const name = path.posix.join(directory, entry.name);
      if (entry.isFile() && SOURCE.test(entry.name)) files.push(name);
      if (entry.isDirectory() && !entry.name.startsWith(".") && !NOT_OURS.has(entry.name)) await visit(name);
    }
  };
  await visit(folder);
  return files.sort();
});

export const countFile = defineActivity("countFile", async (_ctx, file: string): Promise<Count> => {
  const text = await readFile(path.join(REPOSITORY, file), "utf8");
  return { files: 1, lines: text.split("\n").length - 1, bytes: Buffer.byteLength(text) };
});

export const countFiles = defineOrchestration("countFiles", function* (ctx, folders: readonly string[]) {
  const lists = yield* ctx.all(folders.map((folder) => ctx.callActivity(listFiles, folder)));
  const files = lists.flat();
  let counted = 0;
  // ctx.all(files.map(...)) would do too, and start everything at once. A bound keeps the load even.
  const counts = yield* ctx.map(
    files,
    function* (file) {
      const count = yield* ctx.callActivity(countFile, file, { retry: { maxAttempts: 3 } });
      ctx.setCustomStatus(`${++counted} of ${files.length} files counted`);
      return count;
    },
    { concurrency: 8 },
  );
  return counts.reduce<Count>(
    (sum, { lines, bytes }) => ({ files: sum.files + 1, lines: sum.lines + lines, bytes: sum.bytes + bytes }),
    { files: 0, lines: 0, bytes: 0 },
  );
});

export const sample: Sample = {
  name: "fan-out-files",
  orchestrations: [countFiles],
  activities: [listFiles, countFile],
  async run(client) {
    const folders = ["packages", "samples", "scripts"];
    const instance = await client.startNew(countFiles, folders, { instanceId: newId("count") });
    const { files, lines, bytes } = await instance.result();
    return [
      `${folders.join(", ")}: ${files} files, ${lines.toLocaleString("en")} lines, ${bytes.toLocaleString("en")} bytes`,
    ];
  },
};
