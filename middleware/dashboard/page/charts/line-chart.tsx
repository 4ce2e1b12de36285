/** Lines over time, or areas that add up to a total. */
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { FeedUnit } from '../../../../lib/history/panel.js';
import type { Point } from '../feed/evaluate.js';
import { roundGaps, tickTexts } from '../format.js';
import type { TimeWindow } from '../view.js';
import { Chart, type ChartKind, type ChartSize, valueAxis } from './chart.js';
import { color, seriesColor, withAlpha } from './theme.js';

export interface Line {
  readonly name: string;
  /** Of the eight colours. */
  readonly color: number;
  readonly points: readonly Point[];
}

interface LineChartProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly unit: FeedUnit;
  readonly chart: 'line' | 'stacked' | 'states';
  readonly window: TimeWindow;
  readonly size: ChartSize;
  /** A horizontal line. */
  readonly limit?: number | undefined;
  readonly onZoom: (window: TimeWindow | undefined) => void;
}

/** The sums of each line and the ones below it, from the last line up. */
function stacked(lines: readonly Line[]): Point[][] {
  const sums: Point[][] = [];
  let below: readonly Point[] = [];
  for (const { points } of [...lines].reverse()) {
    below = points.map((point, index) =>
      typeof point === 'number' ? point + (below[index] ?? 0) : (below[index] ?? point),
    );
    sums.unshift([...below]);
  }
  return sums;
}

/** From 0, unless values are negative, with space above the highest; 0 alone is at the bottom of 0 to 1. */
function valueRange(unit: FeedUnit, limit: number | undefined): uPlot.Range.Function {
  return (_, low, high) => {
    // A limit far above the values would make a flat line of them.
    const top = limit !== undefined && high !== null && limit <= high * 3 ? Math.max(high, limit) : high;
    if (top === null || !Number.isFinite(top)) return [0, 1];
    const bottom = Math.min(low, 0);
    if (top <= bottom) return [bottom, bottom + smallest(unit)];
    if (unit === 'share' && top <= 1 && top > 0.5) return [bottom, 1];
    return [bottom, top + (top - bottom) * 0.08];
  };
}

function smallest(unit: FeedUnit): number {
  return unit === 'share' ? 0.01 : unit === 'bytes' || unit === 'bytesPerSecond' ? 1_024 : 1;
}

const stateTicks = { 0: 'fail', 0.5: 'warn', 1: 'pass' } as const;

function kindOf({ lines, unit, chart, size, limit }: LineChartProps): ChartKind {
  const axis = valueAxis(size);
  const gaps = roundGaps(unit);
  const isArea = chart === 'stacked' || (lines.length === 1 && chart === 'line');
  const base: uPlot.Axis =
    chart === 'states'
      ? {
          ...axis,
          splits: [0, 0.5, 1],
          values: (_, splits) => splits.map((tick) => stateTicks[tick as 0 | 0.5 | 1]),
        }
      : {
          ...axis,
          ...(gaps === undefined ? {} : { incrs: gaps }),
          values: (_, splits) => tickTexts(splits, unit),
        };
  return {
    series: lines.map(({ name, color: index }) => ({
      label: name,
      stroke: () => seriesColor(index),
      width: 1.5,
      ...(isArea ? { fill: () => withAlpha(seriesColor(index), chart === 'stacked' ? 0.22 : 0.1) } : {}),
      ...(chart === 'states' && uPlot.paths.stepped !== undefined
        ? { paths: uPlot.paths.stepped({ align: 1 }) }
        : {}),
      points: { show: false },
    })),
    // Each area ends where the next one begins.
    bands: chart === 'stacked' ? lines.slice(1).map((_, index) => ({ series: [index + 1, index + 2] })) : [],
    yScale: { range: chart === 'states' ? [-0.08, 1.08] : valueRange(unit, limit) },
    yAxis: base,
    ...(limit === undefined ? {} : { hooks: { draw: [(plot: uPlot) => drawLimit(plot, limit)] } }),
  };
}

function drawLimit(plot: uPlot, limit: number): void {
  const { min, max } = plot.scales.y ?? {};
  if (min === undefined || max === undefined || limit < min || limit > max) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(limit, 'y', true));
  ctx.save();
  ctx.strokeStyle = color('--bad');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

export function LineChart(props: LineChartProps) {
  const { title, times, lines, unit, chart, window, size, limit, onZoom } = props;
  const data = useMemo(
    () => [times, ...(chart === 'stacked' ? stacked(lines) : lines.map(({ points }) => points))],
    [times, lines, chart],
  );
  const shape = JSON.stringify([chart, unit, limit, lines.map(({ name, color: index }) => [name, index])]);
  return (
    <Chart
      data={data as uPlot.AlignedData}
      window={window}
      kind={() => kindOf(props)}
      shape={shape}
      size={size}
      label={`Chart of ${title}: ${lines.map(({ name }) => name).join(', ') || 'no values yet'}`}
      onZoom={onZoom}
    />
  );
}
