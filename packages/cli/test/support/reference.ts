/** The parts of docs/reference/cli.md that are made from the program. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT_CODES, EXIT_CODE_MEANINGS } from "../../src/exit-codes";
import type { Outcome } from "../../src/exit-codes";
import { ENVIRONMENT } from "../../src/program";

/** Each by the name between its marks. */
export function referenceParts(program: CommandUnknownOpts): Readonly<Record<string, string>> {
  return {
    "exit codes": table(
      ["Code", "Meaning"],
      (Object.keys(EXIT_CODES) as Outcome[]).map((outcome) => [
        String(EXIT_CODES[outcome]),
        EXIT_CODE_MEANINGS[outcome],
      ]),
    ),
    environment: table(
      ["Variable", "Meaning"],
      Object.entries(ENVIRONMENT).map(([name, meaning]) => [code(name), meaning]),
    ),
    "global options": optionTable(program),
    commands: program.commands
      .filter((command) => command.name() !== "help")
      .map((command) => commandText(command, "perdure"))
      .join("\n\n"),
  };
}

/** Puts the parts between their marks: `<!-- begin NAME -->` and `<!-- end NAME -->`. */
export function withParts(document: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [before, rest] = splitOnce(text, `<!-- begin ${name} -->`);
    const [, after] = splitOnce(rest, `<!-- end ${name} -->`);
    return `${before}<!-- begin ${name} -->\n\n${part}\n\n<!-- end ${name} -->${after}`;
  }, document);
}

function commandText(command: CommandUnknownOpts, parents: string): string {
  const name = `${parents} ${command.name()}`;
  const level = parents.includes(" ") ? "####" : "###";
  const args = command.registeredArguments.map((argument) => [
    code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
    argument.description,
  ]);
  const usage = [name, ...command.registeredArguments.map(usageOf)].join(" ");
  return [
    `${level} ${name.replace("perdure ", "")}`,
    wrapped(command.description()),
    command.commands.length > 0 ? "" : `\`\`\`sh\n${usage}\n\`\`\``,
    args.length > 0 ? table(["Argument", "Meaning"], args) : "",
    command.options.length > 0 ? optionTable(command) : "",
    ...command.commands.filter((child) => child.name() !== "help").map((child) => commandText(child, name)),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function usageOf(argument: CommandUnknownOpts["registeredArguments"][number]): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionTable(command: CommandUnknownOpts): string {
  const rows = command.options.map(({ flags, description, defaultValue, argChoices }) => {
    const choices = argChoices === undefined ? "" : ` (${argChoices.join(", ")})`;
    const standard =
      defaultValue === undefined || typeof defaultValue === "boolean"
        ? ""
        : ` (default: ${String(defaultValue)})`;
    return [code(flags), `${description}${choices}${standard}`];
  });
  return table(["Option", "Meaning"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A cell of a table; what is in backquotes stands for itself. */
function escaped(cell: string): string {
  const parts = cell.replaceAll("|", String.raw`\|`).split("`");
  return parts
    .map((part, place) => (place % 2 === 0 ? part.replaceAll("<", String.raw`\<`) : part))
    .join("`");
}

const WIDTH = 120;

/** Lines of a width; those that are set in are a list of things to type. */
function wrapped(text: string): string {
  return text
    .replaceAll(/^ {2}(.*): +(.*)$/gm, "- $1: `$2`")
    .split("\n")
    .map((line) => line.replaceAll(new RegExp(`(?=.{${WIDTH + 1}})(.{1,${WIDTH}}) `, "g"), "$1\n"))
    .join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function splitOnce(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/reference/cli.md has no '${mark}'.`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
