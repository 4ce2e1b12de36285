/** The distribution of a histogram over time: a row per bucket, darker where more observations are, and quantiles as lines. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Level } from '../../../../lib/history/feed.js';
import type { FeedUnit } from '../../../../lib/history/panel.js';
import { Chart, type ChartKind, valueAxis } from '../charts/chart.js';
import { color, seriesColor, withAlpha } from '../charts/theme.js';
import type { Point } from '../feed/evaluate.js';
import type { Grid } from '../feed/grid.js';
import { clockText, shownText } from '../format.js';
import type { TimeWindow } from '../view.js';

interface HeatmapProps {
  readonly title: string;
  readonly grid: Grid;
  /** For each time, observations per second in each bucket. */
  readonly rates: readonly (readonly number[] | undefined)[];
  readonly bounds: readonly Level[];
  readonly lower: number;
  readonly unit: FeedUnit;
  readonly quantiles: readonly {
    readonly name: string;
    readonly color: number;
    readonly points: readonly Point[];
  }[];
  readonly window: TimeWindow;
  readonly onZoom: (window: TimeWindow | undefined) => void;
}

/** Buckets in use, as rows from 0. */
interface Rows {
  readonly first: number;
  readonly count: number;
  readonly most: number;
}

function rowsOf(rates: HeatmapProps['rates'], buckets: number): Rows {
  let [first, last, most] = [buckets, -1, 0];
  for (const rate of rates)
    for (const [bucket, value] of (rate ?? []).entries()) {
      if (value < 1e-9) continue;
      first = Math.min(first, bucket);
      last = Math.max(last, bucket);
      most = Math.max(most, value);
    }
  if (last === -1) return { first: 0, count: Math.max(1, buckets), most: 0 };
  // A row of space on both sides, where there is a bucket.
  const low = Math.max(0, first - 1);
  return { first: low, count: Math.min(buckets - 1, last + 1) - low + 1, most };
}

/** Where a value is on the axis of rows. */
function rowOf(value: number, { bounds, lower }: HeatmapProps, { first }: Rows): number {
  const bucket = bounds.findIndex((bound) => bound === null || value <= bound);
  const start = bucket <= 0 ? lower : (bounds[bucket - 1] ?? lower);
  const end = bounds[bucket];
  const share = end === null || end === undefined || end === start ? 0 : (value - start) / (end - start);
  return bucket - first + Math.min(1, Math.max(0, share));
}

function boundText({ bounds, lower, unit }: HeatmapProps, bucket: number): string {
  const bound = bucket === 0 ? lower : bounds[bucket - 1];
  return bound === null || bound === undefined ? '∞' : shownText(bound, unit);
}

function drawCells(plot: uPlot, { rates, grid }: HeatmapProps, { first, count, most }: Rows): void {
  if (most === 0) return;
  const { ctx, bbox } = plot;
  const accent = color('--accent');
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const edges = Array.from({ length: count + 1 }, (_, row) => Math.round(plot.valToPos(row, 'y', true)));
  for (const [index, time] of grid.times.entries()) {
    const left = Math.round(plot.valToPos(time - grid.step, 'x', true));
    const right = Math.round(plot.valToPos(time, 'x', true));
    for (let row = 0; row < count; row++) {
      const rate = rates[index]?.[first + row] ?? 0;
      if (rate < 1e-9) continue;
      ctx.fillStyle = withAlpha(accent, 0.1 + 0.75 * Math.sqrt(rate / most));
      const [bottom = 0, top = 0] = [edges[row], edges[row + 1]];
      ctx.fillRect(left, top, Math.max(1, right - left), bottom - top);
    }
  }
  ctx.restore();
}

interface Hovered {
  readonly time: number;
  readonly bucket: number;
  readonly rate: number;
}

export function Heatmap(props: HeatmapProps) {
  const { title, grid, rates, bounds, quantiles, window, onZoom } = props;
  const [hovered, setHovered] = useState<Hovered | undefined>(undefined);
  const rows = useMemo(() => rowsOf(rates, bounds.length), [rates, bounds]);
  const data = useMemo(
    () => [
      grid.times,
      ...quantiles.map(({ points }) =>
        points.map((point) => (typeof point === 'number' ? rowOf(point, props, rows) : point)),
      ),
    ],
    [grid, quantiles, rows],
  );
  // The chart outlives many renderings, and draws the cells of the latest one.
  const latest = useRef({ props, rows });
  latest.current = { props, rows };
  const kind = (): ChartKind => ({
    series: quantiles.map(({ name, color: index }) => ({
      label: name,
      stroke: () => seriesColor(index),
      width: 2,
      points: { show: false },
    })),
    yScale: { range: () => [0, latest.current.rows.count] },
    yAxis: {
      ...valueAxis('large'),
      grid: { show: false },
      splits: (plot) => {
        const { count } = latest.current.rows;
        const each = Math.ceil((count * 22) / Math.max(1, plot.bbox.height / devicePixelRatio));
        return Array.from({ length: Math.floor(count / each) + 1 }, (_, index) => index * each);
      },
      values: (_, splits) =>
        splits.map((row) => boundText(latest.current.props, latest.current.rows.first + row)),
    },
    hooks: {
      drawAxes: [(plot) => drawCells(plot, latest.current.props, latest.current.rows)],
      setCursor: [
        (plot) => {
          const { left = -1, top = -1, event } = plot.cursor;
          if (left < 0 || top < 0 || event === undefined || event === null) return setHovered(undefined);
          const { props: current, rows: shown } = latest.current;
          const index = Math.ceil(
            (plot.posToVal(left, 'x') - (current.grid.times[0] ?? 0)) / current.grid.step,
          );
          const bucket = Math.floor(plot.posToVal(top, 'y')) + shown.first;
          const rate = current.rates[index]?.[bucket] ?? 0;
          setHovered({ time: current.grid.times[index] ?? 0, bucket, rate });
        },
      ],
    },
  });
  const shape = JSON.stringify([bounds, quantiles.map(({ name }) => name)]);
  return (
    <figure>
      <Chart
        data={data as uPlot.AlignedData}
        window={window}
        kind={kind}
        shape={shape}
        size="large"
        label={`Heatmap of ${title}`}
        onZoom={onZoom}
      />
      <figcaption class="caption muted small">
        <span class="ramp" aria-hidden="true" />
        <span>
          {hovered === undefined || hovered.time === 0
            ? `Observations per bucket, up to ${shownText(rows.most, 'perSecond')}`
            : `${clockText(hovered.time)}: ${shownText(hovered.rate, 'perSecond')} between ${boundText(props, hovered.bucket)} and ${boundText(props, hovered.bucket + 1)}`}
        </span>
      </figcaption>
    </figure>
  );
}
