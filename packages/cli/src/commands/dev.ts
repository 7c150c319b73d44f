import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { Client } from "@perdure/client";
import { wholeNumber } from "../arguments/values";
import { globalsOf } from "../cli";
import type { Cli, GlobalOptions } from "../cli";
import { DATA_FOLDER, placeFlags, placeText } from "../connection/place";
import type { Place } from "../connection/place";
import { openBackend } from "../connection/storage";
import type { Terminal } from "../output/terminal";
import { printable, shellWord } from "../output/text";
import { serve } from "../running/api-server";
import { startEmulator } from "../running/azurite";
import type { Emulator } from "../running/azurite";
import { DevSession } from "../running/dev-session";
import type { Report, Running } from "../running/messages";
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
        const emulator = await emulatorFor(globalsOf(command), workingFolder);
        if (emulator) closers.push(() => emulator.stop());
        const backend = openBackend(place, workingFolder);
        closers.push(() => backend.stop());
        await backend.createTaskHub();
        const logger = textLogger((line) => terminal.say(line));
        const quiet = { ...logger, info: () => undefined };
        const server = await serve(new Client(backend), {
          ...{ logger: quiet, signal: ending },
          ...(port === undefined ? {} : { port }),
        });
        closers.push(() => server.close());
        const talk = new DevTalk(terminal, place, server.url, path.relative(workingFolder, file), cli);
        talk.begun();
        const session = new DevSession({
          ...{ file, place, workingFolder, env, isQuiet: terminal.isJson },
          root: projectFolder(path.dirname(file)),
          onReport: (report) => talk.report(report),
          onChange: (changed) => talk.changed(changed),
          onUnexpectedEnd: (how) => talk.ended(how),
        });
        const kill = (): void => session.kill();
        process.once("exit", kill);
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

function emulatorFor({ azurite }: GlobalOptions, workingFolder: string): Promise<Emulator | undefined> {
  if (!azurite) return Promise.resolve(undefined);
  return startEmulator(path.join(workingFolder, DATA_FOLDER, "azurite"), workingFolder);
}

/** The folder with the project's `package.json`; without one that of the file. */
function projectFolder(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, "package.json"))) return at;
    if (path.dirname(at) === at) return folder;
  }
}

/** What `dev` says. With `--json` each is a line of JSON. */
class DevTalk {
  #hasShown = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly place: Place,
    private readonly url: string,
    private readonly file: string,
    private readonly cli: Cli,
  ) {}

  begun(): void {
    if (this.terminal.isJson) this.terminal.record({ event: "serving", url: this.url });
    else
      this.terminal.say(
        `Storage:  ${placeText(this.place)}\nHTTP API: ${this.url}\nCode:     ${this.file}\n`,
      );
  }

  report(report: Report): void {
    if (this.terminal.isJson) this.terminal.record(eventOf(report));
    else if (report.type === "failed") {
      const { red } = this.terminal.talkColors;
      this.terminal.say(
        `${red("Your code does not load:")}\n${printable(report.text)}\nIt is tried again when you change it.\n`,
      );
    } else {
      const { green, dim } = this.terminal.talkColors;
      const names = [...report.orchestrations, ...report.activities].join(", ");
      this.terminal.say(`${green("Running")} ${printable(names)}. ${dim("Ctrl+C ends it.")}`);
      if (!this.#hasShown) this.terminal.say(this.whatToTry(report));
      this.#hasShown = true;
    }
  }

  changed(file: string): void {
    if (this.terminal.isJson) this.terminal.record({ event: "changed", file });
    else this.terminal.say(`\n${printable(file)} has changed: starting the worker again.`);
  }

  ended(how: string): void {
    if (this.terminal.isJson) this.terminal.record({ event: "ended", how });
    else this.terminal.say(`The worker ended (${how}). It is started again when you change your code.`);
  }

  stopping(): void {
    if (this.terminal.isJson) this.terminal.record({ event: "stopping" });
    else this.terminal.say("\nStopping; once more Ctrl+C ends it at once.");
  }

  private whatToTry({ example }: Running): string {
    if (!example) return "";
    const { orchestration, input } = example;
    const flags = placeFlags(this.place, this.cli.surroundings) ?? ` --url ${this.url}`;
    const words = [shellWord(orchestration), ...(input === undefined ? [] : [shellWord(input)])].join(" ");
    const body = input === undefined ? "" : ` -H 'content-type: application/json' -d ${shellWord(input)}`;
    return [
      "\nTry it in another terminal, in this folder:",
      `  npx perdure start ${words} --id try-1${flags}`,
      `  npx perdure get try-1${flags}`,
      `  npx perdure history try-1${flags}`,
      `  curl -X POST '${this.url}/orchestrators/${encodeURIComponent(orchestration)}'${body}`,
      `  curl '${this.url}/instances'`,
      "",
    ].join("\n");
  }
}

function eventOf(report: Report): object {
  const { type, ...facts } = report;
  return { event: type, ...facts };
}
