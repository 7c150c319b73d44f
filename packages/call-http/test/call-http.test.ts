/** The orchestration's side, in virtual time: what is sent, and when. The activity is a script of answers. */
import {
  InvalidArgumentError,
  TaskFailedError,
  TaskTimeoutError,
  defineEvent,
  defineOrchestration,
} from "@perdure/core";
import type { OrchestrationContext, OrchestrationGenerator } from "@perdure/core";
import { TestHost } from "@perdure/testing";
import type { TestHostOptions } from "@perdure/testing";
import { callHttp } from "../src";
import type { DurableHttpRequest, DurableHttpResponse } from "../src";
import { HttpFailure } from "../src/failures";
import type { HttpAnswer, HttpCall } from "../src/request";

type Reply = Partial<HttpAnswer> | Error | ((call: HttpCall) => Partial<HttpAnswer>);

const START = "https://api.example/start";
const DAY = 86_400_000;

let host: TestHost;
afterEach(() => host.stop());

/** Answers requests one after the other; the last reply stays. Starts a host that runs `body`. */
async function serve(
  replies: readonly Reply[],
  body: (ctx: OrchestrationContext) => OrchestrationGenerator<unknown>,
  options: TestHostOptions = {},
): Promise<void> {
  host = await TestHost.start({ orchestrations: [defineOrchestration("o", body)], ...options });
  let sent = 0;
  host.mock("@http", (ctx, call: HttpCall) => {
    const reply = replies[Math.min(sent++, replies.length - 1)];
    if (reply instanceof Error) throw reply;
    const answer = {
      statusCode: 200,
      headers: {},
      content: "",
      ...(typeof reply === "function" ? reply(call) : reply),
    };
    if (
      call.failOn &&
      (call.failOn.length > 0 ? call.failOn.includes(answer.statusCode) : answer.statusCode >= 400)
    )
      throw new HttpFailure("HttpStatus", `answered ${answer.statusCode}`, { data: answer });
    return answer;
  });
}

/** Runs one call to its end. */
async function call(request: Partial<DurableHttpRequest>, ...replies: readonly Reply[]): Promise<unknown> {
  await serve(replies, function* (ctx) {
    return yield* callHttp(ctx, { url: START, ...request });
  });
  return (await host.client.startNew("o", undefined, { instanceId: "i" })).result();
}

/** The requests that were sent, and milliseconds from the first to each. */
function requests(): { readonly url: string; readonly at: number; readonly call: HttpCall }[] {
  const calls = host.calls("@http");
  const begun = calls[0]!.startedAt.getTime();
  return calls.map(({ input, startedAt }) => ({
    url: (input as HttpCall).url,
    at: startedAt.getTime() - begun,
    call: input as HttpCall,
  }));
}

function accepted(retryAfter?: string, location = "/status"): Reply {
  return {
    statusCode: 202,
    headers: { location, ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }) },
  };
}

describe("an answer", () => {
  it("is status, headers and content, and nothing of the engine", async () => {
    const answer: HttpAnswer = {
      ...{ statusCode: 200, headers: { a: "b" }, content: "text", url: "x", credentialsDropped: true },
    };

    await expect(call({}, answer)).resolves.toEqual({
      statusCode: 200,
      headers: { a: "b" },
      content: "text",
    });
  });

  it.each([404, 500])("of status %i is not thrown", async (statusCode) => {
    await expect(call({}, { statusCode })).resolves.toMatchObject({ statusCode });
  });

  it("202 without a Location is final", async () => {
    await expect(call({}, { statusCode: 202 })).resolves.toMatchObject({ statusCode: 202 });
    expect(requests()).toHaveLength(1);
  });

  it("202 is final when polling is not wanted", async () => {
    await expect(call({ enablePolling: false }, accepted("1"))).resolves.toMatchObject({ statusCode: 202 });
    expect(requests()).toHaveLength(1);
  });

  it("that does not come fails the call", async () => {
    await expect(call({}, new HttpFailure("HttpRequestFailed", "refused"))).rejects.toMatchObject({
      failure: { errorType: "HttpRequestFailed", errorMessage: "refused" },
    });
  });
});

