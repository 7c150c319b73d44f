import { atOnce } from "@perdure/core";
import type { DeadLetter, DeadLetterStore } from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import { readInstance, removeInstance, writeInstance } from "../file/instance-rows";
import { between, keys } from "../file/keys";
import { toDeadLetter } from "../work/dead-letter-row";
import type { DeadLetterRow } from "../work/dead-letter-row";
import { Outgoing } from "../work/post";
import type { Services } from "../work/services";

const PAGE = 100;

export class EmbeddedDeadLetters implements DeadLetterStore {
  /** @param open Opens the file if need be. */
  constructor(private readonly open: () => Services) {}

  async *list(): AsyncIterable<DeadLetter> {
    let from = 0;
    for (;;) {
      const start = from;
      const rows = await atOnce(() =>
        this.open().file.rows(between(["dead"], start, Number.POSITIVE_INFINITY), PAGE),
      );
      for (const { key, value } of rows) {
        from = Number(key[1]) + 1;
        yield toDeadLetter(Number(key[1]), JSON.parse(value) as DeadLetterRow);
      }
      if (rows.length < PAGE) return;
    }
  }

  async redrive(id: string): Promise<boolean> {
    const { commits, post } = this.open();
    const outgoing = new Outgoing();
    let found = false;
    await commits.run(
      (transaction) => {
        const row = take(transaction, id);
        found = row !== undefined;
        if (row?.kind === "message") post.write(transaction, row.message, outgoing);
        if (row?.kind === "activity") post.writeActivity(transaction, row.message, outgoing);
      },
      () => post.passOn(outgoing),
    );
    return found;
  }

  async discard(id: string): Promise<boolean> {
    const { commits, file } = this.open();
    let discarded: DeadLetterRow | undefined;
    await commits.run(
      (transaction) => {
        discarded = take(transaction, id);
        if (discarded?.kind === "message") endPending(transaction, discarded);
      },
      () => {
        if (discarded) file.changes.notify(discarded.message.instanceId);
      },
    );
    return discarded !== undefined;
  }
}

function take(transaction: Transaction, id: string): DeadLetterRow | undefined {
  const number = Number(id);
  if (!Number.isSafeInteger(number)) return undefined;
  const key = keys.dead(number);
  const text = transaction.file.get(key);
  if (text === undefined) return undefined;
  transaction.remove(key);
  return JSON.parse(text) as DeadLetterRow;
}

/** The start of an instance was thrown away: it will never start. */
function endPending(transaction: Transaction, { message }: DeadLetterRow): void {
  const { instanceId } = message;
  const row = readInstance(transaction.file, instanceId);
  if (row?.pending?.message.id !== message.id) return;
  const { pending: _never, ...rest } = row;
  if (row.state) writeInstance(transaction, instanceId, { ...rest, commits: row.commits + 1 }, row);
  else removeInstance(transaction, instanceId, row);
}
