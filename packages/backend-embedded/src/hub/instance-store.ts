import { InstanceAlreadyExistsError, InvalidInstanceStateError, atOnce, isTerminal } from "@perdure/core";
import type {
  HistoryEvent,
  InstancePage,
  InstanceQuery,
  InstanceStatus,
  InstanceStore,
  RuntimeStatus,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import { keptInput, statusIn, statusOf, toStatus } from "../file/instance-row";
import type { InstanceRow } from "../file/instance-row";
import { readHistory, readInput, readInstance, removeInstance, writeInstance } from "../file/instance-rows";
import { keys, under } from "../file/keys";
import { Creation } from "../work/creation";
import { Outgoing } from "../work/post";
import type { Services } from "../work/services";
import { queryInstances } from "./instance-query";

/** Instances in the file. Reading costs no transaction of its own and sees what is committed. */
export class EmbeddedInstanceStore implements InstanceStore {
  /** @param open Opens the file if need be. */
  constructor(private readonly open: () => Services) {}

  async create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    const services = this.open();
    const { limit, commits, post, file, mailroom, clock } = services;
    const { instanceId } = message;
    limit.check(message, instanceId);
    const outgoing = new Outgoing();
    const isNew = file.get(keys.state(instanceId)) === undefined;
    const candidate = new Creation(message, clock.now());
    const creation = isNew && mailroom.deliverAhead(instanceId, candidate) ? candidate : undefined;
    try {
      await commits.run(
        (transaction) => writeNew(transaction, services, message, reusable, creation, outgoing),
        () => {
          if (creation) mailroom.endCreation(instanceId, creation);
          post.passOn(outgoing);
          file.changes.notify(instanceId);
        },
      );
    } catch (error) {
      if (creation) {
        creation.state = "refused";
        mailroom.endCreation(instanceId, creation);
      }
      throw error;
    }
  }

  async send(message: TaskMessage): Promise<void> {
    const { limit, commits, post } = this.open();
    limit.check(message, message.instanceId);
    const outgoing = new Outgoing();
    await commits.run(
      (transaction) => post.write(transaction, message, outgoing),
      () => post.passOn(outgoing),
    );
  }

  get(instanceId: string): Promise<InstanceStatus | undefined> {
    return atOnce(() => {
      const { file } = this.open();
      const row = readInstance(file, instanceId);
      return row && toStatus(row, () => readInput(file, instanceId, row.turns));
    });
  }

  getHistory(instanceId: string): Promise<readonly HistoryEvent[]> {
    return atOnce(() => {
      const { file } = this.open();
      const row = readInstance(file, instanceId);
      return !row || row.pending ? [] : readHistory(file, instanceId, row.turns);
    });
  }

  query(query: InstanceQuery): Promise<InstancePage> {
    return atOnce(() => queryInstances(this.open().file, query));
  }

  async purge(instanceId: string): Promise<boolean> {
    const { commits, post, mailroom, file } = this.open();
    const outgoing = new Outgoing();
    let purged = false;
    await commits.run(
      (transaction) => {
        const row = readInstance(transaction.file, instanceId);
        const status = row && statusOf(row);
        if (!status) return;
        if (!isTerminal(status)) {
          throw new InvalidInstanceStateError(instanceId, status, "only a finished instance can be purged.");
        }
        const mail = transaction.file.keysIn(under("inbox", file.partitionOf(instanceId), instanceId));
        removeInstance(transaction, instanceId, row);
        for (const key of mail) transaction.remove(key);
        post.writePurged(transaction, instanceId, outgoing);
        purged = true;
      },
      () => {
        const partition = mailroom.partition(file.partitionOf(instanceId));
        if (purged && partition) mailroom.dropMail(partition, instanceId);
        post.passOn(outgoing);
        file.changes.notify(instanceId);
      },
    );
    return purged;
  }

  waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    const { file, mailroom } = this.open();
    return file.changes.wait(instanceId, !mailroom.partition(file.partitionOf(instanceId)), signal);
  }

  /** All that happens to an instance of an owned partition is committed here, but for its creation and its purge. */
  knownStatus(instanceId: string): RuntimeStatus | undefined {
    const { file, mailroom } = this.open();
    if (!mailroom.partition(file.partitionOf(instanceId))) return undefined;
    const text = file.get(keys.state(instanceId));
    return text === undefined ? undefined : statusIn(text);
  }
}

function writeNew(
  transaction: Transaction,
  { post, file }: Services,
  message: StartMessage,
  reusable: readonly RuntimeStatus[],
  creation: Creation | undefined,
  outgoing: Outgoing,
): void {
  const { instanceId, event } = message;
  const before = readInstance(transaction.file, instanceId);
  const status = before && statusOf(before);
  if (status && !reusable.includes(status)) throw new InstanceAlreadyExistsError(instanceId, status);
  if (creation && !before && creation.absorber?.(transaction)) {
    creation.state = "absorbed";
    return;
  }
  if (before?.pending)
    transaction.remove(keys.inbox(file.partitionOf(instanceId), instanceId, before.pending.number));
  const number = post.writeStart(transaction, message, outgoing, creation);
  const row: InstanceRow = {
    commits: (before?.commits ?? 0) + 1,
    turns: before?.turns ?? 0,
    ...(before?.state ? { state: before.state } : {}),
    ...keptInput(event.input),
    pending: { message, number },
  };
  writeInstance(transaction, instanceId, row, before);
  if (creation) {
    creation.state = "written";
    creation.row = row;
  }
}
