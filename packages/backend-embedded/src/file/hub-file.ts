import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { BackendConfigurationError, CorruptStorageError, StorageUnavailableError } from "@perdure/core";
import { open } from "lmdb";
import type { RootDatabase } from "lmdb";
import { Bell } from "./bell";
import { Changes } from "./changes";
import { keys, partitionOf } from "./keys";
import type { Key, KeyRange } from "./keys";
import { refuseForeignFile } from "./lmdb-file";

/** Version of the layout in `keys.ts` and of the rows. */
const FORMAT = 1;

interface Layout {
  readonly format: number;
  readonly partitionCount: number;
}

export interface Row {
  readonly key: Key;
  readonly value: string;
}

type Database = RootDatabase<string, Key>;

/**
 * The file of a task hub, opened. All backend objects of a process that name the same file share one: LMDB must not
 * open a file twice in a process.
 */
export class HubFile {
  static readonly #open = new Map<string, HubFile>();
  /** Tells backends of this and other processes that something waits for them. */
  readonly bell: Bell;
  readonly changes: Changes;
  /** Tells the file from its copies. */
  readonly identity: string;
  #users = 0;
  #partitionCount: number | undefined;

  private constructor(
    readonly path: string,
    readonly relaxed: boolean,
    private readonly database: Database,
  ) {
    this.bell = new Bell(`${path}-bell`);
    this.changes = new Changes(path);
    const { dev, ino } = statSync(path);
    this.identity = `${dev}:${ino}`;
  }

  /**
   * @param relaxed Commits are not forced to the disk: a crash of the machine, not of the process, loses the latest.
   * @throws BackendConfigurationError, CorruptStorageError, StorageUnavailableError
   */
  static open(file: string, relaxed: boolean): HubFile {
    const directory = path.dirname(path.resolve(file));
    try {
      mkdirSync(directory, { recursive: true });
    } catch (error) {
      throw new StorageUnavailableError(`The folder '${directory}' cannot be made.`, error);
    }
    const real = path.join(realpathSync(directory), path.basename(file));
    let opened = this.#open.get(real);
    if (!opened) this.#open.set(real, (opened = new HubFile(real, relaxed, openDatabase(real, relaxed))));
    if (opened.relaxed !== relaxed) {
      throw new BackendConfigurationError(
        `The hub '${file}' is already open in this process with another durability: use the same everywhere.`,
      );
    }
    opened.#users++;
    return opened;
  }

  static exists(file: string): boolean {
    return existsSync(file);
  }

  /** The last user's call closes the file. */
  async close(): Promise<void> {
    if (--this.#users > 0) return;
    HubFile.#open.delete(this.path);
    this.bell.close();
    this.changes.close();
    await this.database.close();
  }

  get(key: Key): string | undefined {
    return this.database.get(key);
  }

  /** @param limit Default: all. */
  rows({ start, end }: KeyRange, limit?: number): readonly Row[] {
    const range = this.database.getRange({ start, end, ...(limit === undefined ? {} : { limit }) });
    return [...range] as Row[];
  }

  keysIn({ start, end }: KeyRange, limit?: number): readonly Key[] {
    return [...this.database.getKeys({ start, end, ...(limit === undefined ? {} : { limit }) })];
  }

  /** What other processes have committed until now becomes visible. */
  refresh(): void {
    this.database.resetReadTxn();
  }

  /** For use within `transact`. */
  put(key: Key, value: string): void {
    this.database.putSync(key, value);
  }

  /** For use within `transact`. */
  remove(key: Key): void {
    this.database.removeSync(key);
  }

  /**
   * Runs `action` in a write transaction, alone among all processes. Resolves once it is on the disk; when `action`
   * throws, nothing is changed. A child transaction, because LMDB's JavaScript layer commits what a plain one had
   * written before its callback threw.
   */
  async transact(action: () => void): Promise<void> {
    await this.database.childTransaction(action);
  }

  /** Removes everything but the file. */
  async clear(): Promise<void> {
    this.#partitionCount = undefined;
    await this.database.clearAsync();
  }

  /** Notes the layout in a new file. */
  async stamp(partitionCount: number): Promise<void> {
    this.#partitionCount ??= readLayout(this.database)?.partitionCount;
    if (this.#partitionCount !== undefined) return;
    const layout: Layout = { format: FORMAT, partitionCount };
    await this.transact(() => {
      if (this.get(keys.format) === undefined) this.put(keys.format, JSON.stringify(layout));
    });
    this.#partitionCount = readLayout(this.database)?.partitionCount;
  }

  /** @throws BackendConfigurationError when the hub has not been created. */
  get partitionCount(): number {
    this.#partitionCount ??= readLayout(this.database)?.partitionCount;
    if (this.#partitionCount !== undefined) return this.#partitionCount;
    throw noHub(this.path);
  }

  partitionOf(instanceId: string): number {
    return partitionOf(instanceId, this.partitionCount);
  }

  /**
   * Writes a copy without free pages, as of now, while work goes on.
   *
   * @throws StorageUnavailableError
   */
  async copyTo(target: string): Promise<void> {
    if (existsSync(target))
      throw new StorageUnavailableError(`'${target}' is there already: name a new file.`);
    try {
      mkdirSync(path.dirname(path.resolve(target)), { recursive: true });
      await this.database.backup(target, true);
    } catch (error) {
      throw new StorageUnavailableError(`The copy '${target}' could not be written.`, error);
    }
    // LMDB's JavaScript layer does not always say that it failed.
    if (!existsSync(target)) throw new StorageUnavailableError(`The copy '${target}' could not be written.`);
  }
}

export function noHub(file: string): BackendConfigurationError {
  return new BackendConfigurationError(
    `There is no task hub in '${file}': call createTaskHub, or start a worker.`,
  );
}

function openDatabase(file: string, relaxed: boolean): Database {
  refuseForeignFile(file);
  let database: Database;
  try {
    database = open<string, Key>({
      path: file,
      noSubdir: true,
      encoding: "string",
      overlappingSync: false, // a commit resolves after its fsync, not before
      noSync: relaxed,
      eventTurnBatching: false, // groups are made here
    });
  } catch (error) {
    throw new StorageUnavailableError(`The hub '${file}' cannot be opened.`, error);
  }
  try {
    refuseForeignFormat(file, readLayout(database));
    return database;
  } catch (error) {
    void database.close();
    throw error;
  }
}

function refuseForeignFormat(file: string, layout: Layout | undefined): void {
  if (!layout || layout.format === FORMAT) return;
  throw new BackendConfigurationError(
    `The hub '${file}' was written by a newer version (format ${layout.format}, this one knows ${FORMAT}): update this process.`,
  );
}

function readLayout(database: Database): Layout | undefined {
  const text = database.get(keys.format);
  if (text === undefined) return undefined;
  try {
    const layout = JSON.parse(text) as Layout;
    if (Number.isInteger(layout.format) && Number.isInteger(layout.partitionCount)) return layout;
  } catch {
    // said below
  }
  throw new CorruptStorageError(`The file is not a task hub: its layout is '${text}'.`);
}
