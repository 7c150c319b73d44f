/** Tells waiters of this process that an instance may have changed. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();

  notify(instanceId: string): void {
    const waiting = this.#waiting.get(instanceId);
    this.#waiting.delete(instanceId);
    for (const wake of waiting ?? []) wake();
  }

  wait(instanceId: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let waiting = this.#waiting.get(instanceId);
      if (!waiting) this.#waiting.set(instanceId, (waiting = new Set()));
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(instanceId) === waiting) this.#waiting.delete(instanceId);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
