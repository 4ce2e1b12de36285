/** The histories that the page holds: requested for the shown window, continued by events. */
import type { HistoryAnswer, MetricHistory, SampleEvent } from '../../../../lib/history/feed.js';
import { createStore } from '../store.js';
import type { TimeWindow } from '../view.js';
import { appendSample, type MetricSamples, samplesOf } from './metric-samples.js';

/** Rises when there is something new to draw, at most once per frame. */
export const version = createStore(0);
/** The time of the latest sample, and of the earliest known one, in unix seconds. */
export const times = createStore<{ readonly earliest: number; readonly latest: number }>({
  earliest: Number.POSITIVE_INFINITY,
  latest: 0,
});
/** Why the last request for a history failed. */
export const failure = createStore<string | undefined>(undefined);

/** A window that is requested: `live` ones go on with the events. */
interface Wanted extends TimeWindow {
  readonly isLive: boolean;
}

/** By target and metric. */
const histories = new Map<string, MetricSamples>();
const wanted = new Map<string, { readonly target: string; readonly metric: string; points: number }>();
const stale = new Set<string>();
let span: Wanted | undefined;
let isRequesting = false;
let frame = 0;
/** Answers for an earlier window are dropped. */
let generation = 0;

/** More fit neither a URL nor a patient reader. */
const metricsPerRequest = 40;

const keyOf = (target: string, metric: string): string => `${target}\n${metric}`;

export function changed(): void {
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    version.set(version.get() + 1);
  });
}

export function historyOf(target: string, metric: string): MetricSamples | undefined {
  return histories.get(keyOf(target, metric));
}

/** Requests these metrics of targets, and forgets all others. */
export function want(
  list: readonly { readonly target: string; readonly metric: string; readonly points: number }[],
): void {
  const next = new Set(list.map(({ target, metric }) => keyOf(target, metric)));
  for (const key of wanted.keys()) {
    if (next.has(key)) continue;
    wanted.delete(key);
    histories.delete(key);
    stale.delete(key);
  }
  for (const { target, metric, points } of list) {
    const key = keyOf(target, metric);
    if ((wanted.get(key)?.points ?? 0) < points) stale.add(key);
    wanted.set(key, { target, metric, points });
  }
  request();
}

/** Requests everything for another window. What is there stays until the answer comes. */
export function show(window: Wanted): void {
  span = window;
  refresh();
}

export function refresh(): void {
  generation++;
  for (const key of wanted.keys()) stale.add(key);
  request();
}

export function takeSample({ target, time, metrics }: SampleEvent): void {
  const seconds = time / 1_000;
  const { earliest, latest } = times.get();
  times.set({ earliest: Math.min(earliest, seconds), latest: Math.max(latest, seconds) });
  if (span?.isLive !== true) return;
  const keepFrom = seconds - (span.to - span.from);
  for (const [metric, values] of Object.entries(metrics)) {
    const key = keyOf(target, metric);
    const samples = histories.get(key);
    if (!wanted.has(key) || stale.has(key)) continue;
    if (samples === undefined || !appendSample(samples, time, values, keepFrom)) stale.add(key);
  }
  request();
  changed();
}

function request(): void {
  if (isRequesting || stale.size === 0 || span === undefined) return;
  isRequesting = true;
  // Not within the event that asks: others ask as well.
  setTimeout(() => void load(), 0);
}

async function load(): Promise<void> {
  const started = generation;
  try {
    const byTarget = new Map<string, { metrics: string[]; points: number }>();
    for (const key of stale) {
      const entry = wanted.get(key);
      if (entry === undefined) continue;
      const batch = byTarget.get(entry.target) ?? { metrics: [], points: 0 };
      batch.metrics.push(entry.metric);
      batch.points = Math.max(batch.points, entry.points);
      byTarget.set(entry.target, batch);
    }
    stale.clear();
    await Promise.all([...byTarget].map(([target, batch]) => loadTarget(target, batch, started)));
    failure.set(undefined);
  } catch (error) {
    failure.set(error instanceof Error ? error.message : String(error));
  } finally {
    isRequesting = false;
    changed();
    if (stale.size > 0) request();
  }
}

async function loadTarget(
  target: string,
  { metrics, points }: { readonly metrics: readonly string[]; readonly points: number },
  started: number,
): Promise<void> {
  for (let start = 0; start < metrics.length; start += metricsPerRequest) {
    const batch = metrics.slice(start, start + metricsPerRequest);
    const found = await requestHistory(target, batch, points);
    if (started !== generation) return;
    for (const history of found) if (wanted.has(keyOf(target, history.name))) put(target, history);
    changed();
  }
}

function put(target: string, history: MetricHistory): void {
  const samples = samplesOf(history);
  histories.set(keyOf(target, history.name), samples);
  if (samples.length === 0) return;
  const { earliest, latest } = times.get();
  times.set({
    earliest: Math.min(earliest, samples.times[0] ?? earliest),
    latest: Math.max(latest, samples.times[samples.length - 1] ?? latest),
  });
}

async function requestHistory(
  target: string,
  metrics: readonly string[],
  points: number,
): Promise<readonly MetricHistory[]> {
  const { from, to, isLive } = span ?? { from: 0, to: 0, isLive: true };
  const query = new URLSearchParams({ target, points: String(points) });
  // One minute before, for the first rate.
  query.set('from', String(Math.max(0, Math.floor((from - 60) * 1_000))));
  if (!isLive) query.set('to', String(Math.ceil(to * 1_000)));
  for (const metric of metrics) query.append('metric', metric);
  const answer = await fetch(`history?${query}`);
  if (!answer.ok) {
    const { error } = await answer.json().catch(() => ({ error: `status ${answer.status}` }));
    throw new Error(`The history could not be read: ${error}`);
  }
  const { metrics: histories }: HistoryAnswer = await answer.json();
  return histories;
}