describe("polling", () => {
  it("goes on by Location and Retry-After until the answer is another", async () => {
    const result = await call(
      { method: "POST", body: { n: 1 }, headers: { accept: "a/b" } },
      accepted("5"),
      accepted("60", "/status?page=2"),
      { statusCode: 303, content: "done" },
    );

    expect(result).toEqual({ statusCode: 303, headers: {}, content: "done" });
    expect(requests().map(({ url, at, call: { method } }) => [method, url, at])).toEqual([
      ["POST", START, 0],
      ["GET", "https://api.example/status", 5000],
      ["GET", "https://api.example/status?page=2", 65_000],
    ]);
    expect(requests()[1]?.call).toMatchObject({ headers: { accept: "a/b" } });
    expect(requests()[1]?.call).not.toHaveProperty("body");
  });

  it.each<[string, string | undefined, number]>([
    ["seconds", "7", 7000],
    ["a date, counted from the answer's own", "Fri, 21 Nov 2025 10:00:20 GMT", 20_000],
    ["a date that has passed", "Fri, 21 Nov 2025 09:00:00 GMT", 0],
    ["a negative number", "-3", 0],
    ["more than a day", "99999999999", DAY],
    ["nothing", undefined, 30_000],
    ["nonsense", "later", 30_000],
  ])("waits for Retry-After as %s", async (_what, retryAfter, delay) => {
    const date = "Fri, 21 Nov 2025 10:00:00 GMT";
    const headers = {
      location: "/status",
      date,
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    };

    await call({}, { statusCode: 202, headers }, { statusCode: 200 });

    expect(requests()[1]?.at).toBe(delay);
  });

  it("waits as the caller says when the server says nothing", async () => {
    await call({ pollInterval: "2m" }, accepted(), { statusCode: 200 });

    expect(requests()[1]?.at).toBe(120_000);
  });

  it("repeats a poll whose answer has no Location", async () => {
    await call(
      {},
      accepted("1", "/status/7"),
      { statusCode: 202, headers: { "retry-after": "2" } },
      { statusCode: 200 },
    );

    expect(requests().map(({ url, at }) => [url, at])).toEqual([
      [START, 0],
      ["https://api.example/status/7", 1000],
      ["https://api.example/status/7", 3000],
    ]);
  });

  it("waits for a second each time when a server says 'at once' for ever", async () => {
    await call({}, ...Array<Reply>(15).fill(accepted("0")), { statusCode: 200 });

    expect(requests().map(({ at }) => at)).toEqual([
      ...Array<number>(11).fill(0),
      1000,
      2000,
      3000,
      4000,
      5000,
    ]);
  });

  it("ends with the instance", async () => {
    await serve([accepted("60")], function* (ctx) {
      return yield* callHttp(ctx, { url: START });
    });
    const instance = await host.client.startNew("o", undefined, { instanceId: "i" });
    await host.waitFor("i", () => host.calls("@http").length === 3);

    await instance.terminate("enough");
    await host.advance("1h");

    expect(requests()).toHaveLength(3);
  });

  it("has a timer that tells operators what it is for", async () => {
    await serve([accepted("60"), { statusCode: 200 }], function* (ctx) {
      return yield* callHttp(ctx, { url: START });
    });
    await host.client.startNew("o", undefined, { instanceId: "i" });
    await host.waitFor("i", ({ nextTimerAt }) => nextTimerAt !== undefined);

    const timers = await host.client.timers.of("i");

    expect(timers.map(({ name }) => name)).toEqual(["next poll"]);
  });

  it("goes on after each of the worker's crashes, without a second start", async () => {
    await serve([accepted("60"), accepted("60"), accepted("60"), { statusCode: 200 }], function* (ctx) {
      return yield* callHttp(ctx, { url: START, method: "POST", body: "once" });
    });
    const instance = await host.client.startNew("o", undefined, { instanceId: "i" });
    for (const polls of [1, 2, 3]) {
      await host.waitFor(
        "i",
        ({ nextTimerAt }) => nextTimerAt !== undefined && host.calls("@http").length === polls,
      );
      host.crash();
    }

    await expect(instance.result()).resolves.toMatchObject({ statusCode: 200 });
    expect(requests().filter(({ call: { method } }) => method === "POST")).toHaveLength(1);
  });
});

