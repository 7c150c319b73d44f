import { durationMs } from "@perdure/core";
import { rateLimiter } from "hono-rate-limiter";
import type { MiddlewareHandler } from "hono";
import type { RateLimit } from "../options";
import { Refusal } from "../refusal";
import type { ApiContext, ApiEnv } from "../route";

/** Refusals of one address, a minute. */
const MOST_FAILURES = 60;
const MINUTE_MS = 60_000;

/** So many requests of one caller in a window of time. */
export function limitCallers({ limit, window }: RateLimit): MiddlewareHandler<ApiEnv> {
  return rateLimiter<ApiEnv>({
    limit,
    windowMs: durationMs(window, "window"),
    standardHeaders: "draft-6",
    keyGenerator: (c) => c.get("caller")?.name ?? addressOf(c),
    handler: refuse,
  });
}

/**
 * So many requests of one address that are refused for their key are told so; more are only told to wait. Right keys
 * pass all the while, so that nobody can lock out others.
 */
export function limitGuesses(): MiddlewareHandler<ApiEnv> {
  return rateLimiter<ApiEnv>({
    limit: MOST_FAILURES,
    windowMs: MINUTE_MS,
    standardHeaders: false,
    keyGenerator: addressOf,
    handler: refuse,
  });
}

function refuse(c: ApiContext): never {
  const after = c.res.headers.get("retry-after") ?? "60";
  throw new Refusal(429, "RateLimited", `Too many requests: try again in ${after} seconds.`, {
    headers: { "retry-after": after },
  });
}

/** Of the connection; a header could say anything. Without a socket all callers are one. */
function addressOf(c: ApiContext): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? "no socket";
}

/** How many requests may wait or stream at a time. */
export class WaitingRoom {
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** Returns what gives the place back. @throws Refusal */
  enter(): () => void {
    if (this.#free <= 0) {
      throw new Refusal(429, "RateLimited", "Too many requests wait already: try again in 5 seconds.", {
        headers: { "retry-after": "5" },
      });
    }
    this.#free--;
    let isInside = true;
    return () => {
      if (isInside) this.#free++;
      isInside = false;
    };
  }
}
