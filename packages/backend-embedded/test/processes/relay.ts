/**
 * Has the processes and passes on what is said to them and by them, in a thread of its own: so the test's thread can
 * wait for an answer without giving way.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { Order, Report } from "./wire";

const { port, reports } = workerData as { readonly port: MessagePort; readonly reports: Int32Array };
const processes = new Map<number, ChildProcess>();

port.on("message", (order: Order) => {
  if (order.kind === "start") start(order.process);
  else if (order.kind === "send")
    processes.get(order.process)?.send(order.text, () => undefined); // it may be gone
  else processes.get(order.process)?.kill(order.signal);
});

function start(number: number): void {
  const child = fork(path.join(__dirname, "run.js"), ["host.ts"], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  processes.set(number, child);
  child.on("message", (text: string) => report({ kind: "said", process: number, text }));
  child.once("exit", () => {
    processes.delete(number);
    report({ kind: "exited", process: number });
  });
}

function report(what: Report): void {
  port.postMessage(what);
  Atomics.add(reports, 0, 1);
  Atomics.notify(reports, 0);
}
