import { Refusal } from "./refusal";

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** How long nothing may come of the rest of a body that is too large. */
const SILENCE_MS = 500;

/**
 * The body of a request as text, of which no more is read than allowed.
 *
 * @throws Refusal
 */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > 2 * maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return "";
  const decoder = new TextDecoder();
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  if (declared > maxBytes) throw await refused(reader, maxBytes, 0);
  let bytes = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) throw await refused(reader, maxBytes, bytes);
    text += decoder.decode(value, { stream: true });
  }
}

/**
 * Reads on, up to twice the limit, before it is refused: a connection that is closed while its other end still sends is
 * reset, and takes the answer along.
 */
async function refused(reader: BodyReader, maxBytes: number, read: number): Promise<Refusal> {
  let left = 2 * maxBytes - read;
  while (left > 0) {
    const next = await unlessSilent(reader.read());
    if (!next) break;
    if (next.done) return tooLarge(maxBytes);
    left -= next.value.byteLength;
  }
  return tooLarge(maxBytes, { connection: "close" }); // of no more use: a rest is on its way
}

async function unlessSilent<T>(next: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SILENCE_MS);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBytes: number, headers: Readonly<Record<string, string>> = {}): Refusal {
  const message = `The body has more than ${maxBytes} bytes: keep the data elsewhere and send a reference to it.`;
  return new Refusal(413, "PayloadTooLarge", message, { headers });
}
