import { pageOf } from "../src/page";
import { plotOf } from "../src/plot";
import { figureTable, requestTable } from "../src/tables";
import { measured, results } from "./support";

const timers = measured(
  "W3",
  "10,000 over 20 s",
  { startsPerSecond: 5200, early: 0 },
  { startsPerSecond: 5000, early: 0 },
  { startsPerSecond: 5600, early: 0 },
);

describe("figureTable", () => {
  it("has the sizes, the medians, and what lay around them", () => {
    expect(figureTable([timers])).toEqual({
      head: ["case", "sleepers", "starts/s", "early"],
      rows: [["10,000 over 20 s", "10,000", "5,200 (5,000–5,600)", "0"]],
    });
  });

  it("leaves a field empty where a case has no such figure", () => {
    const other = measured("W3", "100,000 over 30 s", { startsPerSecond: 4000 });

    expect(figureTable([timers, other]).rows[1]).toEqual(["100,000 over 30 s", "10,000", "4,000", ""]);
  });
});

describe("requestTable", () => {
  it("has a column for each case that asked storage", () => {
    const asked = { ...timers, requests: { "History transaction": 4 } };

    expect(requestTable([asked, timers])).toEqual({
      head: ["requests per orchestration", "W3, 10,000 over 20 s"],
      rows: [["History transaction", "4"]],
    });
  });
});

describe("pageOf", () => {
  const page = pageOf(results([timers], { runs: 3, failures: ["Run 1: no"] }), "plot.svg");

  it("shows the plot, the table of each workload, the aims and the failures", () => {
    expect(page).toContain("![Figures of the embedded backend](plot.svg)");
    expect(page).toContain("| 10,000 over 20 s |   10,000 | 5,200 (5,000–5,600) |     0 |");
    expect(page).toMatch(/\| W3, 10,000 over 20 s: start rate +\| +≥ 5,000\/s \| +5,200\/s \| +met \|/);
    expect(page).toContain("- Run 1: no");
  });

  it("has no section for what was not run", () => {
    expect(page).not.toContain("W1");
    expect(page).not.toContain("Requests to storage");
  });
});

describe("plotOf", () => {
  it("is an SVG with a panel for each workload that has figures for one", () => {
    const lateness = { latenessP50Ms: 1, latenessP99Ms: 7, latenessMaxMs: 12 };
    const svg = plotOf(results([measured("W3", "10,000 over 20 s", lateness)]));

    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain("W3 timers, lateness in ms");
    expect(svg).toContain(">12</text>");
    expect(svg).not.toContain("W1 hello sequence");
  });
});
