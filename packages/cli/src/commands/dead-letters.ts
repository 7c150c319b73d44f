import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { DeadLetterDetails, ManagementClient } from "@perdure/http";
import { wholeNumber } from "../arguments/values";
import type { Cli } from "../cli";
import { CommandFailure, usageFailure } from "../failures";
import { firstOf } from "../output/first-of";
import { tableText } from "../output/table";
import type { Terminal } from "../output/terminal";
import { countText, printable, timeText } from "../output/text";

const DEFAULT_LIMIT = 50;

export function deadLettersCommand(cli: Cli): CommandUnknownOpts {
  return new Command("dead-letters")
    .summary("list, redrive and discard messages that nobody could process")
    .description("Messages that were delivered again and again, and that nobody could process.")
    .addCommand(listLetters(cli), { isDefault: true })
    .addCommand(
      verbCommand(cli, {
        name: "redrive",
        summary: "queue messages again",
        description: "Queues messages again. Mend the cause first, or they come back.",
        act: (client, id) => client.deadLetters.redrive(id),
        done: "queued again",
        question: "Queue all dead letters again?",
      }),
    )
    .addCommand(
      verbCommand(cli, {
        name: "discard",
        summary: "delete messages for good",
        description: "Deletes messages for good. An instance that waits for one goes on waiting.",
        act: (client, id) => client.deadLetters.discard(id),
        done: "deleted",
        question: "Delete all dead letters for good?",
      }),
    );
}

function listLetters(cli: Cli): CommandUnknownOpts {
  return new Command("list")
    .summary("list dead letters")
    .description("Lists dead letters. Messages may hold payloads: they are shown only when asked for.")
    .option("--body", "with the messages themselves, in JSON")
    .option("--limit <count>", "how many at most", wholeNumber(1), DEFAULT_LIMIT)
    .action(({ body, limit }, command) =>
      cli.operate(command, async ({ client }, terminal) => {
        const { items, hasMore } = await firstOf(client.deadLetters.list({ showBody: body === true }), limit);
        terminal.show({ deadLetters: items, hasMore }, () =>
          items.length === 0 ? "No dead letters." : letterTable(items, terminal),
        );
        if (hasMore && !terminal.isJson) terminal.say(`There are more: --limit ${limit * 2}.`);
      }),
    );
}

function letterTable(letters: readonly DeadLetterDetails[], { dataColors }: Terminal): string {
  const rows = letters.map(({ id, instanceId, deadLetteredAt, deliveryCount, reason }) => [
    printable(id),
    printable(instanceId),
    timeText(deadLetteredAt),
    String(deliveryCount),
    printable(reason),
  ]);
  return tableText(["ID", "INSTANCE", "SINCE", "DELIVERIES", "REASON"].map(dataColors.bold), rows);
}

interface LetterVerb {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly act: (client: ManagementClient, id: string) => Promise<boolean>;
  readonly done: string;
  readonly question: string;
}

function verbCommand(
  cli: Cli,
  { name, summary, description, act, done, question }: LetterVerb,
): CommandUnknownOpts {
  return new Command(name)
    .summary(summary)
    .description(description)
    .argument("[id...]", "ids, as listed")
    .option("--all", "all there are; asks first")
    .option("--yes", "do not ask")
    .action((ids, { all, yes }, command) => {
      if ((ids.length === 0) !== (all === true))
        throw usageFailure("Nothing says which, or too much.", "Give ids, or --all.");
      return cli.operate(command, async ({ client }, terminal) => {
        if (all && !yes && !(await terminal.confirm(question, `Give --yes to ${name} them.`)))
          throw new CommandFailure("failure", "Nothing was done.");
        const chosen = all
          ? (await firstOf(client.deadLetters.list(), undefined)).items.map(({ id }) => id)
          : ids;
        const missing: string[] = [];
        for (const id of chosen) if (!(await act(client, id))) missing.push(id);
        const count = chosen.length - missing.length;
        terminal.done(
          { ids: chosen.filter((id) => !missing.includes(id)), missing },
          `${countText(count, "message")} ${done}.`,
        );
        if (missing.length > 0 && !all)
          throw new CommandFailure("notFound", `There is no dead letter ${missing.join(", ")}.`, [
            "List them again.",
          ]);
      });
    });
}
