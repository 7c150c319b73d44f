import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { TimerReference } from "@perdure/client";
import { optional, START_TIMER_ID } from "@perdure/core";
import type { Moment } from "@perdure/core";
import type { ManagementClient, TimerDetails } from "@perdure/http";
import { momentOf } from "../arguments/times";
import { wholeNumber } from "../arguments/values";
import type { Cli } from "../cli";
import { usageFailure } from "../failures";
import { firstOf } from "../output/first-of";
import { tableText } from "../output/table";
import type { Terminal } from "../output/terminal";
import { printable, spanText, timeText } from "../output/text";

const DEFAULT_LIMIT = 50;

export function timersCommand(cli: Cli): CommandUnknownOpts {
  return new Command("timers")
    .summary("list, fire, move and cancel timers")
    .description("What instances sleep on.")
    .addCommand(listTimers(cli), { isDefault: true })
    .addCommand(fireTimer(cli))
    .addCommand(moveTimer(cli))
    .addCommand(cancelTimer(cli));
}

function listTimers(cli: Cli): CommandUnknownOpts {
  return new Command("list")
    .summary("list pending timers")
    .description("Lists pending timers: of one instance, or of all that match.")
    .argument("[instance]", "id of the instance (default: all)")
    .option("--due-before <time>", "due before; 2h means within two hours")
    .option("--prefix <text>", "of instances whose id begins so")
    .option("--name <orchestration>", "of instances of this orchestration")
    .option("--limit <count>", "how many at most", wholeNumber(1), DEFAULT_LIMIT)
    .action((instanceId, options, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        const { items, hasMore } =
          instanceId === undefined
            ? await firstOf(client.timers.list(filterOf(options, cli)), options.limit)
            : { items: await client.timers.of(instanceId), hasMore: false };
        terminal.show({ timers: items, hasMore }, () =>
          items.length === 0 ? "No timers." : timerTable(items, cli.surroundings.clock.now(), terminal),
        );
        if (hasMore && !terminal.isJson)
          terminal.say(`There are more: --limit ${options.limit * 2}, or a filter.`);
      }),
    );
}

interface TimerFilterOptions {
  readonly dueBefore?: string | undefined;
  readonly prefix?: string | undefined;
  readonly name?: string | undefined;
}

function filterOf({ dueBefore, prefix, name }: TimerFilterOptions, { surroundings }: Cli): object {
  const now = surroundings.clock.now();
  return {
    ...(dueBefore === undefined ? {} : { dueBefore: momentOf(dueBefore, now, "--due-before", "from now") }),
    ...optional("instanceIdPrefix", prefix),
    ...optional("orchestration", name),
  };
}

function timerTable(timers: readonly TimerDetails[], now: number, { dataColors }: Terminal): string {
  const rows = timers.map(({ instanceId, timerId, name, kind, fireAt, orchestration }) => [
    printable(instanceId),
    kind === "start" ? START : String(timerId),
    printable(name ?? ""),
    timeText(fireAt),
    distanceText(Date.parse(fireAt) - now),
    printable(orchestration),
  ]);
  return tableText(["INSTANCE", "TIMER", "NAME", "FIRES AT", "", "ORCHESTRATION"].map(dataColors.bold), rows);
}

function distanceText(ms: number): string {
  return ms >= 0 ? `in ${spanText(ms)}` : `${spanText(-ms)} late`;
}

interface TimerVerb {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly done: string;
  readonly act: (
    client: ManagementClient,
    timer: TimerReference,
    reason: string | undefined,
  ) => Promise<void>;
}

function fireTimer(cli: Cli): CommandUnknownOpts {
  return timerVerb(cli, {
    name: "fire",
    summary: "let a timer fire now",
    description: "Lets a timer fire now, instead of when it is due.",
    done: "It fires as soon as a worker has seen this.",
    act: (client, timer, reason) => client.timers.fire(timer, reason),
  });
}

function cancelTimer(cli: Cli): CommandUnknownOpts {
  return timerVerb(cli, {
    name: "cancel",
    summary: "cancel a timer",
    description:
      "Cancels a timer: whoever waits for it gets TaskCancelledError. An instance whose start is cancelled is terminated.",
    done: "It is cancelled as soon as a worker has seen this.",
    act: (client, timer, reason) => client.timers.cancel(timer, reason),
  });
}

function timerVerb(cli: Cli, { name, summary, description, done, act }: TimerVerb): CommandUnknownOpts {
  return new Command(name)
    .summary(summary)
    .description(description)
    .argument("<instance>", "id of the instance")
    .argument("<timer>", "number of the timer, as listed, or 'start'", timerNumber)
    .option("--reason <text>", "why; kept with the instance")
    .option("--execution <id>", "only if the instance is still in this execution")
    .action((instanceId, timerId, { reason, execution }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        await act(client, referenceOf(instanceId, timerId, execution), reason);
        terminal.done({ instanceId, timerId }, done);
      }),
    );
}

function moveTimer(cli: Cli): CommandUnknownOpts {
  return new Command("move")
    .summary("let a timer fire at another time")
    .description("Lets a timer fire at another time: earlier, later, or at once when that is past.")
    .argument("<instance>", "id of the instance")
    .argument("<timer>", "number of the timer, as listed, or 'start'", timerNumber)
    .argument(
      "<when>",
      "2027-03-28T02:30:00Z, a duration from now such as 2h, or with --time-zone the time on a wall clock",
    )
    .option("--time-zone <name>", "IANA name; <when> is then a local time such as 2027-03-28T09:00")
    .option("--reason <text>", "why; kept with the instance")
    .option("--execution <id>", "only if the instance is still in this execution")
    .action((instanceId, timerId, when, { timeZone, reason, execution }, command) => {
      const moment: Moment =
        timeZone === undefined
          ? momentOf(when, cli.surroundings.clock.now(), "The time", "from now")
          : { at: when, timeZone };
      return cli.operate(command, async ({ client }, terminal) => {
        await client.timers.move(referenceOf(instanceId, timerId, execution), moment, reason);
        terminal.done({ instanceId, timerId }, "It is moved as soon as a worker has seen this.");
      });
    });
}

function referenceOf(instanceId: string, timerId: number, executionId: string | undefined): TimerReference {
  return { instanceId, timerId, ...optional("executionId", executionId) };
}

const START = "start";

/** @throws CommandFailure */
function timerNumber(text: string): number {
  if (text === START) return START_TIMER_ID;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageFailure(
    `The timer is '${text}', which is no number.`,
    "Give one that 'perdure timers <instance>' lists.",
  );
}
