import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { payloadOf } from "../arguments/json";
import type { Cli } from "../cli";

export function raiseCommand(cli: Cli): CommandUnknownOpts {
  return new Command("raise")
    .summary("raise an event on an instance")
    .description("Raises an external event. The instance keeps it until it waits for one of this name.")
    .argument("<instance>", "id of the instance")
    .argument("<event>", "name of the event")
    .argument("[payload]", "JSON, @file, or - for standard input")
    .option("--idempotency-key <text>", "a repeat with the same key raises nothing")
    .action(async (instanceId, event, given, { idempotencyKey }, command) => {
      const payload = await payloadOf(given, "payload", cli.surroundings);
      await cli.operate(command, async ({ client }, terminal) => {
        await client.raiseEvent(
          instanceId,
          event,
          payload,
          idempotencyKey === undefined ? {} : { idempotencyKey },
        );
        terminal.done({ instanceId, event }, `Raised '${event}' on instance '${instanceId}'.`);
      });
    });
}
