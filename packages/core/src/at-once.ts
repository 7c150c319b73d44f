/** Runs `action` now, as one step nothing comes between; what it throws rejects the promise. */
export function atOnce<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => resolve(action()));
}
