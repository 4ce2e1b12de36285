/** Series on which the alerts of an SLO fire, and series on which they do not. */
import type { MetricDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { seriesOf } from '../prometheus/rule-tests.js';
import type { Matches } from '../promql/expression.js';
import { type BundleSettings, holdOf } from '../settings.js';
import type { Slo } from './slo-model.js';
import { labelsFor } from './slo-samples.js';

type Cases = Alert['tests'];

/** Seconds for which an alert must hold: the short window of a leg has delayed it already. */
export const sloHolds = Object.freeze({ page: 120, ticket: 900, absent: 1_800 });

/** Minutes after which each alert fires, without `speedUp`: as few as possible, since promtool evaluates every one. */
const minutes = Object.freeze({ page: 12, ticket: 25, absent: 45 });

export function sloCases(
  settings: BundleSettings,
  slo: Slo,
): Readonly<Record<'page' | 'ticket' | 'absent', Cases>> {
  const intervalSeconds = settings.intervals.scrapeSeconds;
  // Two scrapes see more events than `minimumEvents`, however long the windows are.
  const each = 2 * Math.ceil(slo.minimumEvents);
  const bad = eventSeries(settings, slo, 'bad');
  const good = eventSeries(settings, slo, 'good');
  const timesOf = (alert: keyof typeof minutes) => {
    const atMinutes = minutes[alert] + Math.ceil((4 * intervalSeconds) / 60);
    return { atMinutes, samples: Math.ceil((atMinutes * 60) / intervalSeconds) };
  };
  const casesOf = (alert: keyof typeof minutes): Cases => {
    const { atMinutes, samples } = timesOf(alert);
    const labels = [{ job: settings.job, ...bad.by }];
    return {
      fires: { series: counting(bad, each, samples), intervalSeconds, atMinutes, labels },
      quiet: { series: counting(good, each, samples), intervalSeconds, atMinutes },
    };
  };
  const { atMinutes, samples } = timesOf('absent');
  // Missing for as long as the alert holds, after the last events have left their window.
  const missing = 4 * intervalSeconds + holdOf(settings, 300 + sloHolds.absent) + 120;
  const counted = counting(bad, each, Math.max(2, samples - Math.ceil(missing / intervalSeconds)));
  const ends = Object.entries(counted).map(([series, values]) => [series, `${values} stale`]);
  return {
    page: casesOf('page'),
    ticket: casesOf('ticket'),
    absent: {
      fires: {
        series: Object.fromEntries(ends),
        intervalSeconds,
        atMinutes,
        labels: [{ job: settings.job }],
      },
      quiet: casesOf('absent').quiet,
    },
  };
}

interface EventSeries {
  /** Series -> share of `each` that it counts, 0 or 1. */
  readonly series: Readonly<Record<string, number>>;
  /** Native histograms -> the bucket of all events, in a schema with one per power of two. */
  readonly natives?: Readonly<Record<string, number>>;
  /** The values of the SLO's `by`. */
  readonly by: Readonly<Record<string, string>>;
}

/** Series of events that are all bad, or all good. */
function eventSeries(settings: BundleSettings, slo: Slo, kind: 'good' | 'bad'): EventSeries {
  const series: Record<string, number> = {};
  let by: Readonly<Record<string, string>> = {};
  const add = (metric: MetricDefinition, all: readonly Matches[], none?: Matches): Record<string, string> => {
    const labels = labelsFor(slo, metric, all, none);
    by = Object.fromEntries(slo.by.map((label) => [label, labels[label] ?? '']));
    const part = metric.type === 'counter' ? '' : '_count';
    series[seriesOf(`${metric.name}${part}`, { job: settings.job, ...labels })] = 1;
    return labels;
  };
  if (slo.latency !== undefined && settings.natives.has(slo.latency.metric.name)) {
    const { metric, matches, thresholdSeconds } = slo.latency;
    const labels = labelsFor(slo, metric, [matches]);
    by = Object.fromEntries(slo.by.map((label) => [label, labels[label] ?? '']));
    // A bucket below the threshold, or one above it, each as wide as a power of two.
    const bucket =
      kind === 'good' ? Math.floor(Math.log2(thresholdSeconds)) : Math.ceil(Math.log2(thresholdSeconds)) + 1;
    return { series: {}, natives: { [seriesOf(metric.name, { job: settings.job, ...labels })]: bucket }, by };
  }
  if (slo.latency !== undefined) {
    const { metric, matches, thresholdSeconds } = slo.latency;
    const labels = { job: settings.job, ...add(metric, [matches]), le: String(thresholdSeconds) };
    series[seriesOf(`${metric.name}_bucket`, labels)] = kind === 'good' ? 1 : 0;
    return { series, by };
  }
  const { total, good, bad } = slo.events ?? {};
  const [given, opposite] = kind === 'good' ? [good, bad] : [bad, good];
  if (given !== undefined) {
    const same = given.metric === total?.metric;
    add(given.metric, same ? [given.matches, total.matches] : [given.matches]);
    if (total !== undefined && !same) add(total.metric, [total.matches]);
  } else if (total !== undefined && opposite !== undefined) {
    add(total.metric, [total.matches], opposite.metric === total.metric ? opposite.matches : undefined);
  }
  return { series, by };
}

/** `0+40x240`. */
function counting(
  { series, natives = {} }: Pick<EventSeries, 'series' | 'natives'>,
  each: number,
  samples: number,
): Record<string, string> {
  const histogram = (bucket: number, count: number): string =>
    `{{schema:0 count:${count} sum:${count} offset:${bucket} buckets:[${count}]}}`;
  return Object.fromEntries([
    ...Object.entries(series).map(([name, share]) => [name, `0+${share * each}x${samples}`]),
    ...Object.entries(natives).map(([name, bucket]) => [
      name,
      `${histogram(bucket, 0)}+${histogram(bucket, each)}x${samples}`,
    ]),
  ]);
}
