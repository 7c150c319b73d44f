import { InvalidArgumentError } from "@perdure/core";
import type { ManagementRole, Principal, Verify } from "../options";
import { Refusal } from "../refusal";
import type { ApiContext } from "../route";
import { keyOf } from "./credentials";
import type { KeyRing } from "./key-ring";
import { assertThisMachine } from "./this-machine";

/** Where no keys are. */
const THIS_MACHINE: Principal = { name: "this machine", role: "operator" };

/** Finds out who asks, and whether they may. */
export class Gate {
  constructor(
    private readonly keys: KeyRing | undefined,
    private readonly verify: Verify | undefined,
  ) {}

  /** @throws Refusal */
  async admit(c: ApiContext): Promise<Principal> {
    if (!this.keys && !this.verify) {
      assertThisMachine(c.req.raw);
      return THIS_MACHINE;
    }
    const key = keyOf(c.req);
    const caller =
      (key === undefined ? undefined : this.keys?.find(key)) ?? (await this.verify?.(withoutBody(c.req.raw)));
    if (caller) return assertPrincipal(caller);
    throw new Refusal(
      401,
      "Unauthorized",
      key === undefined
        ? "The request has no key: send one as bearer token, or as x-functions-key."
        : "The key is not known here. Check it, and that it is for this server.",
      { headers: { "www-authenticate": "Bearer" } },
    );
  }
}

/** The body is for the route alone: it can be read once only, and who asks is not known yet. */
function withoutBody(request: Request): Request {
  if (!request.body) return request;
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal });
}

/** `why` an operator's key is needed. @throws Refusal */
export function assertMay(caller: Principal, role: ManagementRole, why = "this changes something"): void {
  if (role === "reader" || caller.role === "operator") return;
  throw new Refusal(403, "Forbidden", `The key is a reader's, and ${why}: use an operator's.`);
}

/** What the user's own function says is checked: a wrong role must not pass for an operator's. */
function assertPrincipal(caller: Principal): Principal {
  const { name, role } = caller as { name: unknown; role: unknown };
  if (typeof name === "string" && (role === "reader" || role === "operator")) return caller;
  throw new InvalidArgumentError(
    'The verify function gave no caller: return { name, role: "reader" | "operator" }, or undefined.',
  );
}
