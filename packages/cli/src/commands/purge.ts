import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { InstanceFilter, PurgeFilter } from "@perdure/client";
import { InstanceNotFoundError } from "@perdure/core";
import type { TerminalStatus } from "@perdure/core";
import type { ManagementClient } from "@perdure/http";
import type { Cli } from "../cli";
import { CommandFailure, usageFailure } from "../failures";
import { progressBar } from "../output/progress";
import type { Terminal } from "../output/terminal";
import { countText } from "../output/text";
import { filterOf, filterOptions, givenFilter, statusesOf } from "./filter";
import type { FilterOptions } from "./filter";

const FINISHED: readonly TerminalStatus[] = ["Completed", "Failed", "Terminated"];

/** What is to be deleted. */
interface Purge {
  count(): Promise<number>;
  /** Resolves with how many were deleted, and whether those were all. */
  run(total: number): Promise<{ readonly purged: number; readonly isComplete: boolean }>;
}

export function purgeCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command("purge")
    .summary("delete finished instances")
    .description(
      "Deletes a finished instance, or all that match a filter, with all they have in storage. Counts them first, and asks; where nobody can be asked, only --yes deletes.",
    )
    .argument("[instance]", "id of the instance (default: those that match)")
    .option("--recursive", "of one instance: its sub-orchestrations, too")
    .option("--every", "all finished instances, without a filter")
    .option("--dry-run", "only count them")
    .option("--yes", "do not ask");
  for (const option of filterOptions()) command.addOption(option);
  return command.action(async (instanceId, { recursive, every, dryRun, yes }, own) => {
    const filter = purgeFilterOf(givenFilter(own), cli);
    assertMeant(instanceId, filter, every === true);
    await cli.operate(own, async ({ client }, terminal, signal) => {
      const purge =
        instanceId === undefined
          ? ofMany(client, filter, terminal, signal)
          : ofOne(client, instanceId, recursive === true);
      const matched = await purge.count();
      if (dryRun) {
        terminal.show(
          { matched, purged: 0, dryRun: true },
          () => `${countText(matched, "instance")} would be deleted.`,
        );
        return;
      }
      if (matched === 0 && instanceId !== undefined) throw new InstanceNotFoundError(instanceId);
      if (
        matched > 0 &&
        !yes &&
        !(await terminal.confirm(`Delete ${countText(matched, "instance")} for good?`, HOW_TO_ANSWER))
      )
        throw new CommandFailure("failure", "Nothing was deleted.");
      const { purged, isComplete } = matched === 0 ? NOTHING : await purge.run(matched);
      terminal.show({ matched, purged, dryRun: false }, () => `Deleted ${countText(purged, "instance")}.`);
      if (!isComplete) throw new CommandFailure("interrupted", "");
    });
  });
}

const HOW_TO_ANSWER = "Give --yes to delete them, or --dry-run to count them.";
const NOTHING = { purged: 0, isComplete: true };

function purgeFilterOf({ status, ...options }: FilterOptions, cli: Cli): PurgeFilter {
  const filter: InstanceFilter = filterOf(options, cli.surroundings);
  return status === undefined ? filter : { ...filter, status: statusesOf(status, FINISHED) };
}

function assertMeant(instanceId: string | undefined, filter: PurgeFilter, isEvery: boolean): void {
  const hasFilter = Object.keys(filter).length > 0;
  if (instanceId !== undefined && (hasFilter || isEvery))
    throw usageFailure("Both an instance and a filter are given.", "Give one of them.");
  if (instanceId === undefined && !hasFilter && !isEvery)
    throw usageFailure("Nothing says which instances.", "Give an id, a filter such as --to 30d, or --every.");
}

function ofOne(client: ManagementClient, instanceId: string, recursive: boolean): Purge {
  return {
    count: () => client.purge(instanceId, { recursive, dryRun: true }),
    run: async () => ({ purged: await client.purge(instanceId, { recursive }), isComplete: true }),
  };
}

function ofMany(
  client: ManagementClient,
  filter: PurgeFilter,
  terminal: Terminal,
  signal: AbortSignal,
): Purge {
  return {
    count: () => client.countPurgeable(filter),
    run: async (total) => {
      const bar = progressBar(terminal, "Deleting", total);
      try {
        return await client.purgeMany(filter, { signal, onProgress: ({ purged }) => bar.update(purged) });
      } finally {
        bar.stop();
      }
    },
  };
}
