/** What the page shows, kept in the address. */
import { hello } from './feed/connection.js';
import { show, times } from './feed/histories.js';
import { createStore } from './store.js';
import { parseView, rangeSeconds, type TimeWindow, type View, viewHash, windowOf } from './view.js';

export const view = createStore<View>(parseView(location.hash));

/** Changes the view. A change of the page or metric adds an entry to the history of the browser; others replace the last one. */
export function changeView(change: Partial<View>): void {
  const before = view.get();
  const next = { ...before, ...change };
  const hash = viewHash(next);
  if (hash === viewHash(before)) return;
  const isNewPlace = next.page !== before.page || next.metric !== before.metric;
  if (isNewPlace) history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
  use(next);
}

function use(next: View): void {
  const before = view.get();
  view.set(next);
  const isSameTime =
    before.range === next.range && before.pausedAt === next.pausedAt && before.zoom === next.zoom;
  if (!isSameTime) showTime();
}

/** Requests the histories of the time that the page shows. */
export function showTime(): void {
  const current = view.get();
  const isLive = current.zoom === undefined && current.pausedAt === undefined;
  const { from, to } = shownWindow();
  const isAll = current.zoom === undefined && rangeSeconds[current.range] === Number.POSITIVE_INFINITY;
  show({ from: isAll ? 0 : from, to, isLive });
}

/** The window of the charts. It starts at the first sample if that is later, so that a new service does not show empty charts. */
export function shownWindow(): TimeWindow {
  const { earliest, latest } = times.get();
  const now = latest > 0 ? latest : Date.now() / 1_000;
  return windowOf(view.get(), Math.min(earliest, now), now);
}

export function zoom(window: TimeWindow | undefined): void {
  changeView({ zoom: window });
}

export function togglePause(): void {
  const { pausedAt, zoom: zoomed } = view.get();
  const isLive = pausedAt === undefined && zoomed === undefined;
  changeView(isLive ? { pausedAt: times.get().latest } : { pausedAt: undefined, zoom: undefined });
}

export function openMetric(metric: string, target?: string): void {
  changeView({ page: 'explorer', metric, target, where: {}, by: undefined });
}

/** The target of the explorer. */
export function shownTarget(current: View, feed = hello.get()) {
  return feed?.targets.find(({ id }) => id === current.target) ?? feed?.targets[0];
}

addEventListener('popstate', () => use(parseView(location.hash)));
addEventListener('hashchange', () => {
  if (viewHash(view.get()) !== location.hash) use(parseView(location.hash));
});
