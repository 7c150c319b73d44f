import type {
  ActivityMessage,
  CheckOptions,
  HubDiagnostics,
  InstanceWhereabouts,
  PartitionOwnership,
  Trouble,
} from "@perdure/core";
import { startOf } from "../instance-table";
import { leaseTroubles, ownershipOf } from "./leases";
import { orphanTroubles } from "./orphans";
import { partTroubles, skewTroubles } from "./parts";
import type { DiagnosisServices } from "./services";
import { Whereabouts } from "./whereabouts";

/** What storage tells. Queues show only the first of what is not hidden: most is told by what has not happened. */
export class AzureDiagnostics implements HubDiagnostics {
  readonly #whereabouts: Whereabouts;

  constructor(private readonly services: DiagnosisServices) {
    this.#whereabouts = new Whereabouts(services);
  }

  async partitions(): Promise<readonly PartitionOwnership[]> {
    const rows = await this.services.leases.readAll();
    return rows.map((row) => ownershipOf(row, this.services.settings.clock.now()));
  }

  whereabouts(instanceId: string): Promise<InstanceWhereabouts> {
    return this.#whereabouts.of(instanceId);
  }

  async *check(options: CheckOptions): AsyncIterable<Trouble> {
    let isComplete = true;
    for await (const trouble of partTroubles(this.services)) {
      isComplete &&= trouble.severity !== "error";
      yield trouble;
    }
    yield* skewTroubles(this.services);
    if (!isComplete) return; // the rest asks what is not there
    yield* leaseTroubles(this.services, options);
    yield* orphanTroubles(this.services, options);
  }

  async sendStart(instanceId: string): Promise<boolean> {
    const { instances, history, payloads, send } = this.services;
    const row = await instances.get(instanceId);
    const start = row && (await startOf(row, payloads));
    const current = await history.readState(instanceId);
    if (!start || current?.state.startExecutionId === start.event.executionId) return false;
    await send(start);
    return true;
  }

  sendActivity(message: ActivityMessage): Promise<void> {
    return this.services.sendActivity(message);
  }
}
