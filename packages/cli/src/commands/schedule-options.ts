import { Option } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { ScheduleChanges } from "@perdure/client";
import { RUN_OVERLAP_POLICIES } from "@perdure/schedules";
import type { RunOverlapPolicy, ScheduleSpec } from "@perdure/schedules";
import { optional } from "@perdure/core";
import { payloadOf } from "../arguments/json";
import { durationOf, momentOf } from "../arguments/times";
import { tag, wholeNumber } from "../arguments/values";
import { nearest } from "../connection/nearest";
import { usageFailure } from "../failures";
import type { Surroundings } from "../surroundings";

/** Options that say when a schedule ticks, and how. */
export interface ScheduleFlags {
  readonly cron?: string;
  readonly every?: string;
  readonly spec?: string;
  readonly timeZone?: string;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly jitter?: string;
  readonly overlapPolicy?: string;
  readonly catchUpWindow?: string;
  readonly maxCatchUp?: number;
  readonly maxRuns?: number;
  readonly codeVersion?: string;
  readonly note?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** @param removable What an update may take away; none for a new schedule. */
export function scheduleOptions(removable: readonly string[] = []): readonly Option[] {
  const options = [
    new Option("--cron <line>", 'when it ticks, such as "30 2 * * *"'),
    new Option("--every <duration>", "how often it ticks, such as 15m"),
    new Option("--spec <json>", "when it ticks, as JSON or @file: calendars, exclusions and more").conflicts([
      "cron",
      "every",
    ]),
    new Option("--time-zone <name>", "IANA name (default: UTC)"),
    new Option("--start-at <time>", "no tick before"),
    new Option("--end-at <time>", "no tick after"),
    new Option("--jitter <duration>", "each run starts up to so much later"),
    new Option(
      "--overlap-policy <policy>",
      `when another run has not finished: ${RUN_OVERLAP_POLICIES.join(", ")}`,
    ),
    new Option("--catch-up-window <duration>", "after downtime, older ticks are missed and not run"),
    new Option("--max-catch-up <count>", "how many of the others are run").argParser(wholeNumber(0)),
    new Option("--max-runs <count>", "how often it starts something at most").argParser(wholeNumber(1)),
    new Option("--code-version <text>", "recorded with each run"),
    new Option("--note <text>", "for people"),
    new Option("--tag <name=value>", "of each run; may be repeated").argParser(tag),
  ];
  if (removable.length === 0) return options;
  return [...options, new Option("--remove <field...>", "take away what was set").choices(removable)];
}

/** What was given of them. */
export function givenFlags(command: CommandUnknownOpts): ScheduleFlags {
  return command.opts();
}

/** The spec that the flags say. @throws CommandFailure when there is none and `isRequired`. */
export async function specOf(
  flags: ScheduleFlags,
  surroundings: Surroundings,
  isRequired: true,
): Promise<ScheduleSpec>;
export async function specOf(
  flags: ScheduleFlags,
  surroundings: Surroundings,
  isRequired: boolean,
): Promise<ScheduleSpec | undefined>;
export async function specOf(
  { cron, every, spec, timeZone, startAt, endAt, jitter }: ScheduleFlags,
  surroundings: Surroundings,
  isRequired: boolean,
): Promise<ScheduleSpec | undefined> {
  const given = (await payloadOf(spec, "spec", surroundings)) as ScheduleSpec | undefined;
  const moment = (text: string, flag: string): Date =>
    momentOf(text, surroundings.clock.now(), flag, "from now");
  const result: ScheduleSpec = {
    ...given,
    ...optional("cron", cron),
    ...(every === undefined ? {} : { every: { interval: durationOf(every, "--every") } }),
    ...optional("timeZone", timeZone),
    ...(startAt === undefined ? {} : { startAt: moment(startAt, "--start-at") }),
    ...(endAt === undefined ? {} : { endAt: moment(endAt, "--end-at") }),
    ...(jitter === undefined ? {} : { jitter: durationOf(jitter, "--jitter") }),
  };
  if (given ?? cron ?? every) return result;
  if (!isRequired && Object.keys(result).length === 0) return undefined;
  throw usageFailure("Nothing says when it ticks.", 'Give --cron "30 2 * * *", --every 15m or --spec @file.');
}

export function changesOf(flags: ScheduleFlags): ScheduleChanges {
  const { catchUpWindow, maxCatchUp, maxRuns, codeVersion, note, tag: tags, overlapPolicy } = flags;
  return {
    ...policyOf(overlapPolicy),
    ...(catchUpWindow === undefined ? {} : { catchUpWindow: durationOf(catchUpWindow, "--catch-up-window") }),
    ...optional("maxCatchUp", maxCatchUp),
    ...optional("maxRuns", maxRuns),
    ...optional("version", codeVersion),
    ...optional("note", note),
    ...optional("tags", tags),
  };
}

/** @throws CommandFailure when it is none. */
export function policyOf(given: string | undefined): { readonly overlapPolicy?: RunOverlapPolicy } {
  if (given === undefined) return {};
  const overlapPolicy = RUN_OVERLAP_POLICIES.find((policy) => policy.toLowerCase() === given.toLowerCase());
  if (overlapPolicy !== undefined) return { overlapPolicy };
  const similar = nearest(given, RUN_OVERLAP_POLICIES);
  throw usageFailure(
    `There is no overlap policy '${given}'.`,
    ...(similar === undefined ? [] : [`Did you mean ${similar}?`]),
    `There are ${RUN_OVERLAP_POLICIES.join(", ")}.`,
  );
}
