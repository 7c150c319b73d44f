declare module "omelette" {
  interface Completion {
    /** For bash and zsh. */
    generateCompletionCode(): string;
    generateCompletionCodeFish(): string;
  }
  function omelette(program: string): Completion;
  export = omelette;
}