describe("retry", () => {
  const retry = { maxAttempts: 3, firstRetryInterval: "10s", backoffCoefficient: 2 };
  const down = new HttpFailure("HttpRequestFailed", "refused");

  it("sends again what was not answered", async () => {
    await expect(call({ retry }, down, down, { statusCode: 200 })).resolves.toMatchObject({
      statusCode: 200,
    });
    expect(requests().map(({ at }) => at)).toEqual([0, 10_000, 30_000]);
  });

  it("throws the last failure when there never was an answer", async () => {
    await expect(call({ retry }, down)).rejects.toMatchObject({
      failure: { errorType: "HttpRequestFailed" },
    });
    expect(requests()).toHaveLength(3);
  });

  it.each<[string, readonly number[] | undefined, number, number]>([
    ["any 5xx", undefined, 500, 3],
    ["any 4xx", [], 404, 3],
    ["no 2xx", [], 299, 1],
    ["a status of the list", [409, 503], 503, 3],
    ["no status that is not in the list", [409, 503], 500, 1],
    ["a 2xx of the list", [204], 204, 3],
  ])(
    "tries %s again, and returns the last answer",
    async (_what, statusCodesToRetry, statusCode, attempts) => {
      const policy = { ...retry, ...(statusCodesToRetry ? { statusCodesToRetry } : {}) };

      const result = await call({ retry: policy }, { statusCode, content: "last" });

      expect(result).toEqual({ statusCode, headers: {}, content: "last" });
      expect(requests()).toHaveLength(attempts);
    },
  );

  it("waits as the answer says, a day at most", async () => {
    const busy = (retryAfter: string): Reply => ({ statusCode: 503, headers: { "retry-after": retryAfter } });

    await call({ retry }, busy("90"), busy("999999"), { statusCode: 200 });

    expect(requests().map(({ at }) => at)).toEqual([0, 90_000, 90_000 + DAY]);
  });

  it("gives up rather than wait longer than retryTimeout", async () => {
    const policy = { ...retry, retryTimeout: "1m" };

    await call({ retry: policy }, { statusCode: 503, headers: { "retry-after": "61" } });

    expect(requests()).toHaveLength(1);
  });

  it("repeats a poll that fails, and never the start", async () => {
    await call({ method: "POST", retry }, accepted("1"), down, { statusCode: 500 }, { statusCode: 200 });

    expect(requests().map(({ call: { method } }) => method)).toEqual(["POST", "GET", "GET", "GET"]);
  });

  it("uses one key for all attempts of a request, and another for the next request", async () => {
    await call({ retry }, down, accepted("1"), down, { statusCode: 200 });

    const keys = host.calls("@http").map(({ idempotencyKey }) => idempotencyKey);
    expect([keys[0] === keys[1], keys[1] === keys[2], keys[2] === keys[3]]).toEqual([true, false, true]);
  });
});

