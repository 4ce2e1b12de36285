/** A panel as a tile: its title, its current number and its chart. */
import { useMemo } from 'preact/hooks';
import type { AlertState, TargetFeed } from '../../../../lib/history/feed.js';
import type { FeedUnit, Panel } from '../../../../lib/history/panel.js';
import { type Line, LineChart } from '../charts/line-chart.js';
import { cursorTime } from '../cursor.js';
import { gridOf } from '../feed/grid.js';
import { historyOf, version } from '../feed/histories.js';
import { shown, shownText } from '../format.js';
import { openMetric, shownWindow, zoom } from '../page-state.js';
import { Text } from '../shell/text.js';
import { useStore } from '../store.js';
import type { TimeWindow } from '../view.js';
import { nearest, numberAt, numberAtEnd, panelLines } from './lines.js';

interface TileProps {
  readonly target: TargetFeed;
  readonly panel: Panel;
  /** The alert whose value this panel shows, if it is not ok. */
  readonly alert: AlertState | undefined;
}

/** Points that fit the width of a tile. */
const points = 120;

export function Tile({ target, panel, alert }: TileProps) {
  const now = useStore(version);
  const cursor = useStore(cursorTime);
  const window = useStableWindow(shownWindow());
  const samples = useMemo(
    () =>
      ({ metric }: { readonly metric: string }) =>
        historyOf(target.id, metric),
    [target.id],
  );
  const grid = useMemo(() => gridOf(window, points), [window]);
  // Computed again with each version of the histories.
  const { lines, hidden } = useMemo(() => panelLines(panel, samples, grid), [panel, samples, grid, now]);
  const { tile } = panel;
  const number = useMemo(
    () =>
      tile === undefined
        ? undefined
        : cursor === undefined
          ? numberAtEnd(tile.formula, samples, shownWindow())
          : numberAt(tile.formula, samples, grid, grid.times[nearest(grid, cursor)] ?? cursor),
    [tile, samples, grid, cursor, now],
  );
  const tone =
    alert === undefined ? undefined : alert.state === 'firing' && alert.severity === 'page' ? 'bad' : 'warn';
  const [metric] = panel.metrics;
  const isEmpty = lines.every(({ points: all }) => all.every((point) => typeof point !== 'number'));
  const index = cursor === undefined ? undefined : nearest(grid, cursor);
  return (
    <article class="card tile" data-panel={panel.id} data-tone={tone}>
      <h3 title={panel.description}>
        {metric === undefined ? (
          panel.title
        ) : (
          <a
            href={`#/explorer/${encodeURIComponent(metric)}`}
            onClick={(event) => {
              event.preventDefault();
              openMetric(metric, target.id);
            }}
          >
            {panel.title}
          </a>
        )}
      </h3>
      <div class="head">
        {tile !== undefined && <BigNumber {...shown(number, tile.unit)} />}
        <Legend lines={lines} hidden={hidden} index={index} unit={panel.unit} isBeside={tile !== undefined} />
      </div>
      <div class="chart-place">
        <LineChart
          title={panel.title}
          times={grid.times}
          lines={lines}
          unit={panel.unit}
          chart={panel.chart}
          window={window}
          size="tile"
          limit={panel.limit?.value}
          onZoom={zoom}
        />
        {isEmpty && <p class="no-samples">{now === 0 ? 'Loading…' : 'No values in this range'}</p>}
      </div>
    </article>
  );
}

interface LegendProps {
  readonly lines: readonly Line[];
  readonly hidden: number;
  readonly index: number | undefined;
  readonly unit: FeedUnit;
  /** Beside the big number, there is space for fewer names. */
  readonly isBeside: boolean;
}

function Legend({ lines, hidden, index, unit, isBeside }: LegendProps) {
  if (isBeside && lines.length < 2) return null;
  const space = isBeside ? 3 : 6;
  const isFull = lines.length + hidden > space;
  const named = lines.slice(0, isFull ? space - 1 : space);
  return (
    <ul class="legend" data-beside={isBeside}>
      {named.map(({ name, color, points: all }) => (
        <li key={name}>
          <span class="swatch" data-color={color + 1} />
          <Text value={name} />
          <span class="number">{shownText(index === undefined ? lastNumber(all) : all[index], unit)}</span>
        </li>
      ))}
      {isFull && <li class="muted">{lines.length + hidden - named.length} more</li>}
    </ul>
  );
}

function BigNumber({ value, unit }: { readonly value: string; readonly unit: string }) {
  const isCurrency = unit.startsWith('$');
  return (
    <p class="value">
      {isCurrency && <small>$</small>}
      <span data-value>{value}</span>
      <small>{isCurrency ? unit.slice(1) : unit}</small>
    </p>
  );
}

function lastNumber(all: readonly (number | null | undefined)[]): number | null | undefined {
  return all.findLast((point) => point !== undefined);
}

/** The same object while the window has the same grid, so that charts are drawn only when a point is added. */
function useStableWindow(window: TimeWindow): TimeWindow {
  const { times, step } = gridOf(window, points);
  const from = times[0] ?? window.from;
  const to = times.at(-1) ?? window.to;
  return useMemo(() => ({ from, to: Math.max(to, from + step) }), [from, to, step]);
}
