import path from "node:path";
import { startAzurite } from "../../scripts/azurite";
import type { Azurite } from "../../scripts/azurite";

/** An emulator that keeps its data on disk, so that it can be away for a time. */
export class Emulator {
  private constructor(
    private readonly location: string,
    private azurite: Azurite,
  ) {}

  static async start(folder: string): Promise<Emulator> {
    const location = path.join(folder, "azurite");
    return new Emulator(location, await startAzurite({ location, ports: { blob: 0, queue: 0, table: 0 } }));
  }

  get connectionString(): string {
    return this.azurite.connectionString;
  }

  /** Ends the emulator; its data stay. */
  stop(): Promise<void> {
    return this.azurite.stop();
  }

  /** Starts it again, with the data it had. @throws Error when it cannot be where it was. */
  async restart(): Promise<void> {
    const { connectionString, ports } = this.azurite;
    this.azurite = await startAzurite({ location: this.location, ports });
    if (this.connectionString !== connectionString)
      throw new Error("Another process took the emulator's ports.");
  }
}
