import { once } from "node:events";
import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { Client } from "@perdure/client";
import type { ManagementKey, ManagementRole } from "@perdure/http";
import { optional } from "@perdure/core";
import { wholeNumber } from "../arguments/values";
import type { Cli } from "../cli";
import { placeText } from "../connection/place";
import { openBackend } from "../connection/storage";
import { USUAL_PORT, serve } from "../running/api-server";
import { jsonLogger } from "../running/json-logger";
import type { Surroundings } from "../surroundings";
import { storagePlace } from "./storage-place";

export function serveCommand(cli: Cli): CommandUnknownOpts {
  return new Command("serve")
    .summary("serve the HTTP API")
    .description(
      [
        "Serves the management API of a hub, without a worker, until Ctrl+C or SIGTERM. On this machine only, unless there",
        "are keys: PERDURE_OPERATOR_KEY may do everything, PERDURE_READER_KEY only look. They are taken from the environment",
        "and from nowhere else. An audit line for each action goes to standard error.",
      ].join(" "),
    )
    .option("--port <number>", `port, 0 for any that is free`, wholeNumber(0, 65_535), USUAL_PORT)
    .option("--host <name>", "address to listen on; others than this machine's need a key", "127.0.0.1")
    .option("--prefix <path>", "path of the API (default: /runtime/webhooks/durabletask)")
    .option("--public-url <url>", "URL under which others reach the API, prefix included")
    .action(async ({ port, host, prefix, publicUrl }, command) => {
      const { surroundings } = cli;
      const { ending, workingFolder, env } = surroundings;
      const terminal = cli.terminal(command);
      const place = storagePlace(cli.place(command), "serve");
      const backend = openBackend(place, workingFolder);
      try {
        await backend.createTaskHub();
        const keys = keysOf(env);
        const eventUrlKey = env["PERDURE_EVENT_URL_KEY"];
        const options = {
          ...{ hostname: host, signal: ending, logger: jsonLogger(surroundings) },
          ...optional("prefix", prefix),
          ...optional("publicUrl", publicUrl),
          ...(keys.length === 0 ? {} : { keys }),
          ...(eventUrlKey ? { eventUrlKeys: [eventUrlKey] } : {}),
        };
        const server = await serve(new Client(backend), { ...options, port });
        try {
          if (terminal.isJson) terminal.record({ event: "serving", url: server.url });
          else terminal.say(`Serving ${placeText(place)} at ${server.url}. Ctrl+C ends it.`);
          if (!ending.aborted) await once(ending, "abort");
        } finally {
          await server.close();
        }
      } finally {
        await backend.stop();
      }
    });
}

/** Secrets do not belong in arguments, which every user of the machine can read. */
function keysOf(env: Surroundings["env"]): readonly ManagementKey[] {
  const roles: readonly (readonly [string, ManagementRole])[] = [
    ["PERDURE_OPERATOR_KEY", "operator"],
    ["PERDURE_READER_KEY", "reader"],
  ];
  return roles.flatMap(([name, role]) => {
    const key = env[name];
    return key ? [{ key, name: role, role }] : [];
  });
}
