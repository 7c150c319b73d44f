import { DurableError } from "@perdure/core";
import { CommandFailure, usageFailure } from "../failures";

/**
 * Does something with the user's file.
 *
 * @throws CommandFailure, which says where in their code what it throws is from. Errors of ours say enough.
 */
export async function loaded<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandFailure || DurableError.is(error)) throw error;
    throw usageFailure(`${file} does not load:\n${loadFailureText(error)}`);
  }
}

/** Why the user's file did not load, as its author needs it: without frames of Node and of packages. */
export function loadFailureText(error: unknown): string {
  if (error instanceof CommandFailure) return [error.message, ...error.hints].join("\n  ");
  if (DurableError.is(error)) return error.message;
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split("\n");
  return lines
    .filter((line) => !/^\s+at /.test(line) || isOfUser(line))
    .join("\n")
    .trimEnd();
}

function isOfUser(frame: string): boolean {
  return /:\d+:\d+\)?$/.test(frame) && !/node:|node_modules/.test(frame);
}
