/** The connection to the server: what it sends, and whether it is there. */
import type { FeedEvents, HelloEvent, TargetStatus } from '../../../../lib/history/feed.js';
import { createStore } from '../store.js';

export type Connection =
  | { readonly state: 'connecting' | 'live' | 'idle' }
  | { readonly state: 'lost'; readonly since: number; readonly reason: string };

export const connection = createStore<Connection>({ state: 'connecting' });
export const hello = createStore<HelloEvent | undefined>(undefined);
/** By target. */
export const statuses = createStore<ReadonlyMap<string, TargetStatus>>(new Map());

/** Where samples go. */
export interface Listeners {
  onHello(hello: HelloEvent, isNewRun: boolean): void;
  onSample(sample: FeedEvents['sample']): void;
}

/** A status comes at least every scrape interval; of a longer silence, a person wants to know. */
const silenceMs = 45_000;
const retriesMs = [500, 1_000, 2_000, 5_000, 10_000] as const;
/** A hidden page lets the server read its metrics less often. */
const hiddenMs = 60_000;

let source: EventSource | undefined;
let listeners: Listeners | undefined;
/** A metric beside those of the panels. */
let metric: string | undefined;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let hidden: ReturnType<typeof setTimeout> | undefined;

export function connect(own: Listeners): void {
  listeners = own;
  open();
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.hidden) {
      hidden = setTimeout(() => {
        close();
        connection.set({ state: 'idle' });
      }, hiddenMs);
    } else if (source === undefined) open();
  });
  addEventListener('online', open);
}

/** Has samples of this metric sent as well. */
export function follow(name: string | undefined): void {
  if (name === metric) return;
  metric = name;
  if (source !== undefined) open();
}

export function reconnect(): void {
  attempts = 0;
  open();
}

function close(): void {
  clearTimeout(retry);
  clearTimeout(silence);
  source?.close();
  source = undefined;
}

function open(): void {
  close();
  const query = metric === undefined ? '' : `?${new URLSearchParams({ metric })}`;
  const opened = new EventSource(`events${query}`);
  source = opened;
  const on = <Name extends keyof FeedEvents>(name: Name, take: (data: FeedEvents[Name]) => void): void => {
    opened.addEventListener(name, (event: MessageEvent<string>) => {
      if (source !== opened) return;
      watch();
      take(JSON.parse(event.data));
    });
  };
  on('hello', takeHello);
  on('sample', (sample) => listeners?.onSample(sample));
  on('status', (status) => statuses.set(new Map(statuses.get()).set(status.target, status)));
  opened.onerror = () => {
    if (source === opened) void lose();
  };
  watch();
}

function watch(): void {
  clearTimeout(silence);
  silence = setTimeout(() => void lose(), silenceMs);
}

function takeHello(next: HelloEvent): void {
  if (next.version !== 1) {
    location.reload();
    return;
  }
  const isNewRun = next.run !== hello.get()?.run || connection.get().state !== 'live';
  attempts = 0;
  hello.set(next);
  statuses.set(new Map(next.targets.map(({ id, status }) => [id, status])));
  connection.set({ state: 'live' });
  listeners?.onHello(next, isNewRun);
}

/** Opens a new connection later, rather than letting the browser do so, because it gives up after an answer other than 200. */
async function lose(): Promise<void> {
  close();
  const before = connection.get();
  const since = before.state === 'lost' ? before.since : Date.now();
  const wait = retriesMs[Math.min(attempts, retriesMs.length - 1)] ?? 10_000;
  attempts++;
  retry = setTimeout(open, wait);
  if (before.state !== 'lost')
    connection.set({ state: 'lost', since, reason: 'The server does not answer.' });
  const reason = await reasonOfLoss();
  if (connection.get().state === 'lost') connection.set({ state: 'lost', since, reason });
}

async function reasonOfLoss(): Promise<string> {
  try {
    // The history of no metric: a small answer that the same access rules guard.
    const { status, ok } = await fetch('history?metric=', { headers: { accept: 'application/json' } });
    if (status === 401 || status === 403)
      return 'The server refuses access. Open the page again with a valid token, or from an allowed address.';
    if (status === 404) return 'The dashboard is no longer mounted at this address.';
    if (status === 503) return 'Too many dashboards are open. Close one of them.';
    return ok ? 'The connection broke.' : `The server answered with status ${status}.`;
  } catch {
    return 'The server does not answer. Is the service running?';
  }
}
