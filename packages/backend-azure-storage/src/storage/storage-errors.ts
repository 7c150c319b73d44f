export type StorageConflictKind = "exists" | "stale" | "missing";

/**
 * A conditional request met another state than it expected: `exists` (409, insert of an existing row), `stale` (412,
 * ETag differs), `missing` (404, nothing to change). Steers the protocol inside this package and never leaves it.
 *
 * A request that was repeated after a lost answer can conflict with its own first try.
 */
export class StorageConflict extends Error {
  override readonly name = "StorageConflict";

  constructor(
    readonly kind: StorageConflictKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Storage will never accept this request: a limit is exceeded or it is malformed. A bug above; do not repeat it. */
export class StorageRejectedError extends Error {
  override readonly name = "StorageRejectedError";

  constructor(
    message: string,
    /** The service's error code, for example `RequestBodyTooLarge`. */
    readonly code: string,
  ) {
    super(message);
  }
}
