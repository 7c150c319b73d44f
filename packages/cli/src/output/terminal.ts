import { createInterface } from "node:readline";
import { optional } from "@perdure/core";
import pc from "picocolors";
import { CommandFailure, usageFailure } from "../failures";
import type { Surroundings, TextStream } from "../surroundings";
import { printable } from "./text";

type Colors = ReturnType<typeof pc.createColors>;

export interface TerminalOptions {
  /** Data is JSON, errors too. */
  readonly json?: boolean;
  /** False: none. Default: on a terminal only. */
  readonly color?: boolean;
}

/** Where a command writes to: standard output has the data, standard error the talk. */
export class Terminal {
  readonly isJson: boolean;
  /** Whether somebody is there to be asked. */
  readonly isInteractive: boolean;
  /** For data, and for talk. */
  readonly dataColors: Colors;
  readonly talkColors: Colors;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings, { json = false, color }: TerminalOptions = {}) {
    const { stdin, stdout, stderr, env } = surroundings;
    this.#surroundings = surroundings;
    this.isJson = json;
    this.isInteractive = stdin.isTTY && stderr.isTTY === true;
    this.dataColors = pc.createColors(!json && isColored(stdout, env, color));
    this.talkColors = pc.createColors(isColored(stderr, env, color));
  }

  /** A line of data, or several. */
  data(text: string): void {
    this.#surroundings.stdout.write(`${text}\n`);
  }

  /** A whole document of JSON. */
  document(value: unknown): void {
    this.data(JSON.stringify(value, null, 2));
  }

  /** One line of a stream of JSON. */
  record(value: unknown): void {
    this.data(JSON.stringify(value));
  }

  /** A document with `--json`, text for people without. */
  show(value: unknown, text: () => string): void {
    if (this.isJson) this.document(value);
    else this.data(text());
  }

  /** What was done: a document with `--json`, a word to people without. */
  done(value: unknown, text: string): void {
    if (this.isJson) this.document(value);
    else this.say(printable(text));
  }

  /** A line for people, beside the data. */
  say(text: string): void {
    this.#surroundings.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    this.say(`${this.talkColors.yellow("Warning:")} ${text}`);
  }

  /** Why the command failed, and what to do. */
  fail(failure: CommandFailure): void {
    const { message, hints } = failure;
    if (message === "") return;
    if (this.isJson) {
      this.say(errorJson(failure));
      return;
    }
    this.say(`${this.talkColors.red("Error:")} ${printable(message)}`);
    for (const hint of hints) this.say(`  ${printable(hint)}`);
  }

  /**
   * Asks a question that is answered with y or n; an end of input means no.
   *
   * @param instead Says which flag answers.
   * @throws CommandFailure when nobody is there to answer, and for Ctrl+C.
   */
  async confirm(question: string, instead: string): Promise<boolean> {
    if (!this.isInteractive) throw usageFailure(`${question} Nobody is there to answer.`, instead);
    const { stdin, stderr } = this.#surroundings;
    const reader = createInterface({ input: stdin, output: stderr as NodeJS.WritableStream });
    try {
      // While it is asked the terminal sends no signal: Ctrl+C is a key as any other.
      const answer = await new Promise<string>((resolve, reject) => {
        reader.once("SIGINT", () => reject(new CommandFailure("interrupted", "")));
        reader.once("close", () => resolve(""));
        reader.question(`${question} [y/N] `, resolve);
      });
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      reader.close();
    }
  }

  /** Where progress is drawn, if anybody sees it. */
  get progressStream(): NodeJS.WritableStream | undefined {
    const { stderr } = this.#surroundings;
    return stderr.isTTY && !this.isJson ? (stderr as NodeJS.WritableStream) : undefined;
  }
}

/** https://no-color.org: a flag counts most, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal. */
function isColored(
  stream: TextStream,
  { NO_COLOR, FORCE_COLOR, TERM }: Surroundings["env"],
  flag: boolean | undefined,
): boolean {
  if (flag === false || (NO_COLOR !== undefined && NO_COLOR !== "")) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && TERM !== "dumb";
}

/** An error as one line of JSON. */
function errorJson({ code, message, hints }: CommandFailure): string {
  return JSON.stringify({ error: { ...optional("code", code), message, hints } });
}
