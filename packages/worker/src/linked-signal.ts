/** A signal that aborts with the first of several, and leaves no listener behind once unlinked. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Resolves when the signal aborts; never when it is unlinked first. */
  readonly aborted: Promise<undefined>;
  unlink(): void;
}

/** `AbortSignal.any` keeps what it made reachable from long-lived signals on Node 20; this does not. */
export function linkSignals(...sources: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  let resolveAborted: (value: undefined) => void;
  const aborted = new Promise<undefined>((resolve) => (resolveAborted = resolve));
  const abort = (event: Event | AbortSignal): void => {
    unlink();
    controller.abort((event instanceof AbortSignal ? event : (event.target as AbortSignal)).reason);
    resolveAborted(undefined);
  };
  const unlink = (): void => {
    for (const source of sources) source.removeEventListener("abort", abort);
  };
  const already = sources.find((source) => source.aborted);
  if (already) abort(already);
  else for (const source of sources) source.addEventListener("abort", abort);
  return { signal: controller.signal, aborted, unlink };
}
