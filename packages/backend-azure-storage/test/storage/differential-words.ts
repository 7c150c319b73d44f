/**
 * What a service makes up, each side its own: ETags, receipts, message ids, tokens. The words that two sides give for the
 * same thing get one name, in order of appearance, by which operations ask for them and answers are compared.
 */
export type Side = "emulator" | "model";

/** The answers or words of both sides for the same thing. */
export type Both<T> = Readonly<Record<Side, T>>;

export class Words {
  readonly #pairs: Both<string>[] = [];
  readonly #names: Both<Map<string, number>> = { emulator: new Map(), model: new Map() };

  /**
   * Names a pair of words.
   *
   * @param scope What the words are unique in, for example a row: another one may have the same.
   */
  learn(scope: string, words: Both<string>): number {
    const name = this.#pairs.push(words) - 1;
    this.#names.emulator.set(scoped(scope, words.emulator), name);
    this.#names.model.set(scoped(scope, words.model), name);
    return name;
  }

  /** What a side calls it. */
  wordOf(name: number, side: Side): string {
    const pair = this.#pairs[name];
    if (!pair) throw new Error(`Nothing has the name ${name}.`);
    return pair[side];
  }

  /** The name of a side's word; of one that nobody gave, the word itself. */
  nameOf(scope: string, word: string, side: Side): string {
    const name = this.#names[side].get(scoped(scope, word));
    return name === undefined ? `${side}'s ${word}` : `#${name}`;
  }
}

function scoped(scope: string, word: string): string {
  return `${scope}\0\0${word}`;
}
