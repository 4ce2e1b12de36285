/** What the page shows, as the part of its address after `#`: a link shows the same to another person. */

export const rangeSeconds = {
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '6h': 21_600,
  all: Number.POSITIVE_INFINITY,
};

export type RangeName = keyof typeof rangeSeconds;

/** Unix seconds. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

export interface View {
  readonly page: 'overview' | 'explorer';
  /** The target of the explorer; the first one if undefined. */
  readonly target: string | undefined;
  /** The metric that the explorer shows. */
  readonly metric: string | undefined;
  readonly search: string;
  /** Only series with these label values. */
  readonly where: Readonly<Record<string, string>>;
  /** Labels by which series are grouped. `undefined`: all labels, one line per series. */
  readonly by: readonly string[] | undefined;
  readonly range: RangeName;
  /** The end of the range while the page is paused. `undefined`: now. */
  readonly pausedAt: number | undefined;
  /** The window of a zoom, which takes precedence over the range. */
  readonly zoom: TimeWindow | undefined;
}

export const startView: View = {
  page: 'overview',
  target: undefined,
  metric: undefined,
  search: '',
  where: {},
  by: undefined,
  range: '15m',
  pausedAt: undefined,
  zoom: undefined,
};

function isRange(name: string | null): name is RangeName {
  return name !== null && Object.hasOwn(rangeSeconds, name);
}

function time(text: string | null): number | undefined {
  const seconds = Number(text);
  return text !== null && text !== '' && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** Reads `#/explorer/NAME?range=1h`. Parts that it does not understand are left out. */
export function parseView(hash: string): View {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [page, ...rest] = path.split('/');
  const parameters = new URLSearchParams(query);
  const range = parameters.get('range');
  const [from, to] = [time(parameters.get('from')), time(parameters.get('to'))];
  const where = parameters.getAll('where').flatMap((text) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  const by = parameters.get('by');
  return {
    page: page === 'explorer' ? 'explorer' : 'overview',
    target: parameters.get('target') ?? undefined,
    metric: rest.length === 0 || rest[0] === '' ? undefined : decoded(rest.join('/')),
    search: parameters.get('search') ?? '',
    where: Object.fromEntries(where),
    by: by === null ? undefined : by.split(',').filter((name) => name !== ''),
    range: isRange(range) ? range : startView.range,
    pausedAt: time(parameters.get('at')),
    zoom: from !== undefined && to !== undefined && from < to ? { from, to } : undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The inverse of {@link parseView}; defaults are left out. */
export function viewHash(view: View): string {
  const query = new URLSearchParams();
  if (view.target !== undefined) query.set('target', view.target);
  if (view.range !== startView.range) query.set('range', view.range);
  if (view.pausedAt !== undefined) query.set('at', String(Math.round(view.pausedAt)));
  if (view.zoom !== undefined) {
    query.set('from', view.zoom.from.toFixed(1));
    query.set('to', view.zoom.to.toFixed(1));
  }
  if (view.page === 'explorer') {
    if (view.search !== '') query.set('search', view.search);
    if (view.by !== undefined) query.set('by', view.by.join(','));
    for (const [name, value] of Object.entries(view.where)) query.append('where', `${name}=${value}`);
  }
  const metric =
    view.page === 'explorer' && view.metric !== undefined ? `/${encodeURIComponent(view.metric)}` : '';
  const text = query.toString();
  return `#/${view.page}${metric}${text === '' ? '' : `?${text}`}`;
}

/** The shortest window, for a service that has just started. */
const shortest = 60;

/** The window of a view, given the time of the earliest sample and of the latest. */
export function windowOf(view: View, earliest: number, latest: number): TimeWindow {
  if (view.zoom !== undefined) return view.zoom;
  const to = view.pausedAt ?? latest;
  return { from: Math.max(to - rangeSeconds[view.range], Math.min(earliest, to - shortest)), to };
}
