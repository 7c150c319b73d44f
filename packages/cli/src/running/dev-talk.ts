import { placeFlags, placeText } from "../connection/place";
import type { Place } from "../connection/place";
import type { Terminal } from "../output/terminal";
import { printable, shellWord } from "../output/text";
import type { Surroundings } from "../surroundings";
import type { Report, Running } from "./messages";

/** What `dev` says. With `--json` each is a line of JSON. */
export class DevTalk {
  #hasShown = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly place: Place,
    private readonly url: string,
    private readonly file: string,
    private readonly surroundings: Surroundings,
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
    const flags = placeFlags(this.place, this.surroundings) ?? ` --url ${this.url}`;
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
