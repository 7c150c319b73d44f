import { caseResult } from "../src/results";
import { requestsOf } from "../src/requests";

describe("caseResult", () => {
  it("takes the median of each figure over the runs that have it", () => {
    const { figures } = caseResult("W1", "one at a time", [
      { size: {}, figures: { p50Ms: 3, p99Ms: 9 } },
      { size: {}, figures: { p50Ms: 1 } },
      { size: {}, figures: { p50Ms: 2, p99Ms: 5 } },
    ]);

    expect(figures).toEqual({ p50Ms: 2, p99Ms: 7 });
  });

  it("keeps the place of a run that failed", () => {
    const { runs, figures, size } = caseResult("W1", "one at a time", [
      { size: { orchestrations: 10 }, figures: { p50Ms: 3 } },
      undefined,
    ]);

    expect(runs).toEqual([{ p50Ms: 3 }, {}]);
    expect(figures).toEqual({ p50Ms: 3 });
    expect(size).toEqual({ orchestrations: 10 });
  });

  it("has no figures when every run failed", () => {
    expect(caseResult("W1", "one at a time", [undefined]).figures).toEqual({});
  });
});

describe("requestsOf", () => {
  it("divides by the orchestrations and tells polling apart", () => {
    expect(requestsOf({ "History transaction": 8, "control receiveMessages": 2 }, 2)).toEqual({
      figures: { requestsPerOrchestration: 5, pollingPerOrchestration: 1 },
      requests: { "History transaction": 4, "control receiveMessages": 1 },
    });
  });

  it("is nothing where there is no storage to ask", () => {
    expect(requestsOf(undefined, 2)).toEqual({ figures: {} });
  });
});
