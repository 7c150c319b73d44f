import { InvalidArgumentError } from "@perdure/core";
import { periodic, stopPeriodic } from "../src";
import type { PeriodicOptions } from "../src";

describe("periodic", () => {
  it.each<[string, unknown, string]>([
    ["no period", {}, "every is 'undefined': give milliseconds or text such as"],
    ["a period of 0", { every: 0 }, "every is 0: give a period of 1 ms or more."],
    ["less than a millisecond", { every: 0.4 }, "every is 0: give a period of 1 ms or more."],
    ["a negative period", { every: -5 }, "every is -5: give finite milliseconds of 0 or more."],
    ["a period that is no number", { every: Number.NaN }, "every is NaN"],
    ["text without a unit", { every: "5" }, "every is '5'"],
    [
      "an unknown mode",
      { every: "1m", mode: "sometimes" },
      "mode is 'sometimes': give one of fixedDelay, fixedRate, skipIfRunning.",
    ],
  ])("refuses %s when it is defined", (_what, options, message) => {
    const define = () => periodic(options as PeriodicOptions, function* () {});

    expect(define).toThrow(InvalidArgumentError);
    expect(define).toThrow(message);
  });

  it("takes any period of a millisecond or more", () => {
    for (const every of [1, "1ms", "400d"])
      expect(periodic({ every }, function* () {})).toBeInstanceOf(Function);
  });
});

describe("stopPeriodic", () => {
  it("has an output, or none", () => {
    expect(stopPeriodic("done").output).toBe("done");
    expect(stopPeriodic().output).toBeUndefined();
  });
});