describe("a time limit", () => {
  const timeout = "100s";
  const error = { failure: { errorType: "TaskTimeout" } };

  it("ends an operation that goes on, and what waits for its next poll", async () => {
    await expect(call({ timeout }, accepted("60"))).rejects.toMatchObject(error);

    expect(host.now.getTime() - host.calls("@http")[0]!.startedAt.getTime()).toBe(100_000);
    expect(requests().map(({ at }) => at)).toEqual([0, 60_000]);
  });

  it("names the request without its query", async () => {
    const running = call({ timeout, method: "POST", url: `${START}?code=pa55` }, accepted("60"));

    await expect(running).rejects.toMatchObject({
      failure: { errorMessage: "POST https://api.example/start had no final answer within 100000 ms." },
    });
  });

  it("sends nothing more once it is over, though the orchestration goes on", async () => {
    await serve([accepted("30")], function* (ctx) {
      try {
        yield* callHttp(ctx, { url: START, timeout });
      } catch (caught) {
        if (!TaskTimeoutError.is(caught)) throw caught;
      }
      yield* ctx.createTimer("1d");
      return "went on";
    });

    await expect((await host.client.startNew("o")).result()).resolves.toBe("went on");
    expect(requests().map(({ at }) => at)).toEqual([0, 30_000, 60_000, 90_000]);
  });

  it("ends a request that is not answered, and the answer that comes later is dropped", async () => {
    await serve([], function* (ctx) {
      const result = yield* ctx.allSettled([callHttp(ctx, { url: START, timeout })]);
      yield* ctx.createTimer("1d");
      return result[0].status;
    });
    host.mock("@http", async () => {
      await host.sleep("1h");
      return { statusCode: 200, headers: {}, content: "" };
    });

    await expect((await host.client.startNew("o")).result()).resolves.toBe("failed");
    expect(requests()).toHaveLength(1);
  });

  it("leaves a request no more time than there is", async () => {
    await call({ timeout: "40s", requestTimeout: "30s" }, accepted("15"), { statusCode: 200 });

    expect(requests().map(({ call: { requestTimeoutMs } }) => requestTimeoutMs)).toEqual([30_000, 25_000]);
  });

  it("begins no attempt after its end", async () => {
    const retry = { maxAttempts: 100, firstRetryInterval: "30s" };

    const result = await call({ timeout, retry }, { statusCode: 503 });

    expect(result).toMatchObject({ statusCode: 503 });
    expect(requests().map(({ at }) => at)).toEqual([0, 30_000, 60_000, 90_000]);
  });

  it("can be extended by an operator", async () => {
    await serve([...Array<Reply>(4).fill(accepted("60")), { statusCode: 200 }], function* (ctx) {
      return yield* callHttp(ctx, { url: START, timeout });
    });
    const instance = await host.client.startNew("o", undefined, { instanceId: "i" });
    await host.waitFor("i", () => host.calls("@http").length === 1);
    const timers = await host.client.timers.of("i");

    await host.client.timers.move(
      timers.find(({ name }) => name === "timeout")!,
      "1h",
    );

    await expect(instance.result()).resolves.toMatchObject({ statusCode: 200 });
  });

  it("is none once an operator has cancelled it", async () => {
    await serve([...Array<Reply>(4).fill(accepted("60")), { statusCode: 200 }], function* (ctx) {
      return yield* callHttp(ctx, { url: START, timeout });
    });
    const instance = await host.client.startNew("o", undefined, { instanceId: "i" });
    await host.waitFor("i", () => host.calls("@http").length === 1);
    const timers = await host.client.timers.of("i");

    await host.client.timers.cancel(timers.find(({ name }) => name === "timeout")!);

    await expect(instance.result()).resolves.toMatchObject({ statusCode: 200 });
    expect(requests().map(({ at }) => at)).toEqual([0, 60_000, 120_000, 180_000, 240_000]);
  });

  it("takes the timer of the next poll with it", async () => {
    await serve([accepted("3600")], function* (ctx) {
      yield* ctx.allSettled([callHttp(ctx, { url: START, timeout })]);
      ctx.setCustomStatus("over");
      yield* ctx.waitForExternalEvent("never");
    });
    await host.client.startNew("o", undefined, { instanceId: "i" });

    await host.waitFor("i", ({ customStatus }) => customStatus === "over");

    await expect(host.client.timers.of("i")).resolves.toEqual([]);
  });

  it("that is over after the answer has come does not matter, when both are seen together", async () => {
    await serve(
      [],
      function* (ctx) {
        return (yield* callHttp(ctx, { url: START, timeout })).content;
      },
      { autoAdvance: false },
    );
    const sent = new Promise<void>((resolve) => {
      host.mock("@http", async () => {
        resolve();
        await host.sleep("50s");
        return { statusCode: 200, headers: {}, content: "in time" };
      });
    });
    const instance = await host.client.startNew("o");
    await sent;

    await instance.suspend();
    await host.advance("200s");
    await instance.resume();

    await expect(instance.result()).resolves.toBe("in time");
  });

  it("leaves no timer behind", async () => {
    await serve([{ statusCode: 200 }], function* (ctx) {
      yield* callHttp(ctx, { url: START, timeout });
      yield* ctx.waitForExternalEvent("never");
    });
    await host.client.startNew("o", undefined, { instanceId: "i" });
    await host.waitFor(
      "i",
      ({ nextTimerAt }) => host.calls("@http")[0]?.outcome === "completed" && nextTimerAt === undefined,
    );

    await expect(host.client.timers.of("i")).resolves.toEqual([]);
  });
});

