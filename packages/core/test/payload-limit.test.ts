import { PayloadLimit, PayloadTooLargeError } from "../src";

describe("PayloadLimit", () => {
  const limit = new PayloadLimit(12);

  it.each([
    ["short"],
    [{ input: "123456789012" }],
    [[{ deep: ["€€€€"] }]],
    [12345678901234],
    [null],
    [undefined],
  ])("takes %j", (value) => {
    expect(() => limit.check(value, "i1")).not.toThrow();
  });

  it.each([
    ["text", "1234567890123", "message of 'i1'"],
    ["a field", { input: "1234567890123" }, "input of 'i1'"],
    ["bytes, not characters", { failure: { errorMessage: "€€€€€" } }, "errorMessage of 'i1'"],
    ["an item of a list, by the list's name", { tags: ["1234567890123"] }, "tags of 'i1'"],
  ])("refuses %s", (_what, value, named) => {
    expect(() => limit.check(value, "i1")).toThrow(PayloadTooLargeError);
    expect(() => limit.check(value, "i1")).toThrow(`The ${named} takes`);
  });
});
