import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Cli } from "../cli";
import { nearest } from "../connection/nearest";
import { usageFailure } from "../failures";
import { fieldsText } from "../output/table";
import { shellWord } from "../output/text";
import { scaffold } from "../scaffold/scaffold";
import { DEFAULT_TEMPLATE, templates } from "../scaffold/templates";
import type { Template } from "../scaffold/templates";

export function initCommand(cli: Cli): CommandUnknownOpts {
  return new Command("init")
    .summary("make a new project")
    .description(
      "Makes a project in a new or empty folder: strict TypeScript, orchestrations, a test that passes.",
    )
    .argument("[folder]", "where to make it")
    .option("--template <name>", "which one; --list shows them", DEFAULT_TEMPLATE)
    .option("--list", "list the templates")
    .action(async (folder, { template: name, list }, command) => {
      const terminal = cli.terminal(command);
      const known = templates();
      if (list) {
        const about = known.map(({ name: id, about: text }) => [id, text] as const);
        terminal.show(
          { templates: known.map(({ name: id, about: text }) => ({ name: id, about: text })) },
          () => fieldsText(Object.fromEntries(about)),
        );
        return;
      }
      const template = templateNamed(name, known);
      if (folder === undefined) throw usageFailure("No folder is given.", "Give one: perdure init my-app");
      const target = path.resolve(cli.surroundings.workingFolder, folder);
      await scaffold(template, target);
      const next = [
        `cd ${shellWord(folder.startsWith("-") ? `./${folder}` : folder)} && npm install`,
        "npm run dev",
      ];
      terminal.show({ folder: target, template: template.name, next }, () =>
        [
          `Made ${target} from the template '${template.name}'. Now:`,
          "",
          ...next.map((line) => `  ${line}`),
        ].join("\n"),
      );
    });
}

function templateNamed(name: string, known: readonly Template[]): Template {
  const template = known.find((one) => one.name === name);
  if (template) return template;
  const names = known.map((one) => one.name);
  const similar = nearest(name, names);
  throw usageFailure(
    `There is no template '${name}'.`,
    ...(similar === undefined ? [] : [`Did you mean '${similar}'?`]),
    `There are ${names.join(", ")}.`,
  );
}
