import { Argument, Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Cli } from "../cli";
import { completionScript } from "../completion/script";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function completionCommand(cli: Cli): CommandUnknownOpts {
  return new Command("completion")
    .summary("print a script that completes commands in your shell")
    .description(
      [
        "Prints a script that completes commands and options. It needs perdure on the PATH (npm install --global perdure).",
        "",
        "  bash (with the package bash-completion):  perdure completion bash >> ~/.bashrc",
        "  zsh:                                      perdure completion zsh >> ~/.zshrc",
        "  fish:                                     perdure completion fish > ~/.config/fish/completions/perdure.fish",
      ].join("\n"),
    )
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .action((shell, _options, command) => cli.terminal(command).data(completionScript(shell)));
}
