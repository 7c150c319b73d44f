import { Option } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { InstanceFilter } from "@perdure/client";
import { optional, RUNTIME_STATUSES } from "@perdure/core";
import type { RuntimeStatus } from "@perdure/core";
import { momentOf } from "../arguments/times";
import { list, tag } from "../arguments/values";
import { nearest } from "../connection/nearest";
import { usageFailure } from "../failures";
import type { Surroundings } from "../surroundings";

/** Options that say which instances are meant. */
export interface FilterOptions {
  readonly name?: string;
  readonly prefix?: string;
  readonly from?: string;
  readonly to?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly status?: readonly string[];
}

export function filterOptions(): readonly Option[] {
  return [
    new Option("--status <list>", `one or several of ${RUNTIME_STATUSES.join(", ")}`).argParser(list),
    new Option("--name <orchestration>", "of this orchestration"),
    new Option("--prefix <text>", "whose id begins so"),
    new Option("--from <time>", "created then or later; 2h means two hours ago"),
    new Option("--to <time>", "created before"),
    new Option("--tag <name=value>", "with this tag; may be repeated").argParser(tag),
  ];
}

/** What was given of them. */
export function givenFilter(command: CommandUnknownOpts): FilterOptions {
  return command.opts();
}

/** @throws CommandFailure */
export function filterOf(
  { name, prefix, from, to, tag: tags }: FilterOptions,
  { clock }: Surroundings,
): InstanceFilter {
  const moment = (text: string, flag: string): Date => momentOf(text, clock.now(), flag, "ago");
  return {
    ...optional("name", name),
    ...optional("instanceIdPrefix", prefix),
    ...(from === undefined ? {} : { createdFrom: moment(from, "--from") }),
    ...(to === undefined ? {} : { createdTo: moment(to, "--to") }),
    ...optional("tags", tags),
  };
}

/** Statuses in any case; those of `known` only. @throws CommandFailure */
export function statusesOf<T extends RuntimeStatus>(
  given: readonly string[],
  known: readonly T[],
): readonly T[] {
  return given.map((text) => {
    const status = known.find((one) => one.toLowerCase() === text.toLowerCase());
    if (status !== undefined) return status;
    const similar = nearest(text, known);
    throw usageFailure(
      `--status has '${text}', which is none here.`,
      ...(similar === undefined ? [] : [`Did you mean ${similar}?`]),
      `Give one or several of ${known.join(", ")}.`,
    );
  });
}
