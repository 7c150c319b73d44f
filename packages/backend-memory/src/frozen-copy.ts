/**
 * A deeply frozen copy of plain data. What is stored is copied once on its way in and handed out as it is: nobody can
 * change it, so nobody needs another copy. Fields that are `undefined` are left out, as JSON would.
 */
export function frozenCopy<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(copy));
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.freeze(Object.fromEntries(fields.map(([key, field]) => [key, copy(field)]))); // fromEntries: "__proto__" stays a key
}
