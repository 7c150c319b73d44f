/** One message of a stream of server-sent events. */
export interface SseMessage {
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events, of which it knows what our server writes: `event` and `data` lines, and comments. */
export async function* sseMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<SseMessage, undefined> {
  let event = "message";
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    const { field, value } = fieldOf(line);
    if (line === "") {
      if (data.length > 0) yield { event, data: data.join("\n") };
      event = "message";
      data = [];
    } else if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return undefined;
}

function fieldOf(line: string): { readonly field: string; readonly value: string } {
  const at = line.indexOf(":");
  if (at < 0) return { field: line, value: "" };
  return { field: line.slice(0, at), value: line.slice(line[at + 1] === " " ? at + 2 : at + 1) };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the connection may be gone already
  }
}
