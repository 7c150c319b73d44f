import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Cli } from "./cli";
import { completionCommand } from "./commands/completion";
import { deadLettersCommand } from "./commands/dead-letters";
import { devCommand } from "./commands/dev";
import { doctorCommand } from "./commands/doctor";
import { explainCommand } from "./commands/explain";
import { getCommand } from "./commands/get";
import { historyCommand } from "./commands/history";
import { initCommand } from "./commands/init";
import { listCommand } from "./commands/list";
import { purgeCommand } from "./commands/purge";
import { raiseCommand } from "./commands/raise";
import { replayCommand } from "./commands/replay";
import { restartCommand } from "./commands/restart";
import { resumeCommand, rewindCommand, suspendCommand } from "./commands/hold";
import { schedulesCommand } from "./commands/schedules";
import { serveCommand } from "./commands/serve";
import { startCommand } from "./commands/start";
import { terminateCommand } from "./commands/terminate";
import { timersCommand } from "./commands/timers";
import { waitCommand } from "./commands/wait";
import { watchCommand } from "./commands/watch";
import { workerCommand } from "./commands/worker";
import { EXIT_CODES, EXIT_CODE_MEANINGS } from "./exit-codes";
import type { Outcome } from "./exit-codes";
import { version } from "./version";

type MakeCommand = (cli: Cli) => CommandUnknownOpts;

const GROUPS: readonly (readonly [title: string, commands: readonly MakeCommand[]])[] = [
  ["Develop and run:", [initCommand, devCommand, workerCommand, serveCommand, replayCommand]],
  [
    "Instances:",
    [
      ...[startCommand, listCommand, getCommand, historyCommand, watchCommand, waitCommand],
      ...[raiseCommand, suspendCommand, resumeCommand, terminateCommand, restartCommand, rewindCommand],
      purgeCommand,
    ],
  ],
  ["Timers, schedules, messages:", [timersCommand, schedulesCommand, deadLettersCommand]],
  ["When something is wrong:", [explainCommand, doctorCommand]],
  ["The command line itself:", [completionCommand]],
];

/** Environment variables, for the help and the documentation. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PERDURE_STORAGE: "connection string of a storage account",
  PERDURE_URL: "URL of a management API",
  PERDURE_KEY: "key for that API",
  PERDURE_HUB: "name of the task hub",
  PERDURE_PROFILE: "name of the profile to use",
  PERDURE_CONFIG: "file with your own profiles, instead of the one in your home folder",
  NO_COLOR: "no colours, if it is not empty",
  FORCE_COLOR: "colours even where no terminal is seen",
};

/** The whole command line. Nothing of the process it runs in is touched but through the surroundings. */
export function createProgram(cli: Cli): CommandUnknownOpts {
  const { stdout, stderr } = cli.surroundings;
  const program = new Command("perdure")
    .description("Develop, operate and rescue durable orchestrations.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help of a command")
    .optionsGroup("Where the hub is (default: a file in .perdure):")
    .option("--path <file>", "a file of this machine")
    .option(
      "--connection-string <text>",
      "a storage account; better in PERDURE_STORAGE, which others cannot see",
    )
    .option("--azurite", "the storage emulator on its usual ports")
    .option("--url <url>", "a server with the management API")
    .option("--key <key>", "key for that server; better in PERDURE_KEY, which others cannot see")
    .option("--hub <name>", "name of the task hub")
    .option("--profile <name>", "profile of perdure.yaml to use")
    .optionsGroup("Output:")
    .option("--json", "data as JSON, streams as JSON lines, errors too")
    .option("--no-color", "no colours");
  program.addHelpText("after", () => `\n${exitCodeText()}\n\nEnvironment:\n${environmentText()}`);
  program.configureHelp({ showGlobalOptions: true });
  program.configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => {
      if (!cli.isJson) stderr.write(text); // with --json, who runs the program tells of it
    },
    getOutHelpWidth: () => stdout.columns ?? 100,
    getErrHelpWidth: () => stderr.columns ?? 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  program.showHelpAfterError(cli.isJson ? false : "(--help tells more)").exitOverride();
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(title);
    for (const make of commands) program.addCommand(inheriting(make(cli), program));
  }
  return program;
}

/** Commands that are added do not take over the settings of their parent by themselves. */
function inheriting(command: CommandUnknownOpts, parent: CommandUnknownOpts): CommandUnknownOpts {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheriting(child, command);
  return command;
}

function exitCodeText(): string {
  const rows = (Object.keys(EXIT_CODES) as Outcome[]).map(
    (outcome) => `  ${String(EXIT_CODES[outcome]).padEnd(5)}${EXIT_CODE_MEANINGS[outcome]}`,
  );
  return ["Exit codes:", ...rows].join("\n");
}

function environmentText(): string {
  return Object.entries(ENVIRONMENT)
    .map(([name, meaning]) => `  ${name.padEnd(17)}${meaning}`)
    .join("\n");
}
