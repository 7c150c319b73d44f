/**
 * Who may ask where no keys are: programs of this machine. Pages of the web that a browser on this machine shows may
 * not, neither by a name that was made to point here (the host is not a loopback one) nor by sending forms here (the
 * origin is another one).
 */
import { Refusal } from "../refusal";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** Whether a name or address, as `listen` takes it, is only reached from this machine. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK_NAMES.has(hostname.toLowerCase()) || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** @throws Refusal */
export function assertThisMachine(request: Request): void {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!isLoopback(hostnameOf(host))) {
    throw new Refusal(
      403,
      "Forbidden",
      "Without keys the API answers to loopback names only: send the request to localhost, or give the server keys or a verify function.",
    );
  }
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const isForeign = origin !== null ? hostOf(origin) !== host : site === "cross-site" || site === "same-site";
  if (isForeign) {
    throw new Refusal(
      403,
      "Forbidden",
      "Pages of other origins may not use the API: give the server keys, and your page a server of its own.",
    );
  }
}

/** `[::1]:80` is `[::1]`, `localhost:80` is `localhost`. */
function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
