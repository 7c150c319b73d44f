import { MemoryBackend } from "@perdure/backend-memory";
import { Client, Worker, silentLogger } from "perdure";
import type { Clock } from "perdure";
import { samples } from "../src/all";
import { approveExpense, decided } from "../src/approval";
import type { Expense } from "../src/approval";
import { remindInAYear } from "../src/long-timer";
import { SkippingClock } from "./skipping-clock";

const registrations = {
  orchestrations: samples.flatMap(({ orchestrations }) => orchestrations),
  activities: samples.flatMap(({ activities }) => activities),
  logger: silentLogger,
};

async function withHub<T>(use: (client: Client) => Promise<T>, clock?: Clock): Promise<T> {
  const backend = new MemoryBackend(clock && { clock });
  const worker = new Worker(backend, { ...registrations, ...(clock && { clock }) });
  await worker.start();
  try {
    return await use(new Client(backend));
  } finally {
    await worker.stop();
  }
}

describe("the samples on the memory backend", () => {
  it("end as they say", async () => {
    const results = await withHub((client) => Promise.all(samples.map((sample) => sample.run(client))));

    const text = Object.fromEntries(samples.map(({ name }, i) => [name, results[i]!.join("\n")]));
    expect(text).toEqual({
      "hello-sequence": "Hello, Tokyo! Hello, Seattle! Hello, London!",
      "fan-out-files": expect.stringMatching(/: \d+ files, [\d,]+ lines, [\d,]+ bytes$/),
      approval: expect.stringMatching(/approved by Robin after 1 reminder/),
      "order-saga": expect.stringMatching(
        /^shipped: parcel to Norway\ncancelled, nobody delivers to Atlantis: refunded .*, released /,
      ),
      monitor: expect.stringMatching(/^[34] checks, .* \d events of history at a time$/),
      "long-timer": expect.stringMatching(/^asleep until \d{4}-\d\d-\d\d, then Terminated/),
      reminder: expect.stringMatching(
        /^"hang out the flag" .* Europe\/Paris, .*T07:00.*\nmoved .* reminded at \d{4}-/,
      ),
      subscription: expect.stringMatching(
        /^renewal in (2[89]|3[01]) days, fired by an operator; cancelled after 2 months$/,
      ),
      "nightly-report": expect.stringMatching(
        /^next at (.*T0[01]:30Z, ){2}.*Z\ntriggered by hand: Rue de Rivoli had \d+ orders on \d{4}-\d\d-\d\d$/,
      ),
      "sub-orchestrations": "north 2100, east 1700, south 2100",
      "plain-yield": "seat with Tern",
    });
  });
});

describe("approval", () => {
  const clock = new SkippingClock();
  afterAll(() => clock.stop());
  const expense: Expense = { employee: "Kim", amount: 120 };

  it("expires after 30 days, with a reminder every week", async () => {
    const result = await withHub(async (client) => {
      const instance = await client.startNew(approveExpense, expense);
      return instance.result({ timeout: "20s" });
    }, clock);

    expect(result).toEqual({ status: "expired", reminders: 4 });
  });

  it("takes a decision that came before anyone waited for it", async () => {
    const result = await withHub(async (client) => {
      const instance = await client.startNew(approveExpense, expense);
      await instance.raiseEvent(decided, { approved: false, by: "Robin" });
      return instance.result({ timeout: "20s" });
    }, clock);

    expect(result).toEqual({ status: "declined", by: "Robin", reminders: 0 });
  });
});

describe("long-timer", () => {
  const clock = new SkippingClock();
  afterAll(() => clock.stop());

  it("wakes after a year", async () => {
    const [result, start, end] = await withHub(async (client) => {
      const startedAt = clock.now();
      const instance = await client.startNew(remindInAYear, "plant a tree");
      return [await instance.result({ timeout: "20s" }), startedAt, clock.now()];
    }, clock);

    expect(result).toBe("A year ago you wrote: plant a tree");
    expect(end - start).toBeGreaterThanOrEqual(365 * 86_400_000);
  });
});
