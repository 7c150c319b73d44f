import type { AsJson } from "../../contract/diagnosis";

/** As JSON has it, which is what is sent: dates are ISO 8601 texts. */
export function asJson<T>(value: T): AsJson<T> {
  return JSON.parse(JSON.stringify(value)) as AsJson<T>;
}
