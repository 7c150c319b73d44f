import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { CommandFailure, toCommandFailure } from "./failures";
import { openHub } from "./connection/hub";
import type { OpenHub, OpenOptions } from "./connection/hub";
import { placeOf } from "./connection/place";
import type { Place, PlaceOptions } from "./connection/place";
import { Terminal } from "./output/terminal";
import type { Surroundings } from "./surroundings";

/** Options that every command has. */
interface GlobalOptions extends PlaceOptions {
  readonly json?: boolean;
  readonly color?: boolean;
}

/** What a command does on a hub, until it is done or `ending` aborts. */
export type Work = (hub: OpenHub, terminal: Terminal, ending: AbortSignal) => Promise<void>;

/** What commands share. One for each run. */
export class Cli {
  constructor(
    readonly surroundings: Surroundings,
    /** Whether what is wrong with the line itself is told as JSON: it is not parsed then. */
    readonly isJson = false,
  ) {}

  terminal(command: CommandUnknownOpts): Terminal {
    return new Terminal(this.surroundings, globalsOf(command));
  }

  /** @throws CommandFailure when the options contradict themselves. */
  place(command: CommandUnknownOpts): Place {
    return placeOf(globalsOf(command), this.surroundings);
  }

  /**
   * Does something on the hub that the options name, and leaves nothing open. When the user asks to end meanwhile, it
   * ends there.
   */
  async operate(command: CommandUnknownOpts, work: Work, options: OpenOptions = {}): Promise<void> {
    const { ending } = this.surroundings;
    const hub = await openHub(this.place(command), this.surroundings, options);
    try {
      await untilEnding(work(hub, this.terminal(command), ending), ending);
    } catch (error) {
      throw withReason(error, hub.reason());
    } finally {
      await hub.close();
    }
  }
}

/** Says more of what the API tells its callers nothing about. */
function withReason(error: unknown, reason: string | undefined): unknown {
  if (reason === undefined || error instanceof CommandFailure) return error;
  const { outcome, hints, code } = toCommandFailure(error);
  const isVague = outcome === "unreachable" || outcome === "failure";
  return isVague ? new CommandFailure(outcome, reason, hints, code) : error;
}

/** Those of the program, wherever on the line they are given. */
function globalsOf(command: CommandUnknownOpts): GlobalOptions {
  const { path, connectionString, azurite, url, key, hub, profile, json, color } =
    command.optsWithGlobals() as GlobalOptions;
  const all = { path, connectionString, azurite, url, key, hub, profile, json, color };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function untilEnding(work: Promise<void>, ending: AbortSignal): Promise<void> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = () => reject(new CommandFailure("interrupted", ""));
    if (ending.aborted) interrupt();
    else ending.addEventListener("abort", interrupt, { once: true });
  });
  try {
    await Promise.race([work, interrupted]);
  } finally {
    ending.removeEventListener("abort", interrupt);
  }
}
