/** The little XML that queues speak: flat elements without attributes. */

const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/**
 * Text as XML in ASCII. Azurite decodes a body piece by piece and breaks what is longer than a byte and lies on the
 * border of two pieces.
 */
export function escapeXml(text: string): string {
  return text.replace(
    /[&<>]|[^\0-\x7f]/gu,
    (character) => `&#x${(character.codePointAt(0) ?? 0).toString(16)};`,
  );
}

/** The contents of all elements with this name, still escaped. Elements of one name do not nest. */
export function elements(xml: string, name: string): readonly string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, "g")), (match) => match[1] ?? "");
}

/** The text of the first element with this name; empty when there is none. */
export function textOf(xml: string, name: string): string {
  return (elements(xml, name)[0] ?? "").replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, unescapeEntity);
}

function unescapeEntity(entity: string, hex?: string, decimal?: string, name = ""): string {
  if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
  if (decimal !== undefined) return String.fromCodePoint(parseInt(decimal, 10));
  return NAMED.get(name) ?? entity;
}
