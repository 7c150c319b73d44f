/**
 * Looks at a file before LMDB does: LMDB maps what it is given into memory, and a file that is something else, or has lost
 * its end, ends the process without a word. The layout is that of `MDB_meta` in LMDB's `mdb.c`, two pages at the start.
 *
 * That a file is whole cannot be told from its length, which may be less than the pages it has given out. It has the
 * pages that everything begins with.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { BackendConfigurationError, CorruptStorageError, StorageUnavailableError } from "@perdure/core";

interface Meta {
  readonly pageSize: number;
  /** Of the free pages and of the rows. */
  readonly roots: readonly bigint[];
  readonly transaction: bigint;
}

/** Offsets in a page, on machines with addresses of 64 bits. */
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const ROOTS_AT = [88, 136];
/** The root of what is empty. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const KNOWN_MACHINES: readonly string[] = ["x64", "arm64"];

/** @throws CorruptStorageError, BackendConfigurationError, StorageUnavailableError. Nothing is written. */
export function refuseForeignFile(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return;
  if (!stats.isFile()) throw new BackendConfigurationError(`'${file}' is no file: give the path of one.`);
  if (stats.size > 0 && KNOWN_MACHINES.includes(process.arch)) examine(file);
}

function examine(file: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    throw new StorageUnavailableError(`The hub '${file}' cannot be read.`, error);
  }
  try {
    const metas = metasOf(descriptor);
    if (!metas)
      throw new CorruptStorageError(`'${file}' is no task hub, but something else: check the path.`);
    const newest = metas.reduce((one, other) => (other.transaction > one.transaction ? other : one));
    const { size } = fstatSync(descriptor);
    const isWhole = newest.roots.every(
      (page) => page === NO_PAGE || (page + 1n) * BigInt(newest.pageSize) <= size,
    );
    if (isWhole) return;
    throw new CorruptStorageError(
      `The hub '${file}' has ${size} bytes, and its end is missing. Put a whole copy in its place.`,
    );
  } finally {
    closeSync(descriptor);
  }
}

/** The two that there are; `undefined` when the file is not LMDB's. */
function metasOf(descriptor: number): readonly Meta[] | undefined {
  const first = metaAt(descriptor, 0);
  const second = first && metaAt(descriptor, first.pageSize);
  return second && [first, second];
}

function metaAt(descriptor: number, position: number): Meta | undefined {
  const page = Buffer.alloc(META_BYTES);
  if (readSync(descriptor, page, 0, META_BYTES, position) < META_BYTES) return undefined;
  if (page.readUInt32LE(MAGIC_AT) !== MAGIC) return undefined;
  return {
    pageSize: page.readUInt32LE(PAGE_SIZE_AT),
    roots: ROOTS_AT.map((at) => page.readBigUInt64LE(at)),
    transaction: page.readBigUInt64LE(TRANSACTION_AT),
  };
}
