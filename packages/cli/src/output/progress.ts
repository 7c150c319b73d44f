import { Presets, SingleBar } from "cli-progress";
import type { Terminal } from "./terminal";

export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** A bar on a terminal, nothing elsewhere. */
export function progressBar(terminal: Terminal, what: string, total: number): Progress {
  const stream = terminal.progressStream;
  if (!stream) return { update: () => undefined, stop: () => undefined };
  const format = `${what} {bar} {value}/{total}`;
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true }, Presets.shades_grey);
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
