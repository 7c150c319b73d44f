/**
 * One request of an orchestration, with the redirects it leads to: what the activity does.
 *
 * The credential is in the request alone. Servers may send back what they got, in a redirect too, so it is blotted out of
 * the answer and of what is said when there is none.
 */
import type { Clock } from "@perdure/core";
import { describe, isFollowable } from "./address";
import { HttpFailure } from "./failures";
import { isSameOrigin, locationOf, redirected } from "./follow-up";
import { BodyTooLong, readText } from "./read-text";
import type { HttpAnswer, HttpCall } from "./request";
import { TimeLimit } from "./time-limit";
import type { Credential } from "./tokens/credential";
import type { TokenProviders } from "./tokens/token-providers";

const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Node's `fetch`, as far as it is used: `redirect` is always `"manual"`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends requests for one worker. */
export class RequestSender {
  constructor(
    private readonly tokens: TokenProviders,
    private readonly clock: Clock,
    private readonly fetch: Fetch,
  ) {}

  /**
   * @param unwanted Aborts when nobody waits for the answer any more; the promise rejects with its reason.
   * @throws HttpFailure when there is no answer, or one that `call.failOn` takes for a failure.
   */
  async send(call: HttpCall, unwanted: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.answerInTime(call, unwanted);
    if (!isFailure(answer, call.failOn)) return answer;
    throw new HttpFailure("HttpStatus", `${describe(call)} answered ${answer.statusCode}.`, { data: answer });
  }

  private async answerInTime(call: HttpCall, unwanted: AbortSignal): Promise<HttpAnswer> {
    const limit = new TimeLimit(this.clock, call.requestTimeoutMs, unwanted);
    try {
      return await this.finalAnswer(call, limit);
    } catch (error) {
      if (unwanted.aborted) throw unwanted.reason as Error;
      if (!limit.isOver) throw error;
      const message = `${describe(call)} was not answered within ${call.requestTimeoutMs} ms.`;
      throw new HttpFailure("HttpRequestFailed", message);
    } finally {
      limit.end();
    }
  }

  private async finalAnswer(first: HttpCall, limit: TimeLimit): Promise<HttpAnswer> {
    const { tokenSource } = first;
    const credential = tokenSource && (await limit.within(this.tokens.credential(tokenSource, limit.signal)));
    try {
      return await this.follow(first, credential, limit.signal);
    } catch (error) {
      if (credential && error instanceof HttpFailure) throw error.reworded((text) => credential.blot(text));
      throw error;
    }
  }

  private async follow(
    first: HttpCall,
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    let call = first;
    let credentialsDropped = false;
    for (let redirects = 0; ; redirects++) {
      const response = await this.request(call, call.tokenSource && credential, signal);
      const next = await redirectOf(call, response, redirects);
      if (!next) {
        const answer = await answerOf(call, response, credential);
        return credentialsDropped ? { ...answer, credentialsDropped } : answer;
      }
      credentialsDropped ||= !isSameOrigin(call.url, next.url);
      call = next;
    }
  }

  private async request(
    call: HttpCall,
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    const { method, url, body = null } = call;
    const headers = { ...call.headers, ...(credential && { [credential.header]: credential.value }) };
    try {
      return await this.fetch(url, { method, headers, body, signal, redirect: "manual" });
    } catch (error) {
      throw unanswered(call, error);
    }
  }
}

/** The request that a redirect leads to; `undefined` for any other answer. */
async function redirectOf(
  call: HttpCall,
  response: Response,
  redirects: number,
): Promise<HttpCall | undefined> {
  const { status } = response;
  const given = response.headers.get("location");
  if (!REDIRECTS.includes(status) || given === null) return undefined;
  await response.body?.cancel();
  if (redirects === MAX_REDIRECTS) throw refused(call, `after ${MAX_REDIRECTS} other redirects`);
  const location = locationOf({ headers: { location: given } }, call.url);
  if (location && isFollowable(location)) return redirected(call, status, location);
  throw refused(call, "to what is no http or https URL, or has a password in it");
}

async function answerOf(
  call: HttpCall,
  response: Response,
  credential: Credential | undefined,
): Promise<HttpAnswer> {
  const blot = (text: string): string => (credential ? credential.blot(text) : text);
  const headers = new Map<string, string>();
  for (const [name, value] of response.headers) {
    const before = headers.get(name);
    headers.set(name, before === undefined ? blot(value) : `${before}\n${blot(value)}`); // only set-cookie comes twice
  }
  return {
    statusCode: response.status,
    headers: Object.fromEntries(headers),
    content: blot(await contentOf(call, response)),
    url: blot(call.url),
  };
}

async function contentOf(call: HttpCall, response: Response): Promise<string> {
  try {
    return await readText(response, call.maxResponseBytes);
  } catch (error) {
    if (!(error instanceof BodyTooLong)) throw unanswered(call, error);
    throw new HttpFailure(
      "HttpResponseTooLarge",
      `${describe(call)} answered with more than the ${call.maxResponseBytes} bytes that maxResponseBytes allows. Raise it, or fetch the data in an activity and keep it elsewhere.`,
      { isNonRetriable: true },
    );
  }
}

function isFailure({ statusCode }: HttpAnswer, failOn: readonly number[] | undefined): boolean {
  if (!failOn) return false;
  return failOn.length === 0 ? statusCode >= 400 : failOn.includes(statusCode);
}

function refused(call: HttpCall, where: string): HttpFailure {
  const message = `${describe(call)} was answered with a redirect ${where}.`;
  return new HttpFailure("HttpRedirectRefused", message, { isNonRetriable: true });
}

/** What `fetch` throws says "fetch failed"; the reason is behind it. */
function unanswered(call: HttpCall, error: unknown): HttpFailure {
  const { cause, message } = error as { readonly cause?: unknown; readonly message: string };
  const { code, message: inner } = Object(cause) as Readonly<Record<string, unknown>>;
  const reasons = [inner, code, message];
  const reason = reasons.find((text) => typeof text === "string" && text !== "") as string;
  return new HttpFailure("HttpRequestFailed", `${describe(call)} was not answered: ${reason}.`, {
    cause: error,
  });
}
