const NOTHING = Object.freeze({});

/** `{ [key]: value }`, or nothing when there is no value: optional means absent. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? NOTHING : ({ [key]: value } as { readonly [P in K]?: V });
}

/** A copy that lacks some fields. */
export function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const copy: Partial<T> = {};
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (!(keys as readonly (keyof T)[]).includes(key)) copy[key] = value[key];
  }
  return copy as Omit<T, K>; // built up: engines are slow with objects that fields were deleted from
}
