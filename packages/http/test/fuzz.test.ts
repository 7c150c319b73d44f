/** The server, sent whatever its own document can be misread to allow. PERDURE_FUZZ_REQUESTS says how often. */
import { validate } from "@readme/openapi-parser";
import * as fc from "fast-check";
import { z } from "zod";
import { errorBody } from "../src/contract/errors";
import { requestsOf } from "./support/fuzzer";
import type { FuzzRequest } from "./support/fuzzer";
import { memory } from "./support/hubs";
import { ServedHub } from "./support/served-hub";
import type { Json } from "./support/json";

const { PERDURE_FUZZ_REQUESTS: COUNT, PERDURE_FUZZ_SEED } = process.env;
const REQUESTS = Number(COUNT ?? 1000);
/** Other requests each time only where somebody looks at what they find. */
const SEED = Number(PERDURE_FUZZ_SEED ?? (COUNT ? (Math.random() * 2 ** 31) | 0 : 1));
const AT_A_TIME = 16;
/** Waits and streams are left then. */
const PATIENCE_MS = 200;
const MAY_WAIT = /\/(result|changes|doctor)$|^\/orchestrators/;

describe("a fuzzed server", () => {
  let hub: ServedHub;
  let document: Json;

  beforeAll(async () => {
    const input = z.object({ amount: z.number(), next: z.array(z.string()).optional() });
    hub = await ServedHub.open(memory, {
      eventUrlKeys: ["k".repeat(32)],
      maxBodyBytes: 100_000,
      maxWaiting: 10_000,
      orchestrations: [{ orchestration: "echo" }, { orchestration: "pay", input, description: "Pays." }],
    });
    document = await (await fetch(`${hub.url}/openapi.json`)).json();
  });
  afterAll(() => hub.close());

  it("tells of itself in a valid OpenAPI document", async () => {
    const result = await validate(structuredClone(document));

    expect(result).toMatchObject({ valid: true });
    expect(document.openapi).toBe("3.1.0");
    expect(document.paths["/orchestrators/pay"].post.requestBody.content["application/json"].schema).toEqual({
      $ref: "#/components/schemas/Input_pay",
    });
    expect(document.components.schemas.Input_pay).toMatchObject({
      properties: { amount: { type: "number" } },
    });
  });

  it(`answers ${REQUESTS} requests as its document says, and never fails`, async () => {
    const known = {
      instanceId: [
        ...(await Promise.all(Array.from({ length: 30 }, () => hub.waiting()))),
        await hub.waiting(),
        await hub.completed(),
        await hub.sleeping(),
        await hub.suspended(),
        "new",
      ],
      scheduleId: [await hub.scheduled(), "nobody"],
      name: ["echo", "wait", "pay"],
      eventName: ["go"],
      timerId: ["0", "-1", "1"],
      token: [(await hub.management().createEventUrl(await hub.waiting(), "go")).url.split("/").at(-1)!],
      timeout: ["0", "10ms", "0.01"],
    };
    const requests = fc.sample(requestsOf(hub.url, document, known), { numRuns: REQUESTS, seed: SEED });

    const answers = new Map<number, number>();
    const lane = async (): Promise<void> => {
      for (let request = requests.pop(); request; request = requests.pop()) {
        const status = await judge(request, document);
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));

    const total = [...answers.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBe(REQUESTS);
    expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200);
    if (COUNT) process.stderr.write(`seed ${SEED}: ${summary(answers)}\n`);
  }, 600_000);
});

/** The status of the answer; 0 for one that was not waited for. */
async function judge(request: FuzzRequest, document: Json): Promise<number> {
  const { method, path, url, headers, body } = request;
  const impatient = AbortSignal.timeout(MAY_WAIT.test(path) ? PATIENCE_MS : 60_000);
  const told = `seed ${SEED}: ${JSON.stringify(request)}`;
  try {
    const response = await fetch(url, {
      ...{ method, headers, signal: impatient, redirect: "manual" },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    assertFit(response, text, document.paths[path][method.toLowerCase()].responses, told);
    return response.status;
  } catch (error) {
    if (impatient.aborted && MAY_WAIT.test(path)) return 0;
    throw new Error(told, { cause: error });
  }
}

function assertFit(response: Response, text: string, responses: Json, told: string): void {
  const { status } = response;
  const answer = `${told} ${status} ${text}`;
  if (status >= 500) throw new Error(`A failure: ${answer}`);
  if (!(String(status) in responses)) throw new Error(`Not in the document: ${answer}`);
  if (/\n\s+at |node_modules|\.[jt]s:\d+/.test(withoutOwnStacks(text))) throw new Error(`A stack: ${answer}`);
  const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
  const isOutcome = text.startsWith('{"instancesDeleted"');
  if (status >= 400 && !isPage && !isOutcome && !errorBody.safeParse(JSON.parse(text)).success)
    throw new Error(`No error body: ${answer}`);
}

/** What an orchestration has failed with is told to who operates it, its stack too. The server's own is not. */
function withoutOwnStacks(text: string): string {
  return text.replace(/"stackTrace":"(?:[^"\\]|\\.)*"/g, "");
}

function summary(answers: ReadonlyMap<number, number>): string {
  return [...answers]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status === 0 ? "left" : status}: ${count}`)
    .join(", ");
}