describe("in an orchestration", () => {
  it("a bad request throws where it is called, and can be caught there", async () => {
    await serve([], function* (ctx) {
      const refused: string[] = [];
      for (const request of [
        { url: "ftp://api.example/" },
        { url: "nowhere" },
        { url: START, headers: { "a b": "c" } },
        { url: START, body: "x" },
        { url: START, retry: { maxAttempts: 0 } },
        { url: START, timeout: "5s", retry: { maxAttempts: 2, retryTimeout: "soon" } },
      ]) {
        try {
          callHttp(ctx, request); // not awaited
        } catch (error) {
          if (InvalidArgumentError.is(error)) refused.push(error.message.slice(0, 20));
        }
      }
      return refused.length;
    });

    await expect((await host.client.startNew("o", undefined, { instanceId: "i" })).result()).resolves.toBe(6);
    expect((await host.history("i")).map(({ type }) => type)).not.toContain("TimerCreated");
    expect(host.calls("@http")).toEqual([]);
  });

  it("a request is sent when it is called, and several go at a time", async () => {
    await serve([(sent) => ({ content: sent.url.slice(-1) })], function* (ctx) {
      const calls = ["1", "2", "3"].map((n) => callHttp(ctx, { url: `${START}/${n}` }));
      const answers = yield* ctx.all(calls);
      return answers.map(({ content }) => content).join("");
    });

    await expect((await host.client.startNew("o")).result()).resolves.toBe("123");
    expect(requests().map(({ at }) => at)).toEqual([0, 0, 0]);
  });

  it("plain yield does the same", async () => {
    await serve([{ content: "text" }], function* (ctx) {
      const response = (yield callHttp(ctx, { url: START })) as DurableHttpResponse;
      return response.content;
    });

    await expect((await host.client.startNew("o")).result()).resolves.toBe("text");
  });

  it("a failure is a TaskFailedError", async () => {
    await serve([new HttpFailure("HttpRequestFailed", "refused")], function* (ctx) {
      try {
        yield* callHttp(ctx, { url: START });
      } catch (error) {
        return TaskFailedError.is(error) && error.failure.errorType;
      }
      return undefined;
    });

    await expect((await host.client.startNew("o")).result()).resolves.toBe("HttpRequestFailed");
  });

  it("a call that lost a race goes on until the instance ends", async () => {
    const stop = defineEvent("stop");
    await serve([accepted("60")], function* (ctx) {
      yield* ctx.any([callHttp(ctx, { url: START }), ctx.createTimer("90s")]);
      yield* ctx.waitForExternalEvent(stop);
    });
    await host.client.startNew("o", undefined, { instanceId: "i" });
    await host.waitFor("i", () => host.calls("@http").length === 4);

    await host.client.instance("i").raiseEvent(stop);
    await host.client.instance("i").result();
    await host.advance("1h");

    expect(requests().map(({ at }) => at)).toEqual([0, 60_000, 120_000, 180_000]);
  });

  it("needs a mock in a test host, which sends nothing", async () => {
    host = await TestHost.start({
      orchestrations: [
        defineOrchestration("o", function* (ctx) {
          return yield* callHttp(ctx, { url: START });
        }),
      ],
    });

    await expect((await host.client.startNew("o")).result()).rejects.toThrow(
      "'@http' is registered or mocked",
    );
  });
});
