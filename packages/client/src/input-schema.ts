import { InvalidArgumentError, decode } from "@perdure/core";
import type { AnyOrchestration, Payload, SchemaIssue } from "@perdure/core";

/** More than that is too much to read. */
const MOST_ISSUES = 10;

/**
 * Checks an input by the schema of its orchestration, if it has one, in the form in which it is stored: that is what the
 * orchestration gets.
 *
 * @throws InvalidArgumentError that says what is wrong, and where; and what the schema throws.
 */
export async function assertInput(
  { name, input: schema }: Pick<AnyOrchestration, "name" | "input">,
  input: Payload | undefined,
): Promise<void> {
  const result = await schema?.["~standard"].validate(decode(input));
  if (!result?.issues) return;
  const told = result.issues.slice(0, MOST_ISSUES).map(issueText);
  const more = result.issues.length - told.length;
  throw new InvalidArgumentError(
    `The input of orchestration '${name}' is not valid. ${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
  );
}

function issueText({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment));
  const where = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return where === "" ? message : `${where.replace(/^\./, "")}: ${message}`;
}
