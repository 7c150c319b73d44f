import fc from "fast-check";
import {
  MAX_MESSAGE_BYTES,
  decodeQueueText,
  encodeQueueText,
  queueTextBytes,
} from "../../src/storage/queue-text";
import { StorageRejectedError } from "../../src/storage/storage-errors";
import { escapeXml, textOf } from "../../src/storage/xml";

/** The text after a trip through a message, with what an XML parser may do to white space and what it refuses. */
function travel(text: string): string {
  const xml = `<MessageText>${escapeXml(encodeQueueText(text))}</MessageText>`;
  expect(xml).not.toMatch(/[^\t\n\x20-\x7e]/);
  expect(xml).not.toMatch(/&#x(?:0?[0-8bcef]|1[0-9a-f]|d[89a-f]..|fff[ef]);/i);
  return decodeQueueText(textOf(xml, "MessageText"));
}

describe("the text of a queue message", () => {
  it("comes back unchanged, whatever UTF-16 it is", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), fc.boolean(), (units, braces) => {
        const text = String.fromCharCode(...units);
        const wrapped = braces ? `{${text}}` : text;
        expect(travel(wrapped)).toBe(wrapped);
      }),
    );
    fc.assert(fc.property(fc.json(), (json) => expect(travel(json)).toBe(json)));
  });

  it("is readable when it is a JSON object", () => {
    const text = '{"name":"é😀 <&>"}';

    expect(encodeQueueText(text)).toBe(text);
  });

  it("is Base64 of UTF-8 when it is something else", () => {
    expect(encodeQueueText("é")).toBe(Buffer.from("é").toString("base64"));
  });

  it("of someone else is handed on when it is neither", () => {
    expect(decodeQueueText("not Base64!")).toBe("not Base64!");
    expect(decodeQueueText("{broken")).toBe("{broken");
  });

  it("is measured as stored", () => {
    const full = `{"x":"${"y".repeat(MAX_MESSAGE_BYTES - 8)}"}`;

    expect(queueTextBytes(full)).toBe(MAX_MESSAGE_BYTES);
    expect(queueTextBytes("abc")).toBe(4);
    expect(() => encodeQueueText(`${full} `)).toThrow(StorageRejectedError);
  });
});
