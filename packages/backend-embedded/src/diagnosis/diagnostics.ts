import { atOnce } from "@perdure/core";
import type {
  ActivityMessage,
  CheckOptions,
  HubDiagnostics,
  InstanceWhereabouts,
  PartitionOwnership,
  Trouble,
} from "@perdure/core";
import { readInstance, writeInstance } from "../file/instance-rows";
import { keys } from "../file/keys";
import { Outgoing } from "../work/post";
import type { Services } from "../work/services";
import { leaseTroubles, partitionsOf } from "./leases";
import { orphanTroubles } from "./orphans";
import { whereaboutsOf } from "./whereabouts";

/** What the file tells. Reading costs no transaction of its own. */
export class EmbeddedDiagnostics implements HubDiagnostics {
  /** @param open Opens the file if need be. */
  constructor(private readonly open: () => Services) {}

  partitions(): Promise<readonly PartitionOwnership[]> {
    return atOnce(() => {
      const services = this.open();
      services.file.refresh();
      return partitionsOf(services);
    });
  }

  whereabouts(instanceId: string): Promise<InstanceWhereabouts> {
    return atOnce(() => whereaboutsOf(this.open(), instanceId));
  }

  async *check(options: CheckOptions): AsyncIterable<Trouble> {
    const services = this.open();
    services.file.refresh();
    yield* leaseTroubles(services, options.signal);
    yield* orphanTroubles(services, options);
  }

  async sendStart(instanceId: string): Promise<boolean> {
    const { commits, post, file } = this.open();
    const outgoing = new Outgoing();
    let isSent = false;
    await commits.run(
      (transaction) => {
        const row = readInstance(transaction.file, instanceId);
        if (!row?.pending) return;
        const { message, number } = row.pending;
        if (transaction.file.get(keys.inbox(file.partitionOf(instanceId), instanceId, number)) !== undefined)
          return;
        const pending = { message, number: post.writeStart(transaction, message, outgoing, undefined) };
        writeInstance(transaction, instanceId, { ...row, commits: row.commits + 1, pending }, row);
        isSent = true;
      },
      () => post.passOn(outgoing),
    );
    return isSent;
  }

  async sendActivity(message: ActivityMessage): Promise<void> {
    const { commits, post } = this.open();
    const outgoing = new Outgoing();
    await commits.run(
      (transaction) => post.writeActivity(transaction, message, outgoing),
      () => post.passOn(outgoing),
    );
  }
}
