import { MAX_PAYLOAD_BYTES, NotSerializableError, PayloadTooLargeError, decode, encode } from "../src";

describe("encode", () => {
  it.each([[null], [0], [""], [false], [[]], [{ a: [1, { b: null }] }], ["\ud83d\ude00"]])(
    "and decode give %j back",
    (value) => {
      expect(decode(encode(value, "value"))).toEqual(value);
    },
  );

  it("gives undefined no payload", () => {
    expect(encode(undefined, "value")).toBeUndefined();
    expect(decode(undefined)).toBeUndefined();
  });

  it("follows the rules of JSON", () => {
    const value = { date: new Date(0), nan: Number.NaN, none: undefined, map: new Map([[1, 2]]) };

    expect(encode(value, "value")).toBe('{"date":"1970-01-01T00:00:00.000Z","nan":null,"map":{}}');
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  it.each([
    ["BigInt", 1n],
    ["a cycle", cycle],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    [
      "an object whose toJSON throws",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
    ],
    [
      "an object whose toJSON throws no error",
      {
        toJSON: () => {
          throw "no";
        },
      },
    ],
  ])("refuses %s", (_what, value) => {
    expect(() => encode(value, "input")).toThrow(NotSerializableError);
    expect(() => encode(value, "input")).toThrow(
      /^The input cannot be serialized as JSON: .*\. Pass plain data instead\.$/s,
    );
  });

  it("takes what has exactly the largest size, and no byte more", () => {
    const text = "x".repeat(MAX_PAYLOAD_BYTES - 2);

    expect(encode(text, "input")).toHaveLength(MAX_PAYLOAD_BYTES);
    expect(() => encode(`${text}x`, "input")).toThrow(PayloadTooLargeError);
  });

  it("counts bytes, not characters", () => {
    expect(() => encode("€".repeat(MAX_PAYLOAD_BYTES / 3), "input")).toThrow(PayloadTooLargeError);
  });
});
