/** Filters and groups that the server computes, for metrics with more series than the page gets. */
import { useEffect, useState } from 'preact/hooks';
import type { HistoryAnswer, MetricHistory } from '../../../../lib/history/feed.js';
import { shownWindow, view } from '../page-state.js';
import { changed, failure } from './histories.js';
import { appendSample, type MetricSamples, samplesOf } from './metric-samples.js';

interface Query {
  readonly target: string;
  readonly metric: string;
  readonly where: Readonly<Record<string, string>>;
  readonly by: readonly string[];
  readonly isNeeded: boolean;
}

const everyMs = 3_000;

/** `undefined` until the first answer, or if the query is not needed. */
export function useQuery({ target, metric, where, by, isNeeded }: Query): MetricSamples | undefined {
  const [samples, setSamples] = useState<MetricSamples | undefined>(undefined);
  const query = new URLSearchParams({ target, metric, points: '300' });
  for (const [label, value] of Object.entries(where)) query.append('match', `${label}=${value}`);
  for (const label of by) query.append('by', label);
  const text = query.toString();
  useEffect(() => {
    setSamples(undefined);
    if (!isNeeded) return;
    const stop = new AbortController();
    let latest: MetricSamples | undefined;
    const ask = async (): Promise<void> => {
      try {
        const answer = await fetch(`query?${text}&${timeOf()}`, { signal: stop.signal });
        if (!answer.ok) throw new Error(`The server answered with status ${answer.status}.`);
        const { metrics }: HistoryAnswer = await answer.json();
        const [history] = metrics;
        if (history !== undefined) latest = continued(latest, history);
        setSamples(latest);
        changed();
      } catch (error) {
        if (!stop.signal.aborted)
          failure.set(`The series could not be read. ${error instanceof Error ? error.message : ''}`);
      }
    };
    void ask();
    const timer = setInterval(() => {
      const { pausedAt, zoom } = view.get();
      if (pausedAt === undefined && zoom === undefined) void ask();
    }, everyMs);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [text, isNeeded]);
  return samples;
}

function timeOf(): URLSearchParams {
  const { from, to } = shownWindow();
  return new URLSearchParams({ from: String(Math.floor(from * 1_000)), to: String(Math.ceil(to * 1_000)) });
}

/** Answers with the current values only are collected, as long as the groups stay the same. */
function continued(before: MetricSamples | undefined, history: MetricHistory): MetricSamples {
  const [time] = history.times;
  const isCurrentOnly = history.times.length === 1 && time !== undefined;
  if (!isCurrentOnly || before === undefined) return samplesOf(history);
  const same = JSON.stringify(before.shape.tracks) === JSON.stringify(history.tracks);
  const values = history.values.map(([value]) => value ?? null) as MetricHistory['values'][number];
  return same && appendSample(before, time, { revision: before.shape.revision, values }, 0)
    ? before
    : samplesOf(history);
}
