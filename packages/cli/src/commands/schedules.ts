import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { ManagementClient } from "@perdure/http";
import { optional } from "@perdure/core";
import { payloadOf } from "../arguments/json";
import { momentOf } from "../arguments/times";
import { wholeNumber } from "../arguments/values";
import type { Cli } from "../cli";
import { firstOf } from "../output/first-of";
import { scheduleTable, scheduleText } from "../output/schedules";
import { changesOf, givenFlags, policyOf, scheduleOptions, specOf } from "./schedule-options";

export function schedulesCommand(cli: Cli): CommandUnknownOpts {
  return new Command("schedules")
    .summary("create, list, change and delete schedules")
    .description("Recurring starts.")
    .addCommand(listSchedules(cli), { isDefault: true })
    .addCommand(createSchedule(cli))
    .addCommand(describeSchedule(cli))
    .addCommand(updateSchedule(cli))
    .addCommand(pauseSchedule(cli))
    .addCommand(
      verbCommand(cli, "resume", "let a paused schedule go on", (client, id) => client.schedules.resume(id)),
    )
    .addCommand(triggerSchedule(cli))
    .addCommand(backfillSchedule(cli))
    .addCommand(
      verbCommand(cli, "delete", "end a schedule; what runs goes on", (client, id) =>
        client.schedules.delete(id),
      ),
    );
}

function listSchedules(cli: Cli): CommandUnknownOpts {
  return new Command("list")
    .summary("list schedules")
    .description("Lists all schedules.")
    .action((_options, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        const { items } = await firstOf(client.schedules.list(), undefined);
        terminal.show({ schedules: items }, () =>
          items.length === 0 ? "No schedules." : scheduleTable(items, terminal.dataColors),
        );
      }),
    );
}

function createSchedule(cli: Cli): CommandUnknownOpts {
  const command = new Command("create")
    .summary("create a schedule")
    .description("Creates a schedule. Its first tick is the first after now.")
    .argument("<id>", "id of the schedule; runs are named after it")
    .argument("<orchestration>", "name of the orchestration to start")
    .argument("[input]", "JSON, @file, or - for standard input")
    .option("--paused", "it waits for 'schedules resume'");
  for (const option of scheduleOptions()) command.addOption(option);
  return command.action(async (id, orchestration, given, { paused }, own) => {
    const { surroundings } = cli;
    const flags = givenFlags(own);
    const spec = await specOf(flags, surroundings, true);
    const input = await payloadOf(given, "input", surroundings);
    await cli.operate(own, async ({ client }, terminal) => {
      const schedule = await client.schedules.create({
        ...{ id, orchestration, spec, paused: paused === true },
        ...changesOf(flags),
        ...optional("input", input),
      });
      terminal.show(schedule, () => scheduleText(schedule, terminal.dataColors));
    });
  });
}

function describeSchedule(cli: Cli): CommandUnknownOpts {
  return new Command("describe")
    .summary("show a schedule")
    .description("Shows a schedule: when it ticks next, what runs, what it decided lately.")
    .argument("<id>", "id of the schedule")
    .option("--next <count>", "how many times to come to tell", wholeNumber(0, 1000), 5)
    .action((id, { next }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        const schedule = await client.schedules.describe(id, { nextTimes: next });
        terminal.show(schedule, () => scheduleText(schedule, terminal.dataColors));
      }),
    );
}

const REMOVABLE = ["tags", "version", "maxRuns", "note"] as const;

function updateSchedule(cli: Cli): CommandUnknownOpts {
  const command = new Command("update")
    .summary("change a schedule")
    .description(
      "Changes what is given and leaves the rest. With another spec its next tick is the first after now.",
    )
    .argument("<id>", "id of the schedule")
    .option("--input <json>", "JSON, @file, or - for standard input");
  for (const option of scheduleOptions(REMOVABLE)) command.addOption(option);
  return command.action(async (id, { input: given }, own) => {
    const flags = givenFlags(own);
    const spec = await specOf(flags, cli.surroundings, false);
    const input = await payloadOf(given, "input", cli.surroundings);
    const removed = Object.fromEntries((flags.remove ?? []).map((field) => [field, null]));
    await cli.operate(own, async ({ client }, terminal) => {
      await client.schedules.update(id, {
        ...changesOf(flags),
        ...removed,
        ...optional("spec", spec),
        ...optional("input", input),
      });
      terminal.done({ id }, SEEN);
    });
  });
}

const SEEN = "Done as soon as a worker has seen this.";

function pauseSchedule(cli: Cli): CommandUnknownOpts {
  return new Command("pause")
    .summary("let a schedule start nothing until it is resumed")
    .description("Lets a schedule start nothing until 'schedules resume'. What runs goes on.")
    .argument("<id>", "id of the schedule")
    .option("--reason <text>", "why; kept with the schedule")
    .action((id, { reason }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        await client.schedules.pause(id, reason);
        terminal.done({ id }, SEEN);
      }),
    );
}

function triggerSchedule(cli: Cli): CommandUnknownOpts {
  return new Command("trigger")
    .summary("start a run now")
    .description("Starts a run now, whether the schedule is paused or not.")
    .argument("<id>", "id of the schedule")
    .option("--overlap-policy <policy>", "when another run has not finished (default: that of the schedule)")
    .action((id, { overlapPolicy }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        await client.schedules.trigger(id, policyOf(overlapPolicy));
        terminal.done({ id }, SEEN);
      }),
    );
}

function backfillSchedule(cli: Cli): CommandUnknownOpts {
  return new Command("backfill")
    .summary("start the runs of a range of times")
    .description("Starts the runs of a range of times. Times whose run is still there are left out.")
    .argument("<id>", "id of the schedule")
    .argument("<from>", "the first time that may tick; 2d means two days ago")
    .argument("<to>", "the last one")
    .option("--overlap-policy <policy>", "when another run has not finished (default: that of the schedule)")
    .action(async (id, from, to, { overlapPolicy }, command) => {
      const now = cli.surroundings.clock.now();
      const range = { from: momentOf(from, now, "<from>", "ago"), to: momentOf(to, now, "<to>", "ago") };
      await cli.operate(command, async ({ client }, terminal) => {
        await client.schedules.backfill(id, { ...range, ...policyOf(overlapPolicy) });
        terminal.done({ id }, SEEN);
      });
    });
}

function verbCommand(
  cli: Cli,
  name: string,
  summary: string,
  act: (client: ManagementClient, id: string) => Promise<void>,
): CommandUnknownOpts {
  return new Command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .argument("<id>", "id of the schedule")
    .action((id, _options, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        await act(client, id);
        terminal.done({ id }, SEEN);
      }),
    );
}
