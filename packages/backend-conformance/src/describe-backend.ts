import { optional } from "@perdure/core";
import { contractTopics } from "./contract";
import type { ContractCase } from "./contract-case";
import { featureTopics } from "./features";
import type { BackendHarness, HubOptions } from "./harness";
import { Scene } from "./scene";

const DEFAULT_TIMEOUT_MS = 30_000;
const CLEANUP_MS = 15_000;
const LOCK_MS = { virtual: 60_000, real: 6000 };

/** Registers the tests every backend passes: the contract's cases, and every feature through worker and client. */
export function describeBackend(name: string, harness: BackendHarness, part?: "contract" | "features"): void {
  const topics = [
    ...(part === "features" ? [] : contractTopics),
    ...(part === "contract" ? [] : featureTopics),
  ];
  describe(name, () => {
    for (const topic of topics) {
      describe(topic.title, () => {
        for (const one of topic.cases) register(one, harness);
      });
    }
    it("is asked to skip only cases that exist", () => {
      const names = [...contractTopics, ...featureTopics].flatMap(({ cases }) =>
        cases.map((one) => one.name),
      );
      expect(new Set(names).size).toBe(names.length);
      expect(Object.keys(harness.skips ?? {}).filter((skipped) => !names.includes(skipped))).toEqual([]);
    });
  });
}

function register(one: ContractCase, harness: BackendHarness): void {
  const reason = skipReason(one, harness);
  if (reason !== undefined) {
    it.skip(`${one.name} (skipped: ${reason})`, () => undefined);
    return;
  }
  const timeoutMs = harness.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  // In real time a case mostly waits, and others can go on meanwhile.
  const test = harness.time === "real" ? it.concurrent : it;
  const attempts = harness.attempts ?? 1;
  test(one.name, () => playUntilItPasses(one, harness, timeoutMs), attempts * (timeoutMs + CLEANUP_MS));
}

async function playUntilItPasses(
  one: ContractCase,
  harness: BackendHarness,
  timeoutMs: number,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await play(one, harness, timeoutMs);
      return;
    } catch (error) {
      if (attempt >= (harness.attempts ?? 1)) throw error;
      // eslint-disable-next-line no-console -- a failure must not vanish because the next attempt passed
      console.warn(`Attempt ${attempt} of '${one.name}' failed and is tried again:`, error);
    }
  }
}

function skipReason({ name, options }: ContractCase, harness: BackendHarness): string | undefined {
  const reason = harness.skips?.[name];
  if (reason?.trim() === "") throw new Error(`The case '${name}' is skipped without a reason.`);
  if (reason === undefined && options.needsVirtualTime && harness.time === "real")
    return "it takes virtual time";
  return reason;
}

/** Plays a case on a hub of its own, and ends both also when the case did not end in time. */
async function play(one: ContractCase, harness: BackendHarness, timeoutMs: number): Promise<void> {
  const { lockMs = harness.lockMs ?? LOCK_MS[harness.time], maxDeliveryCount, maxPayloadBytes } = one.options;
  const options: HubOptions = {
    lockMs,
    ...optional("maxDeliveryCount", maxDeliveryCount),
    ...optional("maxPayloadBytes", maxPayloadBytes),
  };
  const hub = await harness.open(options);
  const scene = new Scene(hub, harness.time, options);
  const deadline = expiry(timeoutMs);
  try {
    await Promise.race([one.run(scene), deadline.expired]);
  } finally {
    deadline.cancel();
    await scene.end();
    await hub.dispose();
  }
}

function expiry(ms: number): { readonly expired: Promise<never>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The case did not end within ${ms} ms.`)), ms);
  });
  return { expired, cancel: () => clearTimeout(timer) };
}
