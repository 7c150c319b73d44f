import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { RUNTIME_STATUSES } from "@perdure/core";
import type { Cli } from "../cli";
import { CommandFailure } from "../failures";
import { changeText } from "../output/instances";
import { printable } from "../output/text";
import { filterOf, filterOptions, givenFilter, statusesOf } from "./filter";

export function watchCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command("watch")
    .summary("follow instances as they change")
    .description(
      "Prints a line each time an instance changes its status or custom status. Of one instance until it has finished, of all that match a filter until Ctrl+C. With --json a line of JSON each.",
    )
    .argument("[instance]", "id of the instance (default: all that match)")
    .option("--since-now", "of many: only what changes from now on");
  for (const option of filterOptions()) command.addOption(option);
  return command.action(async (instanceId, { sinceNow }, own) => {
    const { status, ...options } = givenFilter(own);
    const filter = {
      ...filterOf(options, cli.surroundings),
      ...(status === undefined ? {} : { status: statusesOf(status, RUNTIME_STATUSES) }),
      since: sinceNow ? ("now" as const) : ("all" as const),
    };
    await cli.operate(own, async ({ client }, terminal, signal) => {
      const colors = terminal.dataColors;
      if (instanceId !== undefined) {
        for await (const instance of client.watch(instanceId, { signal })) {
          if (terminal.isJson) terminal.record({ kind: "changed", instance });
          else terminal.data(changeText(instance, colors));
        }
        return;
      }
      for await (const change of client.changes({ ...filter, signal })) {
        if (terminal.isJson) terminal.record(change);
        else if (change.kind === "changed") terminal.data(changeText(change.instance, colors));
        else terminal.data(`${printable(change.instanceId)} is gone, or does not match any more`);
      }
      throw new CommandFailure("unreachable", "The server has ended the feed.", ["Watch again."]);
    });
  });
}
