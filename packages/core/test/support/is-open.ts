/** Whether the promise is still open once everything that can happen now has happened. */
export async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  void promise.finally(() => (open = false));
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  return open;
}
