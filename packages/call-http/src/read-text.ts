import { TextDecoder } from "node:util";

/** Thrown for a body that is longer than allowed; the rest of it is not read. */
export class BodyTooLong extends Error {}

/**
 * A body as text, in the charset that its content type names; UTF-8 when that is unknown.
 *
 * @throws BodyTooLong, and what reading throws.
 */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return "";
  const decoder = decoderFor(response.headers.get("content-type") ?? "");
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new BodyTooLong(); // leaving the loop cancels the rest
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

function decoderFor(contentType: string): TextDecoder {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder(); // a charset nobody knows
  }
}
