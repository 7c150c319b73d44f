import type { Logger } from "@perdure/core";
import type { ApiContext, Route } from "./route";

/**
 * One line for each action, whether or not it was allowed: who, what, on what, and what came of it. No inputs, no keys,
 * no queries.
 */
export function audit(
  logger: Logger,
  { action, path }: Pick<Route, "action" | "path">,
  c: ApiContext,
  response: Response,
): void {
  const caller = c.get("caller");
  if (action === undefined || (!caller && response.status === 429)) return; // so that guesses fill no log
  const fields = {
    action,
    who: caller?.name ?? "nobody known",
    ...(caller ? { role: caller.role } : {}),
    ...subjectOf(c, path),
    status: response.status,
    outcome: response.ok ? "accepted" : response.status >= 500 ? "failed" : "refused",
  };
  if (response.ok) logger.info("management action", fields);
  else logger.warn("management action", fields);
}

/** A token of an event URL is a secret and no subject. */
function subjectOf(c: ApiContext, path: string): object {
  const params: Readonly<Record<string, string | undefined>> = c.req.param();
  const { instanceId, name, eventName, timerId, scheduleId, deadLetterId } = params;
  const subject = c.get("subject");
  const id = instanceId ?? (path.startsWith("/schedules") ? undefined : subject);
  return compact({
    instanceId: id,
    orchestration: name,
    event: eventName,
    timerId,
    scheduleId: scheduleId ?? (path.startsWith("/schedules") ? subject : undefined),
    deadLetterId,
  });
}

function compact(fields: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
