/**
 * Bugs that the simulation must find: proof that it can fail. Each changes the sources while they are loaded; a text to
 * find that is not there once is an error, so that the list cannot go stale unseen.
 */
export interface Change {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly changes: readonly Change[];
}

const AZURE = "packages/backend-azure-storage/src";
const CORE = "packages/core/src/orchestration";

const change = (file: string, find: string, replace: string): Change => ({ file, find, replace });
const session = (find: string, replace: string): Change =>
  change(`${AZURE}/orchestration-session.ts`, find, replace);
const owner = (find: string, replace: string): Change => change(`${AZURE}/partition-owner.ts`, find, replace);
const commits = (find: string, replace: string): Change => change(`${AZURE}/known-commits.ts`, find, replace);
const messages = (find: string, replace: string): Change =>
  change(`${AZURE}/messages-in-hand.ts`, find, replace);

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "messages are sent before the commit that decides them",
    changes: [
      session(
        "    try {\n      const commit = {",
        "    await this.sendOutbox(checkpoint);\n    try {\n      const commit = {",
      ),
    ],
  },
  {
    name: "a commit goes without its ETag",
    changes: [
      change(
        `${AZURE}/history-table.ts`,
        '      etag === undefined ? { kind: "insert", row } : { kind: "replace", row, etag },',
        '      { kind: "upsert", row },',
      ),
    ],
  },
  {
    name: "messages are acknowledged before the outbox is sent",
    changes: [
      session(
        "    await this.sendOutbox(checkpoint);\n",
        "    for (const delivery of this.record.settled.splice(0)) this.owner.messages.acknowledge(delivery);\n    await this.sendOutbox(checkpoint);\n",
      ),
    ],
  },
  {
    name: "rule 1: an epoch that dropped a session counts as clean",
    changes: [session("if (this.#hasCommitted) this.owner.commits.markDirty(this.instanceId);", "")],
  },
  {
    name: "rule 2: a later owner's commit is not noticed",
    changes: [
      session("if (epoch === undefined || epoch <= this.owner.commits.epoch) return;", "return;"),
      session(
        "    if (sentinel && sentinel.committed.epoch > this.owner.commits.epoch) this.owner.lose();\n    else this.redeliver();\n    return new WorkItemLockLostError",
        "    for (const delivery of this.giveUp()) this.owner.messages.acknowledge(delivery);\n    this.end();\n    return new WorkItemLockLostError",
      ),
    ],
  },
  {
    name: "rule 4: continue-as-new forgets the ids of what it has consumed",
    changes: [
      change(
        `${CORE}/turn.ts`,
        "return { ...own, executionId: started.executionId, recentMessageIds };",
        "return { ...own, executionId: started.executionId, recentMessageIds: [] };",
      ),
      session("if (this.#carriedIds.length === 0) return state;", "return state;"),
    ],
  },
  {
    name: "the outbox of an owner that died is not sent again",
    changes: [
      commits(
        "if (epoch === this.epoch || this.#latest.get(instanceId)?.etag === etag) return false;",
        "return false;",
      ),
    ],
  },
  {
    name: "activities that a dead owner had claimed are not queued again",
    changes: [session("const again = [...unsent, ...claimed].filter(", "const again = [...unsent].filter(")],
  },
  {
    name: "repeated messages are not recognised",
    changes: [
      change(
        `${CORE}/accept.ts`,
        "if (this.instance.isKnown(message.id) || this.#seenIds.has(message.id)) return;",
        "",
      ),
    ],
  },
  {
    name: "the instance row is written before the commit",
    changes: [
      session(
        "    try {\n      const commit = {",
        "    this.record.projection.changed(checkpoint.state, undefined, 1e9);\n    await this.record.projection.flush().catch(() => undefined);\n    try {\n      const commit = {",
      ),
    ],
  },
  {
    name: "a timer's message is deleted when it fires, not when the commit is out",
    changes: [
      messages(
        "    delivery.deliveryCount = 1;\n",
        "    delivery.deliveryCount = 1;\n    void this.queue.delete(delivery.receipt).catch(() => undefined);\n",
      ),
    ],
  },
  {
    name: "no message is kept as an anchor",
    changes: [owner("record.settled.splice(1)", "record.settled.splice(0)")],
  },
  {
    name: "the rest of a timer is dropped at the end of a chunk",
    changes: [
      owner(
        "      else await this.unlessItFails(this.hideRest(delivery, received[index]?.dequeueCount ?? 1));",
        "      else this.messages.acknowledge(delivery);",
      ),
    ],
  },
  {
    name: "a message whose deletion failed is never looked at again",
    changes: [
      messages(
        "      } finally {\n        this.#inHand.delete(messageId); //",
        "      } finally {\n        //",
      ),
    ],
  },
  {
    name: "events of the turn that continues as new are dropped",
    changes: [
      change(`${CORE}/turn.ts`, "      ...outcome.carryover,\n", ""),
      change(`${CORE}/turn.ts`, "      ...unapplied.filter(survivesGeneration),\n", ""),
    ],
  },
  {
    name: "a purge leaves the blobs",
    changes: [change(`${AZURE}/instance-store.ts`, "      await payloads.deleteAll(instanceId);\n", "")],
  },
];
