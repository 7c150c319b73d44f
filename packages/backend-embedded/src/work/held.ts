/** Something locked by this backend object, that `stop` gives back and a crash leaves as it is. */
export interface Held {
  giveBack(): void;
  die(): void;
}
