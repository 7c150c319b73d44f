import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** The line that a shell wants completed, when these are the arguments by which it asks. */
export function lineToComplete(args: readonly string[]): string | undefined {
  const place = args.indexOf("--compgen");
  return place < 0 ? undefined : args.slice(place + 3).join(" ");
}

/** What may come at the end of a command line: commands, or options once one is begun or no command can follow. */
export function completionsOf(program: CommandUnknownOpts, line: string): readonly string[] {
  const words = line.trimStart().split(/\s+/).slice(1);
  const begun = words.pop() ?? "";
  const command = commandOf(program, words);
  const commands = command.commands.map((child) => child.name());
  const options = [...command.options, ...program.options].flatMap(({ long }) => long ?? []);
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const candidates =
    begun.startsWith("-") || commands.length + choices.length === 0 ? options : [...commands, ...choices];
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(begun)).sort();
}

/** The command the words lead to. */
function commandOf(program: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  let command = program;
  for (const word of words) command = command.commands.find((child) => child.name() === word) ?? command;
  return command;
}
