import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { VirtualClock } from "@perdure/core";
import type { ActivityMessage, TaskMessage } from "@perdure/core";
import { GroupCommit } from "../src/file/group-commit";
import { HubFile } from "../src/file/hub-file";
import { keys } from "../src/file/keys";
import type { Services } from "../src/work/services";
import { WorkItems } from "../src/work/work-items";

const message: ActivityMessage = {
  id: "e/0",
  instanceId: "i",
  executionId: "e",
  orchestrationName: "o",
  taskScheduledId: 0,
  name: "a",
  attempt: 1,
  firstAttemptId: 0,
  scheduledAt: 0,
};

const result: TaskMessage = {
  id: "r",
  instanceId: "i",
  event: { type: "TaskCompleted", timestamp: 0, taskScheduledId: 0 },
};

describe("WorkItems", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "perdure-embedded-"));
  const file = HubFile.open(path.join(directory, "hub.perdure"), true);
  const commits = new GroupCommit(file);
  const sent: TaskMessage[] = [];
  const clock = new VirtualClock();
  const services = {
    file,
    commits,
    clock,
    lockMs: 15_000,
    maxDeliveryCount: 10,
    held: new Set(),
    limit: { check: () => undefined },
    post: { write: (_: unknown, one: TaskMessage) => sent.push(one), passOn: () => undefined },
  } as unknown as Services;
  const items = new WorkItems(services, "this process");

  afterAll(async () => {
    await file.close();
    rmSync(directory, { recursive: true });
  });

  it("an activity may end in the very transaction that renews its lock", async () => {
    await commits.run((transaction) =>
      transaction.put(keys.activity(0, transaction.nextNumber()), JSON.stringify([0, message])),
    );
    const [item] = await items.take(1);

    await Promise.all([items.renew(), item?.complete(result)]);

    expect(sent).toEqual([result]);
    expect(item?.lost.aborted).toBe(false);
    expect(items.nextDue).toBeUndefined();
  });

  it("T6: a process that slept with its machine does not take again what it runs", async () => {
    await commits.run((transaction) =>
      transaction.put(keys.activity(0, transaction.nextNumber()), JSON.stringify([0, message])),
    );
    const [item] = await items.take(1);

    clock.jumpTo(clock.now() + 8 * 3_600_000);

    expect(await items.take(1)).toEqual([]);
    expect(item?.lost.aborted).toBe(false);
    expect(items.nextDue).toBe(clock.now() + 15_000);
  });
});
