import { NonRetriableError, defineActivity, defineOrchestration } from "@perdure/core";
import { mockActivity } from "../src";
import { using } from "./support";

interface Order {
  readonly item: string;
  readonly price: number;
}

const charge = defineActivity("charge", async (_ctx, order: Order): Promise<string> => {
  throw new Error(`no card service here for ${order.item}`);
});
const buy = defineOrchestration("buy", function* (ctx, order: Order) {
  return yield* ctx.callActivity(charge, order, {
    retry: { maxAttempts: 3, firstRetryInterval: "1h" },
    timeout: "10m",
  });
});
const order: Order = { item: "lamp", price: 40 };

describe("a mock", () => {
  it("stands in for a registered activity", async () => {
    const output = await using({ orchestrations: [buy], activities: [charge] }, (host) => {
      host.mock(charge, (_ctx, { price }) => `paid ${price}`);
      return host.run(buy, order);
    });

    expect(output).toBe("paid 40");
  });

  it("stands in for one that is not registered", async () => {
    const output = await using({ orchestrations: [buy] }, (host) => {
      host.mock(charge, async (ctx, { price }) => `${ctx.name} ${ctx.attempt} ${price}`);
      return host.run(buy, order);
    });

    expect(output).toBe("charge 1 40");
  });

  it("can be given from the start", async () => {
    const mocks = [mockActivity(charge, (_ctx, { item }) => `paid the ${item}`)];

    const output = await using({ orchestrations: [buy], mocks }, (host) => host.run(buy, order));

    expect(output).toBe("paid the lamp");
  });

  it("returns a value", async () => {
    const output = await using({ orchestrations: [buy] }, (host) => {
      host.mockReturn(charge, "free");
      return host.run(buy, order);
    });

    expect(output).toBe("free");
  });

  it("throws an error, which a retry policy minds", async () => {
    await using({ orchestrations: [buy] }, async (host) => {
      host.mockThrow(charge, new NonRetriableError("the card is stolen"));

      await expect(host.run(buy, order)).rejects.toThrow(/the card is stolen/);
      expect(host.calls(charge)).toHaveLength(1);
    });
  });

  it("never ends, so that timeouts can be seen", async () => {
    await using({ orchestrations: [buy] }, async (host) => {
      host.mockNever(charge);

      await expect(host.run(buy, order)).rejects.toMatchObject({
        failure: { errorType: "TaskTimeout" },
      });
      expect(host.now).toEqual(new Date("2030-01-01T02:30:00.000Z"));
      expect(host.calls(charge).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    });
  });

  it("can be taken away", async () => {
    await using({ orchestrations: [buy], activities: [charge] }, async (host) => {
      host.mockReturn(charge, "free");
      await host.run(buy, order);

      host.unmock(charge);

      await expect(host.run(buy, order)).rejects.toThrow(/no card service here for lamp/);
    });
  });

  it("is told that nothing was passed", async () => {
    const ping = defineOrchestration("ping", function* (ctx) {
      return yield* ctx.callActivity("echo");
    });

    const output = await using({ orchestrations: [ping] }, (host) => {
      host.mock("echo", (_ctx, input) => (input === undefined ? "nothing" : "something"));
      return host.run(ping);
    });

    expect(output).toBe("nothing");
  });
});

describe("an activity that is neither registered nor mocked", () => {
  it("fails and says what to do", async () => {
    const running = using({ orchestrations: [buy] }, (host) => host.run(buy, order));

    await expect(running).rejects.toThrow(
      "No activity 'charge' is registered or mocked. Check the spelling, pass it to TestHost.start, or mock it.",
    );
    await expect(running).rejects.toMatchObject({
      failure: { errorType: "ActivityNotRegistered" },
    });
  });
});

describe("calls", () => {
  it("tells inputs, attempts and outcomes", async () => {
    const calls = await using({ orchestrations: [buy] }, async (host) => {
      host.mock(charge, ({ attempt }, { price }) => {
        if (attempt === 1) throw new RangeError("busy");
        return `paid ${price}`;
      });
      await host.run(buy, order, { instanceId: "order-1" });
      return host.calls(charge);
    });

    expect(calls).toEqual([
      {
        name: "charge",
        instanceId: "order-1",
        input: order,
        attempt: 1,
        idempotencyKey: expect.stringMatching(/\/0$/),
        startedAt: new Date("2030-01-01T00:00:00.000Z"),
        outcome: "failed",
        error: new RangeError("busy"),
      },
      {
        name: "charge",
        instanceId: "order-1",
        input: order,
        attempt: 2,
        idempotencyKey: calls[0]?.idempotencyKey,
        startedAt: new Date("2030-01-01T01:00:00.000Z"),
        outcome: "completed",
        output: "paid 40",
      },
    ]);
  });

  it("tells those of all activities when none is named", async () => {
    const names = await using({ orchestrations: [buy] }, async (host) => {
      host.mockReturn(charge, "free");
      await host.run(buy, order);
      return [host.calls(), host.calls("charge"), host.calls("refund")].map((calls) =>
        calls.map(({ name }) => name),
      );
    });

    expect(names).toEqual([["charge"], ["charge"], []]);
  });
});
