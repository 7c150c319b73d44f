/** A process with one embedded backend, that does what another asks for. */
import type { ActivityWorkItem, DeadLetter, InstanceVersion, OrchestrationSession } from "@perdure/core";
import { EmbeddedBackend } from "../../src";
import { fromText, toPlain, toText } from "./wire";
import type { HostOptions, RemoteItem, RemoteSession, Reply, Request, Target } from "./wire";

type Call = Request & { readonly kind: "call" };
type Method = (...args: readonly unknown[]) => unknown;

let nextHandle = 0;
let backend: EmbeddedBackend;
const calls = new Map<number, AbortController>();
/** What is locked, and known versions of instances, by their handles. */
const handles = new Map<number, object>();
const versions = new Map<object, number>();

const host = {
  open: async (options: HostOptions): Promise<void> => {
    handles.clear();
    versions.clear();
    backend = new EmbeddedBackend(options);
    await backend.createTaskHub();
    await backend.start();
  },
};

process.on("message", (text: string) => {
  const request = fromText(text) as Request;
  if (request.kind === "abort") calls.get(request.id)?.abort();
  else answer(request);
});
process.once("disconnect", () => process.exit());

/** At once when there is nothing to wait for. */
function answer(call: Call): void {
  const { id } = call;
  const succeed = (result: unknown): void => {
    calls.delete(id);
    say({ kind: "result", id, result });
  };
  const fail = (error: unknown): void => {
    calls.delete(id);
    say({ kind: "error", id, error: toPlain(error) });
  };
  try {
    const result = perform(call);
    if (result instanceof Promise) result.then(succeed).catch(fail);
    else succeed(result);
  } catch (error) {
    fail(error);
  }
}

function perform({ id, target, method, args, hasSignal }: Call): unknown {
  if (target === "orchestrations") return lockSession(signalOf(id));
  if (target === "activities") return lockItems(Number(args[0]), signalOf(id));
  if (target === "deadLetters" && method === "list") return listed();
  const subject = subjectOf(target);
  if (method === "version") return versionOf(subject as OrchestrationSession);
  if (method === "attach") {
    const version = handles.get(Number(args[0])) as InstanceVersion;
    return (subject as OrchestrationSession).attach(version);
  }
  const value = (subject as Readonly<Record<string, unknown>>)[method];
  if (typeof value !== "function") return value;
  return (value as Method).call(subject, ...args, ...(hasSignal ? [signalOf(id)] : []));
}

function subjectOf(target: Target): unknown {
  if (target === "host") return host;
  if (target === "backend") return backend;
  if (typeof target === "number") return handles.get(target);
  return backend[target];
}

function signalOf(id: number): AbortSignal {
  const controller = new AbortController();
  calls.set(id, controller);
  return controller.signal;
}

async function lockSession(signal: AbortSignal): Promise<RemoteSession | undefined> {
  const session = await backend.orchestrations.lockNext(signal);
  return session && { handle: keep(session), instanceId: session.instanceId };
}

async function lockItems(limit: number, signal: AbortSignal): Promise<readonly RemoteItem[]> {
  const items = await backend.activities.lockNext(limit, signal);
  return items.map((item) => ({
    handle: keep(item),
    message: item.message,
    deliveryCount: item.deliveryCount,
  }));
}

async function listed(): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of backend.deadLetters.list()) letters.push(letter);
  return letters;
}

function keep(locked: OrchestrationSession | ActivityWorkItem): number {
  const handle = ++nextHandle;
  handles.set(handle, locked);
  locked.lost.addEventListener("abort", () => say({ kind: "lost", handle }));
  return handle;
}

function versionOf({ version }: OrchestrationSession): number | undefined {
  if (!version) return undefined;
  let handle = versions.get(version);
  if (handle === undefined) {
    handle = ++nextHandle;
    versions.set(version, handle);
    handles.set(handle, version);
  }
  return handle;
}

function say(reply: Reply): void {
  process.send?.(toText(reply));
}
