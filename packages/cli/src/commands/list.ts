import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { RUNTIME_STATUSES } from "@perdure/core";
import { wholeNumber } from "../arguments/values";
import type { Cli } from "../cli";
import { instanceTable } from "../output/instances";
import { firstOf } from "../output/first-of";
import { filterOf, filterOptions, givenFilter, statusesOf } from "./filter";

const DEFAULT_LIMIT = 50;

export function listCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command("list")
    .summary("list instances")
    .description("Lists the instances that match all conditions, in the order that storage keeps them.")
    .option("--limit <count>", "how many at most", wholeNumber(1), DEFAULT_LIMIT)
    .option("--all", "all of them, without a limit")
    .option("--payloads", "with inputs and outputs, in JSON");
  for (const option of filterOptions()) command.addOption(option);
  return command.action(async ({ limit, all, payloads }, own) => {
    const { status, ...options } = givenFilter(own);
    const filter = {
      ...filterOf(options, cli.surroundings),
      ...(status === undefined ? {} : { status: statusesOf(status, RUNTIME_STATUSES) }),
      includePayloads: payloads === true,
    };
    await cli.operate(own, async ({ client }, terminal) => {
      const { items, hasMore } = await firstOf(client.list(filter), all ? undefined : limit);
      terminal.show({ instances: items, hasMore }, () =>
        items.length === 0 ? "No instances." : instanceTable(items, terminal.dataColors),
      );
      if (hasMore && !terminal.isJson)
        terminal.say(`There are more: --limit ${limit * 2}, --all, or a filter.`);
    });
  });
}
