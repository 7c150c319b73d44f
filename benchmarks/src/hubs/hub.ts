import type { Backend } from "perdure";
import type { Setting } from "../setting";
import { openAzurite } from "./azurite";
import { openEmbedded } from "./embedded";
import { openMemory } from "./memory";
import type { StorageCounter } from "./storage-counter";

/** How a process of its own opens the hub. */
export interface RemoteHub {
  readonly package: string;
  /** The exported class. */
  readonly backend: string;
  readonly options: object;
}

/** An empty task hub on storage of its own: nothing that ran before costs anything in it. */
export interface Hub {
  /** A backend object on the hub. Its user stops it, before another one is opened. */
  open(): Backend;
  /** Absent when there is no storage to ask. */
  readonly counter?: StorageCounter;
  /** Absent when no other process can open it. */
  readonly remote?: RemoteHub;
  /** Removes the hub with its storage. Backend objects must be stopped. */
  close(): Promise<void>;
}

export function openHub(setting: Setting): Promise<Hub> {
  switch (setting.backend) {
    case "embedded":
      return Promise.resolve(openEmbedded(setting));
    case "memory":
      return Promise.resolve(openMemory());
    case "azurite":
      return openAzurite();
  }
}
