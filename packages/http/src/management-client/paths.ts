/** What is asked about, as part of a path. What no URL can hold is refused here: it would address something else. */
import { InvalidArgumentError, assertInstanceId, assertName } from "@perdure/core";
import { instancePath as pathOf } from "../contract/paths";

/** @throws InvalidArgumentError */
export function instancePath(instanceId: string): string {
  assertInstanceId(instanceId);
  return pathOf(instanceId);
}

/** The name of an orchestration or an event. @throws InvalidArgumentError */
export function nameSegment(name: string, what: string): string {
  assertName(name, what);
  return segment(name, what);
}

/** @throws InvalidArgumentError */
export function segment(value: string, what: string): string {
  if (["", ".", ".."].includes(value) || /\p{Surrogate}/u.test(value)) {
    throw new InvalidArgumentError(
      `${what} ${JSON.stringify(value).slice(0, 80)} is none that a URL can hold: give one that is.`,
    );
  }
  return encodeURIComponent(value);
}
