const PARENT_POLL_MS = 500;

/** Aborts at the first SIGINT or SIGTERM, with the signal's name as reason. The second one ends the process at once. */
export function stopRequest(): AbortSignal {
  const request = new AbortController();
  const ask = (signal: NodeJS.Signals): void => {
    if (request.signal.aborted) process.exit(exitCodeOf(request.signal)); // emulator and worker notice, and end
    request.abort(signal);
  };
  process.on("SIGINT", ask).on("SIGTERM", ask);
  if (process.env["npm_lifecycle_event"] !== undefined) {
    // A signal for npm reaches the shell in between and goes no further, so look whether that shell is gone.
    const parent = process.ppid;
    const look = (): void => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      if (!request.signal.aborted) ask("SIGTERM");
    };
    const timer = setInterval(look, PARENT_POLL_MS).unref();
  }
  return request.signal;
}

/** What a shell expects of a process that such a signal has ended. */
export function exitCodeOf(request: AbortSignal): number {
  return request.reason === "SIGINT" ? 130 : 143;
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
