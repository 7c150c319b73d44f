/** Processes that can be had one after the other, and asked with or without waiting. */
import path from "node:path";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { Order, Report } from "./wire";

/** A process answers what needs no waiting within that time, in milliseconds. */
const PATIENCE_MS = 20_000;

interface Listener {
  said(text: string): void;
  exited(): void;
}

export class ProcessPool {
  readonly #reports = new Int32Array(new SharedArrayBuffer(4));
  readonly #listeners = new Map<number, Listener>();
  readonly #idle: number[] = [];
  readonly #thread: Worker;
  readonly #port: MessagePort;
  #started = 0;
  #ids = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#port.on("message", (report: Report) => this.take(report));
    this.#thread = new Worker(path.join(__dirname, "run.js"), {
      argv: ["relay.ts"],
      workerData: { port: port2, reports: this.#reports },
      transferList: [port2],
    });
  }

  /** One that nobody else has. */
  have(listener: Listener): number {
    const number = this.#idle.pop() ?? this.start();
    this.#listeners.set(number, listener);
    return number;
  }

  /** For others to have. */
  giveBack(number: number): void {
    this.#listeners.delete(number);
    this.#idle.push(number);
  }

  /** For calls: a process that is had again may still answer former ones. */
  nextId(): number {
    return ++this.#ids;
  }

  send(process: number, text: string): void {
    this.order({ kind: "send", process, text });
  }

  signal(process: number, signal: NodeJS.Signals): void {
    this.order({ kind: "signal", process, signal });
  }

  /** Takes what processes say, without giving way, until `isEnough`. */
  waitSync(isEnough: () => boolean): void {
    for (;;) {
      const seen = Atomics.load(this.#reports, 0);
      let report: { readonly message: unknown } | undefined;
      while (!isEnough() && (report = receiveMessageOnPort(this.#port))) this.take(report.message as Report);
      if (isEnough()) return;
      if (Atomics.wait(this.#reports, 0, seen, PATIENCE_MS) === "timed-out")
        throw new Error("A process does not answer.");
    }
  }

  /** Ends all processes. */
  async end(): Promise<void> {
    for (let process = 1; process <= this.#started; process++) this.signal(process, "SIGKILL");
    while (this.#idle.length + this.#listeners.size > 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    this.#port.close();
    await this.#thread.terminate();
  }

  private start(): number {
    const process = ++this.#started;
    this.order({ kind: "start", process });
    return process;
  }

  private order(order: Order): void {
    this.#port.postMessage(order);
  }

  private take(report: Report): void {
    const listener = this.#listeners.get(report.process);
    if (report.kind === "said") listener?.said(report.text);
    else {
      const index = this.#idle.indexOf(report.process);
      if (index >= 0) this.#idle.splice(index, 1);
      this.#listeners.delete(report.process);
      listener?.exited();
    }
  }
}
