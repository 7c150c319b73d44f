import path from "node:path";
import { startAzurite } from "../../../scripts/azurite";
import { DEFAULT_HUB, fileOf, newHubName } from "../hub";
import type { HubAddress } from "../hub";

/** What the user asks for. */
export interface StorageChoice {
  /** An account. An empty one is none. */
  readonly connectionString?: string | undefined;
  /** An emulator of its own. */
  readonly azurite?: boolean | undefined;
  /** A task hub by name; without it the run has one of its own. */
  readonly hub?: string | undefined;
}

/** The storage of a run. */
export interface DemoStorage {
  readonly hub: HubAddress;
  readonly kind: "file" | "emulator" | "account";
  /** An emulator that `UseDevelopmentStorage=true` finds. */
  readonly isAtUsualPorts: boolean;
  /** In one line, without any secret. */
  readonly description: string;
  /** True once an emulator of its own has ended, whoever ended it. */
  hasEnded(): boolean;
  stop(): Promise<void>;
}

/** Without an emulator or an account it is a file on this machine. An emulator is started, as azurite.json says. */
export async function openStorage({ connectionString, azurite, hub }: StorageChoice): Promise<DemoStorage> {
  if (azurite) return startEmulator(hub);
  const taskHub = hub ?? newHubName();
  const rest = { isAtUsualPorts: false, hasEnded: () => false, stop: () => Promise.resolve() };
  if (connectionString) {
    const description = "the storage account of the given connection string";
    return { hub: { connectionString, taskHub }, kind: "account", description, ...rest };
  }
  const file = path.relative(process.env["INIT_CWD"] ?? process.cwd(), fileOf(taskHub));
  return { hub: { taskHub }, kind: "file", description: `the file ${file}`, ...rest };
}

async function startEmulator(hub: string | undefined): Promise<DemoStorage> {
  const azurite = await startAzurite();
  const { blob, queue, table } = azurite.ports;
  return {
    hub: { connectionString: azurite.connectionString, taskHub: hub ?? DEFAULT_HUB },
    kind: "emulator",
    isAtUsualPorts: blob === 10000 && queue === 10001 && table === 10002,
    description: `Azurite, process ${azurite.pid}, ports ${blob} (blob), ${queue} (queue), ${table} (table)`,
    hasEnded: () => azurite.exited(),
    stop: () => azurite.stop(),
  };
}
