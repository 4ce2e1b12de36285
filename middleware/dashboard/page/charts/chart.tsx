/** A uPlot chart as a component. Its time window and its cursor are those of all charts. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { cursorTime } from '../cursor.js';
import { timeTick } from '../format.js';
import type { TimeWindow } from '../view.js';
import { color, theme } from './theme.js';

/** What a kind of chart adds to the shared parts. */
export interface ChartKind {
  readonly series: uPlot.Series[];
  readonly bands?: uPlot.Band[];
  readonly yScale: uPlot.Scale;
  readonly yAxis: uPlot.Axis;
  readonly hooks?: uPlot.Hooks.Arrays;
}

interface ChartProps {
  readonly data: uPlot.AlignedData;
  readonly window: TimeWindow;
  /** Called when the chart is made: with another `shape`, another chart is made. */
  readonly kind: () => ChartKind;
  /** Identifies the series and their colours. */
  readonly shape: string;
  readonly size: ChartSize;
  /** The text in place of the chart for screen readers. */
  readonly label: string;
  /** `undefined`: back to the range. */
  readonly onZoom: (window: TimeWindow | undefined) => void;
}

export type ChartSize = 'tile' | 'large';

const font = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

/** The seconds between ticks of the time axis. */
const timeGaps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
  604_800,
];

function timeAxis(): uPlot.Axis {
  return {
    stroke: () => color('--muted'),
    font,
    size: 20,
    gap: 4,
    // Pixels of `14:03` or `14:03:07`, and a gap.
    space: (_, __, from, to) => (to - from > 240 ? 56 : 76),
    grid: { show: false },
    ticks: { show: false },
    incrs: timeGaps,
    values: (plot, splits, _, __, gap) => {
      // A text that would not fit at the right edge is left out.
      const end = plot.bbox.width / devicePixelRatio - (gap < 60 ? 18 : 8);
      return splits.map((seconds) => (plot.valToPos(seconds, 'x') > end ? '' : timeTick(seconds, gap)));
    },
  };
}

/** The parts of a value axis that all charts share. */
export function valueAxis(size: ChartSize): uPlot.Axis {
  return {
    stroke: () => color('--muted'),
    font,
    // The same for all tiles, so that their time axes are aligned.
    size: size === 'tile' ? 54 : 64,
    gap: 6,
    space: size === 'tile' ? 30 : 40,
    grid: { stroke: () => color('--grid'), width: 1 },
    ticks: { show: false },
  };
}

function optionsOf({ kind, onZoom }: ChartProps, width: number, height: number): uPlot.Options {
  const { series, bands = [], yScale, yAxis, hooks = {} } = kind();
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, dist: 6, setScale: false },
      sync: { key: 'time', scales: ['x', null] },
      points: { size: 7, width: 1.5, fill: () => color('--surface') },
      bind: {
        dblclick: () => () => {
          onZoom(undefined);
          return null;
        },
      },
    },
    scales: { x: { time: true }, y: yScale },
    axes: [timeAxis(), yAxis],
    series: [{}, ...series],
    bands,
    hooks: {
      ...hooks,
      setSelect: [(plot) => zoomToSelection(plot, onZoom)],
      setCursor: [shareCursor, ...(hooks.setCursor ?? [])],
    },
  };
}

function zoomToSelection(plot: uPlot, onZoom: ChartProps['onZoom']): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const window = { from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') };
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  onZoom(window);
}

function shareCursor({ cursor: { left, event }, posToVal }: uPlot): void {
  // A chart that only follows another one has no event.
  if (event === undefined || event === null) return;
  cursorTime.set(left === undefined || left < 0 ? undefined : posToVal(left, 'x'));
}

export function Chart(props: ChartProps) {
  const { data, window, shape, size, label } = props;
  const holder = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const draw = useRef<() => void>(() => undefined);
  latest.current = props;

  // `shape` stands for everything that `kind` depends on.
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    let isVisible = false;
    let isDrawn = false;
    const options = optionsOf(
      { ...latest.current, onZoom: (next) => latest.current.onZoom(next) },
      element.clientWidth,
      element.clientHeight,
    );
    const plot = new uPlot(options, latest.current.data, element);
    draw.current = () => {
      isDrawn = isVisible;
      if (!isVisible) return;
      const { current } = latest;
      plot.batch(() => {
        plot.setData(current.data, false);
        plot.setScale('x', { min: current.window.from, max: current.window.to });
      });
    };
    const sight = new IntersectionObserver((entries) => {
      isVisible = entries.some(({ isIntersecting }) => isIntersecting);
      if (isVisible && !isDrawn) draw.current();
    });
    sight.observe(element);
    const sizes = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width > 0 && (width !== plot.width || height !== plot.height)) plot.setSize({ width, height });
    });
    sizes.observe(element);
    const unsubscribe = theme.subscribe(() => plot.redraw(false, true));
    return () => {
      draw.current = () => undefined;
      unsubscribe();
      sight.disconnect();
      sizes.disconnect();
      plot.destroy();
    };
  }, [shape, size]);

  useEffect(() => draw.current(), [data, window, shape, size]);

  return <div ref={holder} class="chart" data-size={size} role="img" aria-label={label} />;
}
