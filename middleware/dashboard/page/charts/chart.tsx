/** A uPlot chart as a component: it keeps its size, its time window and the cursor in step with the other charts. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { cursorTime } from '../cursor.js';
import { timeTick } from '../format.js';
import type { TimeWindow } from '../view.js';
import { color, theme } from './theme.js';

/** What a kind of chart adds to the shared parts. */
export interface ChartKind {
  readonly series: uPlot.Series[];
  readonly yScale: uPlot.Scale;
  readonly yAxis: uPlot.Axis;
  readonly hooks?: uPlot.Hooks.Arrays;
}

interface ChartProps {
  readonly data: uPlot.AlignedData;
  readonly window: TimeWindow;
  /** Called when the chart is made, and again when `shape` changes. */
  readonly kind: () => ChartKind;
  /** Identifies the number and the meaning of the series: another shape makes another chart. */
  readonly shape: string;
  readonly size: 'tile' | 'large';
  /** What a screen reader says in place of the chart. */
  readonly label: string;
  readonly onZoom: (window: TimeWindow) => void;
  readonly onZoomOut: () => void;
}

const font = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

/** The least pixels between ticks of the time axis: `14:03:07` and a gap. */
const tickSpace = 72;

function timeAxis(): uPlot.Axis {
  return {
    stroke: () => color('--muted'),
    font,
    size: 20,
    gap: 2,
    space: tickSpace,
    grid: { show: false },
    ticks: { show: false },
    values: (_, splits, __, ___, gap) => splits.map((seconds) => timeTick(seconds, gap)),
  };
}

/** The parts of a value axis that all charts share. */
export function valueAxis(size: 'tile' | 'large'): uPlot.Axis {
  return {
    stroke: () => color('--muted'),
    font,
    size: size === 'tile' ? 46 : 60,
    gap: 4,
    space: size === 'tile' ? 34 : 44,
    grid: { stroke: () => color('--grid'), width: 1 },
    ticks: { show: false },
  };
}

function optionsOf(props: ChartProps, width: number, height: number): uPlot.Options {
  const { series, yScale, yAxis, hooks } = props.kind();
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, dist: 6, setScale: false },
      sync: { key: 'time', scales: ['x', null] },
      points: { size: 6, width: 1.5, fill: () => color('--surface') },
      // The component zooms out, for all charts.
      bind: { dblclick: () => null },
    },
    scales: { x: { time: true }, y: yScale },
    axes: [timeAxis(), yAxis],
    series: [{}, ...series],
    hooks,
  } as uPlot.Options;
}

export function Chart(props: ChartProps) {
  const { data, window, shape, size, label } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  const isVisible = useRef(false);
  latest.current = props;

  const draw = useRef(() => {
    const { current } = latest;
    const chart = plot.current;
    if (chart === undefined || !isVisible.current) return;
    chart.batch(() => {
      chart.setData(current.data, false);
      chart.setScale('x', { min: current.window.from, max: current.window.to });
    });
  });

  // biome-ignore lint: placeholder
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const options = optionsOf(latest.current, element.clientWidth, element.clientHeight);
    const chart = new uPlot(options, latest.current.data, element);
    plot.current = chart;
    draw.current();
    return () => {
      plot.current = undefined;
      chart.destroy();
    };
  }, [shape, size]);

  return <div ref={holder} class="chart" data-size={size} role="img" aria-label={label} />;
}
