import { assertInstanceId, assertName, deriveId } from "../src";
import { uuidV5 } from "../src/ids";

describe("assertInstanceId", () => {
  it.each(["a", "order-1", "a b", "größe", "😀", "x".repeat(256), "a@b", "a:b", "a.b", "..."])(
    "takes %p",
    (id) => {
      expect(() => assertInstanceId(id)).not.toThrow();
    },
  );

  it.each([
    ["", "has 0 characters"],
    ["x".repeat(257), "has 257 characters"],
    ["a/b", "contains one of"],
    ["a\\b", "contains one of"],
    ["a#b", "contains one of"],
    ["a?b", "contains one of"],
    ["a\u0000b", "contains one of"],
    ["a\u0085b", "contains one of"],
    ["a\ud800b", "contains one of"],
    ["@counter@1", "reserved for entities"],
    [".", "no URL can hold"],
    ["..", "no URL can hold"],
  ])("refuses %p", (id, reason) => {
    expect(() => assertInstanceId(id)).toThrow(reason);
  });

  it.each([[undefined], [null], [1], [{}]])("refuses %p", (id) => {
    expect(() => assertInstanceId(id)).toThrow(`The instance id is of type ${typeof id}: give a string.`);
  });

  it("does not put control characters into its message", () => {
    expect(() => assertInstanceId("a\nb/")).toThrow("'a\\nb/'");
  });
});

describe("assertName", () => {
  it.each(["a", "Say Hello", "größe/2", "x".repeat(256)])("takes %p", (name) => {
    expect(() => assertName(name, "The name")).not.toThrow();
  });

  it.each([[""], ["  "], ["."], [".."], ["a\tb"], ["x".repeat(257)], [undefined], [Symbol("s")]])(
    "refuses %p",
    (name) => {
      expect(() => assertName(name, "The name")).toThrow(/^The name is /);
    },
  );
});

describe("deriveId", () => {
  it("depends on its parts alone", () => {
    expect(deriveId("a", 1)).toMatch(/^[0-9a-f]{32}$/);
    expect(deriveId("a", 1)).toBe(deriveId("a", 1));
  });

  it("differs when the parts differ, or are cut differently", () => {
    const ids = [
      deriveId("a", 1),
      deriveId("a", "1"),
      deriveId("a1"),
      deriveId("a", 1, ""),
      deriveId("", "a", 1),
    ];

    expect(new Set(ids).size).toBe(ids.length);
  });

  it("stays what it is: stored instances depend on it", () => {
    expect(deriveId("0123456789abcdef0123456789abcdef", 7)).toBe("24196c0770e1cbbdd3d38a2370fcc00b");
  });
});

describe("uuidV5", () => {
  it("agrees with RFC 9562", () => {
    expect(uuidV5("www.example.com", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")).toBe(
      "2ed6657d-e927-568b-95e1-2665a8aea6a2",
    );
  });
});
