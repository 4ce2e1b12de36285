/** The vocabulary of the dashboards: five kinds of panels, each with a title, a description, a unit and queries. */
import type { Panel, PanelKind, Query } from './board.js';

type PanelOptions = Pick<Panel, 'title' | 'description' | 'unit' | 'queries'> &
  Partial<Omit<Panel, 'kind' | 'queries'>>;

/** Lines over time. The default width puts three in a line. */
export function timeSeries(options: PanelOptions): Panel {
  return panel('timeseries', { width: 8, height: 8 }, options);
}

/** One number, the last. The default width puts six in a line. */
export function stat(options: PanelOptions): Panel {
  return panel('stat', { width: 4, height: 4 }, options);
}

/** A number between two bounds. */
export function gauge(options: PanelOptions): Panel {
  return panel('gauge', { width: 8, height: 8, min: 0, max: 1 }, options);
}

/** The buckets of one histogram over time. */
export function heatmap(options: Omit<PanelOptions, 'queries'> & { readonly buckets: Query }): Panel {
  const { buckets, ...rest } = options;
  return panel('heatmap', { width: 8, height: 8 }, { ...rest, queries: [buckets] });
}

/** A line a series, with its labels, as they are now. */
export function table(options: PanelOptions): Panel {
  return panel('table', { width: 24, height: 8 }, options);
}

function panel(
  kind: PanelKind,
  size: { readonly width: number; readonly height: number; readonly min?: number; readonly max?: number },
  options: PanelOptions,
): Panel {
  return {
    kind,
    stacked: false,
    min: undefined,
    max: undefined,
    colours: undefined,
    link: undefined,
    ...size,
    ...options,
  };
}
