import omelette from "omelette";

/** What a shell runs to complete `perdure`: it asks the program, with `--compgen`. */
export function completionScript(shell: "bash" | "zsh" | "fish"): string {
  const completion = omelette("perdure");
  return shell === "fish" ? completion.generateCompletionCodeFish() : completion.generateCompletionCode();
}
