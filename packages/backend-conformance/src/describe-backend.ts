import { optional } from "@perdure/core";
import { contractTopics } from "./contract";
import type { ContractCase } from "./contract-case";
import { featureTopics } from "./features";
import type { BackendHarness, HubOptions } from "./harness";
import { Scene } from "./scene";

const DEFAULT_TIMEOUT_MS = 30_000;
const LOCK_MS = { virtual: 60_000, real: 2000 };

/** Registers the tests every backend passes: the contract's cases, and every feature through worker and client. */
export function describeBackend(name: string, harness: BackendHarness, part?: "contract" | "features"): void {
  const topics = [
    ...(part === "features" ? [] : contractTopics),
    ...(part === "contract" ? [] : featureTopics),
  ];
  describe(name, () => {
    const stage = new Stage(harness);
    // Hooks, because they run after a case that timed out too. Each has its own time: one may hang.
    const timeoutMs = harness.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    afterEach(() => stage.endScene(), timeoutMs);
    afterEach(() => stage.disposeHub(), timeoutMs);

    for (const topic of topics) {
      describe(topic.title, () => {
        for (const one of topic.cases) register(one, harness, stage);
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

function register(one: ContractCase, harness: BackendHarness, stage: Stage): void {
  const reason = skipReason(one, harness);
  if (reason !== undefined) it.skip(`${one.name} (skipped: ${reason})`, () => undefined);
  else it(one.name, () => stage.play(one), harness.timeoutMs ?? DEFAULT_TIMEOUT_MS);
}

function skipReason({ name, options }: ContractCase, harness: BackendHarness): string | undefined {
  const reason = harness.skips?.[name];
  if (reason?.trim() === "") throw new Error(`The case '${name}' is skipped without a reason.`);
  if (reason === undefined && options.needsVirtualTime && harness.time === "real")
    return "it takes virtual time";
  return reason;
}

/** The hub of the case that runs, and its end. */
class Stage {
  #scene: Scene | undefined;

  constructor(private readonly harness: BackendHarness) {}

  async play(one: ContractCase): Promise<void> {
    const { lockMs = LOCK_MS[this.harness.time], maxDeliveryCount, maxPayloadBytes } = one.options;
    const options: HubOptions = {
      lockMs,
      ...optional("maxDeliveryCount", maxDeliveryCount),
      ...optional("maxPayloadBytes", maxPayloadBytes),
    };
    const hub = await this.harness.open(options);
    this.#scene = new Scene(hub, this.harness.time, options);
    await one.run(this.#scene);
  }

  async endScene(): Promise<void> {
    await this.#scene?.end();
  }

  async disposeHub(): Promise<void> {
    const scene = this.#scene;
    this.#scene = undefined;
    await scene?.hub.dispose();
  }
}
