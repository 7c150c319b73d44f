import { createRequire } from "node:module";
import type * as ECharts from "echarts/types/dist/echarts" with { "resolution-mode": "import" };
import { FIGURES } from "./figures";
import type { FigureName } from "./figures";
import type { CaseResult, Results } from "./results";
import { rounded } from "./statistics";

/** Loaded by hand: there is code for `require`, but the types are for `import` only. */
const echarts = createRequire(__filename)("echarts") as typeof ECharts;

/** Some figures of one workload, case by case. */
interface Panel {
  readonly workload: string;
  readonly title: string;
  readonly figures: readonly FigureName[];
}

const PANELS: readonly Panel[] = [
  { workload: "W1", title: "W1 hello sequence, orchestrations/s", figures: ["orchestrationsPerSecond"] },
  { workload: "W1", title: "W1 hello sequence, latency in ms", figures: ["p50Ms", "p99Ms"] },
  { workload: "W2", title: "W2 fan-out, activities/s", figures: ["activitiesPerSecond"] },
  {
    workload: "W3",
    title: "W3 timers, lateness in ms",
    figures: ["latenessP50Ms", "latenessP99Ms", "latenessMaxMs"],
  },
  { workload: "W4", title: "W4 long history, ms per step", figures: ["msPerStep"] },
  { workload: "W5", title: "W5 idle, MB", figures: ["rssMB", "rssAnonMB", "heapMB"] },
  { workload: "W6", title: "W6 events, per second", figures: ["raisesPerSecond", "eventsPerSecond"] },
  { workload: "W7", title: "W7 cold wake, latency in ms", figures: ["p50Ms", "p99Ms"] },
];
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const COLUMNS = 2;
const WIDTH = 960;
const PANEL = { width: WIDTH / COLUMNS, height: 240 };
const MARGIN = { left: 60, top: 65, right: 20, bottom: 40 };
const COLOURS = ["#3b6fb6", "#e08a2b", "#8a4f9e"];

/** Bars for the medians, one panel for each workload that was run, as SVG. */
export function plotOf(results: Results): string {
  const panels = PANELS.map((panel) => ({ panel, cases: casesOf(results, panel) })).filter(
    ({ cases }) => cases.length > 0,
  );
  const rows = Math.max(1, Math.ceil(panels.length / COLUMNS));
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: WIDTH,
    height: rows * PANEL.height,
  });
  chart.setOption(optionOf(panels));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg + "\n";
}

function casesOf(results: Results, { workload, figures }: Panel): readonly CaseResult[] {
  return results.cases.filter(
    (each) => each.workload === workload && figures.some((name) => each.figures[name] !== undefined),
  );
}

function optionOf(
  panels: readonly { readonly panel: Panel; readonly cases: readonly CaseResult[] }[],
): ECharts.EChartsOption {
  const boxes = panels.map((_, index) => boxOf(index));
  return {
    animation: false,
    backgroundColor: "#ffffff",
    color: COLOURS,
    title: panels.map(({ panel }, index) => ({
      text: panel.title,
      left: boxes[index]?.left ?? 0,
      top: (boxes[index]?.top ?? 0) - 58,
      textStyle: { fontSize: 13 },
    })),
    legend: panels.map(({ panel }, index) => ({
      data: panel.figures.length > 1 ? panel.figures.map((name) => FIGURES[name].label) : [],
      left: boxes[index]?.left ?? 0,
      top: (boxes[index]?.top ?? 0) - 36,
      itemHeight: 8,
      itemWidth: 12,
      itemGap: 18,
      textStyle: { fontSize: 10 },
    })),
    grid: boxes,
    xAxis: panels.map(({ cases }, gridIndex) => ({
      gridIndex,
      type: "category" as const,
      data: cases.map(({ name }) => name),
      axisLabel: { interval: 0 },
    })),
    yAxis: panels.map((_, gridIndex) => ({ gridIndex, type: "value" as const })),
    series: panels.flatMap(({ panel, cases }, index) =>
      panel.figures.map((name, nth) => ({
        type: "bar" as const,
        name: FIGURES[name].label,
        xAxisIndex: index,
        yAxisIndex: index,
        itemStyle: { color: COLOURS[nth] ?? "#666666" },
        barMaxWidth: 48,
        data: cases.map(({ figures }) => figures[name] ?? null),
        label: {
          show: true,
          position: "top" as const,
          fontSize: 10,
          formatter: barLabel,
        },
      })),
    ),
  };
}

function barLabel({ value }: { readonly value?: unknown }): string {
  return typeof value === "number" ? rounded(value) : "";
}

/** Where the bars of a panel are. */
function boxOf(index: number): Box {
  return {
    left: (index % COLUMNS) * PANEL.width + MARGIN.left,
    top: Math.floor(index / COLUMNS) * PANEL.height + MARGIN.top,
    width: PANEL.width - MARGIN.left - MARGIN.right,
    height: PANEL.height - MARGIN.top - MARGIN.bottom,
  };
}
