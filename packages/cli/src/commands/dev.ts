import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { Client } from "@perdure/client";
import { optional } from "@perdure/core";
import { wholeNumber } from "../arguments/values";
import type { Cli } from "../cli";
import { DATA_FOLDER, isEmulator } from "../connection/place";
import { openBackend } from "../connection/storage";
import { serve } from "../running/api-server";
import { startEmulator } from "../running/azurite";
import { DevSession } from "../running/dev-session";
import { DevTalk } from "../running/dev-talk";
import { textLogger } from "../running/text-logger";
import { userFileOf } from "../user-code/load";
import { storagePlace } from "./storage-place";

export function devCommand(cli: Cli): CommandUnknownOpts {
  return new Command("dev")
    .summary("run your code with all it needs, and again when it changes")
    .description(
      "Runs storage, a worker with the orchestrations and activities that a file exports, and the HTTP API on this machine. When the file or what it imports changes, the worker is started again; instances go on where they were. Ctrl+C ends it all.",
    )
    .argument("[file]", "the file that exports them (default: a usual one, such as src/orchestrations.ts)")
    .option(
      "--port <number>",
      "port of the HTTP API (default: 7071, or the next that is free)",
      wholeNumber(0, 65_535),
    )
    .action(async (named, { port }, command) => {
      const { surroundings } = cli;
      const { workingFolder, env, ending } = surroundings;
      const terminal = cli.terminal(command);
      const place = storagePlace(cli.place(command), "dev");
      const file = userFileOf(named, surroundings);
      const closers: (() => Promise<void>)[] = [];
      try {
        if (isEmulator(place))
          closers.push(await startEmulator(path.join(workingFolder, DATA_FOLDER), workingFolder));
        const backend = openBackend(place, workingFolder);
        closers.push(() => backend.stop());
        await backend.createTaskHub();
        const logger = { ...textLogger((line) => terminal.say(line)), info: () => undefined };
        const options = { logger, signal: ending, ...optional("port", port) };
        const server = await serve(new Client(backend), options);
        closers.push(() => server.close());
        const talk = new DevTalk(
          terminal,
          place,
          server.url,
          path.relative(workingFolder, file),
          surroundings,
        );
        talk.begun();
        const session = new DevSession({
          ...{ file, place, workingFolder, env, isQuiet: terminal.isJson },
          root: projectFolder(path.dirname(file)),
          onReport: (report) => talk.report(report),
          onChange: (changed) => talk.changed(changed),
          onUnexpectedEnd: (how) => talk.ended(how),
        });
        closers.push(() => session.stop());
        await session.start();
        if (!ending.aborted) await once(ending, "abort");
        talk.stopping();
      } finally {
        for (const close of closers.reverse()) await close();
      }
      if (!terminal.isJson) terminal.say("Stopped. What was not finished goes on when you start it again.");
    });
}

/** The folder with the project's `package.json`; without one that of the file. */
function projectFolder(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, "package.json"))) return at;
    if (path.dirname(at) === at) return folder;
  }
}
