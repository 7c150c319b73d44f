import { DurableError } from "@perdure/core";
import type { Finding, FixReport, Trouble } from "@perdure/core";

/** A trouble as it is told, without what repairs it. */
export function toFinding({ repair, ...rest }: Trouble, fix?: FixReport): Finding {
  return { ...rest, fixable: repair !== undefined, ...(fix && { fix }) };
}

/** Never rejects: what goes wrong is told. */
export async function repaired(repair: () => Promise<string>): Promise<FixReport> {
  try {
    return { done: true, message: await repair() };
  } catch (error) {
    const reason = DurableError.is(error) ? error.message : "an unexpected error; look at storage.";
    return { done: false, message: `That failed: ${reason}` };
  }
}
