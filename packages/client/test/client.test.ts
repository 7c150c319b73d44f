import { inspect } from "node:util";
import { InvalidArgumentError } from "@perdure/core";
import { Client } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

describe("the task hub", () => {
  it("is created once, on first use", async () => {
    const backend = new FakeBackend();
    const client = new Client(backend);
    expect(backend.createTaskHub).not.toHaveBeenCalled();

    await Promise.all([client.get("a"), client.get("b"), client.startNew("c")]);
    await client.get("a");

    expect(backend.createTaskHub).toHaveBeenCalledTimes(1);
  });

  it("is tried again after a failure", async () => {
    const backend = new FakeBackend();
    const createTaskHub = jest.fn().mockRejectedValueOnce(new Error("down")).mockResolvedValue(undefined);
    backend.createTaskHub = createTaskHub;
    const client = new Client(backend);

    await expect(Promise.all([client.get("a"), client.get("b")])).rejects.toThrow("down");
    await client.get("a");
    await client.get("b");

    expect(createTaskHub).toHaveBeenCalledTimes(2);
  });
});

describe("get", () => {
  it("returns the instance, decoded", async () => {
    const backend = new FakeBackend();
    const stored = { status: "Completed", output: "0", input: "null", customStatus: '{"at":1}' } as const;
    backend.instances.put(
      instance("a", { ...stored, completedAt: 5, scheduledStartTime: 4, tags: { x: "y" } }),
    );

    const snapshot = await new Client(backend).get("a");

    expect(snapshot).toEqual({
      instanceId: "a",
      executionId: "execution-1",
      name: "purchase",
      status: "Completed",
      createdAt: new Date(Date.UTC(2030, 0, 1)),
      lastUpdatedAt: new Date(Date.UTC(2030, 0, 2)),
      completedAt: new Date(5),
      scheduledStartTime: new Date(4),
      tags: { x: "y" },
      input: null,
      customStatus: { at: 1 },
      output: 0,
    });
  });

  it("leaves out what is not there", async () => {
    const backend = new FakeBackend();
    backend.instances.put(instance("a"));

    const snapshot = await new Client(backend).get("a");

    for (const field of ["input", "output", "customStatus", "completedAt", "scheduledStartTime"]) {
      expect(snapshot).not.toHaveProperty(field);
    }
  });

  it("returns undefined for a missing instance", async () => {
    await expect(new Client(new FakeBackend()).get("a")).resolves.toBeUndefined();
  });

  it("tells of a payload that is not JSON without showing it", async () => {
    const backend = new FakeBackend();
    backend.instances.put(instance("a", { output: "s3cret" }));

    const error: unknown = await new Client(backend).get("a").catch((e: unknown) => e);

    expect(error).toMatchObject({
      code: "CorruptStorage",
      message: expect.stringMatching(/output of instance 'a'/),
    });
    expect(inspect(error)).not.toContain("s3cret");
  });

  it("refuses a bad id", async () => {
    await expect(new Client(new FakeBackend()).get("a#b")).rejects.toThrow(InvalidArgumentError);
  });
});

describe("instance", () => {
  it("does not look whether the instance exists", () => {
    const backend = new FakeBackend();

    const handle = new Client(backend).instance("a");

    expect(handle).toMatchObject({ instanceId: "a", created: false });
    expect(backend.instances.gets).toBe(0);
    expect(backend.createTaskHub).not.toHaveBeenCalled();
  });

  it("refuses a bad id", () => {
    expect(() => new Client(new FakeBackend()).instance("a?b")).toThrow(InvalidArgumentError);
  });
});

describe("deadLetters", () => {
  const letter = {
    id: "1",
    instanceId: "a",
    reason: "poison",
    deliveryCount: 9,
    deadLetteredAt: 1,
    body: "{}",
  };

  it("lists, redrives and discards", async () => {
    const backend = new FakeBackend();
    backend.deadLetters.letters.set("1", letter).set("2", { ...letter, id: "2" });
    const { deadLetters } = new Client(backend);

    const ids: string[] = [];
    for await (const { id } of deadLetters.list()) ids.push(id);

    expect(ids).toEqual(["1", "2"]);
    await expect(deadLetters.redrive("1")).resolves.toBe(true);
    await expect(deadLetters.discard("2")).resolves.toBe(true);
    await expect(deadLetters.discard("2")).resolves.toBe(false);
    expect(backend.deadLetters.redriven).toEqual(["1"]);
    expect(backend.createTaskHub).toHaveBeenCalledTimes(1);
  });

  it("refuses an empty id", async () => {
    const { deadLetters } = new Client(new FakeBackend());

    await expect(deadLetters.redrive("")).rejects.toThrow(InvalidArgumentError);
    await expect(deadLetters.discard("")).rejects.toThrow(InvalidArgumentError);
  });
});
