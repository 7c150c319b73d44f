import { InvalidArgumentError } from "commander";

/** A whole number for an option, from `min`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** Collects `--tag name=value`, which may be given several times. */
export function tag(
  text: string,
  tags: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const place = text.indexOf("=");
  if (place < 1) throw new InvalidArgumentError("Give name=value.");
  return { ...tags, [text.slice(0, place)]: text.slice(place + 1) };
}

/** Collects an option that may be given several times, or once with commas. */
export function list(text: string, former: readonly string[] = []): readonly string[] {
  return [
    ...former,
    ...text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  ];
}
