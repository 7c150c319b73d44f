import { clearScreenDown, moveCursor } from "node:readline";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import Table from "cli-table3";
import type { RuntimeStatus } from "perdure";

export interface Row {
  readonly sample: string;
  readonly instanceId: string;
  readonly status: RuntimeStatus;
  /** What it waits for, or why it ended. */
  readonly detail: string;
  readonly elapsedMs: number;
}

/** Shows a run as it goes. */
export interface Board {
  /** A line that stays. */
  say(line: string): void;
  show(rows: readonly Row[]): void;
  /** What is shown stays; other rows are shown below it. */
  settle(): void;
}

/** On a terminal a table that updates in place; elsewhere one line per change. */
export function newBoard(out: NodeJS.WriteStream): Board {
  return out.isTTY ? new LiveTable(out) : new PlainLines(out);
}

const HEAD = ["sample", "instance", "status", "waits for, or says", "elapsed"];
const WIDTHS = [20, 22, 13, 0, 11]; // the fourth takes what is left
const NARROWEST_DETAIL = 12;
const COLORS = {
  Pending: "gray",
  Running: "cyan",
  Suspended: "yellow",
  Blocked: "red",
  Completed: "green",
  Failed: "red",
  Terminated: "magenta",
} as const satisfies Record<RuntimeStatus, string>;

class LiveTable implements Board {
  #lines = 0;
  #rows: readonly Row[] = [];

  constructor(private readonly out: WriteStream) {}

  say(line: string): void {
    this.erase();
    this.out.write(`${line}\n`);
    this.draw();
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows;
    this.erase();
    this.draw();
  }

  settle(): void {
    this.#rows = [];
    this.#lines = 0;
  }

  private erase(): void {
    if (this.#lines > 0) moveCursor(this.out, 0, -this.#lines);
    clearScreenDown(this.out);
    this.#lines = 0;
  }

  private draw(): void {
    if (this.#rows.length === 0) return;
    const text = this.table();
    this.out.write(`${text}\n`);
    this.#lines = text.split("\n").length;
  }

  private table(): string {
    const { columns, rows: height } = this.out;
    const borders = WIDTHS.length + 1;
    const rest = columns - borders - WIDTHS.reduce((sum, width) => sum + width, 0);
    const table = new Table({
      head: HEAD,
      colWidths: WIDTHS.map((width) => width || Math.max(NARROWEST_DETAIL, rest)),
      style: { head: [], border: [], compact: true },
    });
    // What does not fit the screen could not be erased.
    const room = Math.max(3, height - 8);
    for (const row of this.#rows.slice(0, room)) {
      const status = this.out.hasColors() ? styleText(COLORS[row.status], row.status) : row.status;
      table.push([row.sample, row.instanceId, status, row.detail, seconds(row.elapsedMs)]);
    }
    const hidden = this.#rows.length - room;
    return hidden > 0 ? `${table.toString()}\n… and ${hidden} more` : table.toString();
  }
}

class PlainLines implements Board {
  readonly #shown = new Map<string, string>();

  constructor(private readonly out: NodeJS.WritableStream) {}

  say(line: string): void {
    this.out.write(`${line}\n`);
  }

  settle(): void {
    this.#shown.clear();
  }

  show(rows: readonly Row[]): void {
    for (const { sample, instanceId, status, detail, elapsedMs } of rows) {
      const state = `${status.padEnd(10)}  ${detail}`.trimEnd();
      if (this.#shown.get(instanceId) === state) continue;
      this.#shown.set(instanceId, state);
      this.say(
        `  ${seconds(elapsedMs).padStart(8)}  ${sample.padEnd(18)}  ${shortId(instanceId).padEnd(20)}  ${state}`,
      );
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function shortId(instanceId: string): string {
  return instanceId.length > 20 ? `${instanceId.slice(0, 19)}…` : instanceId;
}
