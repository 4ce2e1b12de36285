/**
 * The records of an SLO. Events are counted once, over five minutes, and everything longer is a sum of these: an hour counts by
 * its events, so an idle night with one failure is no bad night; and three days of a histogram are not read at every evaluation.
 */

import type { RecordingRule } from '../model.js';
import { bucketMatch, duration, rate, selector, sumBy } from '../promql/expression.js';
import { type BundleSettings, holdOf, windowOf } from '../settings.js';
import { burnWindows } from './burn-rates.js';
import type { CheckedEvents, Slo } from './slo-model.js';

/** Names of the records; label `slo` tells whose. */
export const sloRecords = Object.freeze({
  /** Events a second. */
  events: 'slo:sli_events:rate5m',
  /** Bad events a second, 0 where there is no series of them. */
  badEvents: 'slo:sli_events_bad:rate5m',
  objective: 'slo:objective:ratio',
  /** 1 where nothing is spent, 0 where all is, below 0 where more is. */
  budgetRemaining: 'slo:error_budget_remaining:ratio',
});

/** `slo:sli_error:ratio_rate1h`: share of bad events; nothing where there are no events. */
export function errorRatioRecord(seconds: number): string {
  return `slo:sli_error:ratio_rate${duration(seconds)}`;
}

/** `slo:burn_rate:ratio_rate1h`: how fast the budget burns, as a multiple of what it bears. */
export function burnRateRecord(seconds: number): string {
  return `slo:burn_rate:ratio_rate${duration(seconds)}`;
}

/** `slo:objective:ratio{job="tamma",slo="issue-success"}`. */
export function recordOf({ job }: Pick<BundleSettings, 'job'>, { name }: Pick<Slo, 'name'>, record: string) {
  return `${record}{job="${job}",slo="${name}"}`;
}

/** `(1 - 0.99)`: PromQL computes it as the rest of the generator does. */
export function budgetText({ objective }: Slo): string {
  return `(1 - ${objective})`;
}

/** Seconds between two evaluations: a minute is soon enough for windows of five, and keeps a month of them readable. */
export function sloIntervalSeconds(settings: BundleSettings): number {
  return Math.max(settings.intervals.evaluationSeconds, holdOf(settings, 60));
}

/** Events within a window, all or the bad ones, from the evaluations in it. */
export function eventsWithin(
  settings: BundleSettings,
  slo: Slo,
  seconds: number,
  record: string = sloRecords.events,
): string {
  const events = recordOf(settings, slo, record);
  return `sum_over_time(${events}[${windowOf(settings, seconds)}]) * ${sloIntervalSeconds(settings)}`;
}

export function sloRules(settings: BundleSettings, slo: Slo): RecordingRule[] {
  const labels = { slo: slo.name };
  const { bad, total } = eventRates(settings, slo);
  const period = slo.windowDays * 86_400;
  const shares = [...burnWindows, period].map((seconds) => ({
    record: errorRatioRecord(seconds),
    expression: errorRatio(settings, slo, seconds),
    labels,
  }));
  const burns = burnWindows.map((seconds) => ({
    record: burnRateRecord(seconds),
    expression: `${recordOf(settings, slo, errorRatioRecord(seconds))} / ${budgetText(slo)}`,
    labels,
  }));
  return [
    { record: sloRecords.events, expression: total, labels },
    { record: sloRecords.badEvents, expression: bad, labels },
    ...shares,
    ...burns,
    {
      record: sloRecords.objective,
      expression: `vector(${slo.objective})`,
      labels: { job: settings.job, ...labels },
    },
    {
      record: sloRecords.budgetRemaining,
      expression: `1 - ${recordOf(settings, slo, errorRatioRecord(period))} / ${budgetText(slo)}`,
      labels,
    },
  ];
}

/** Parts and wholes are summed apart and divided after: an average of shares would be none. */
function errorRatio(settings: BundleSettings, slo: Slo, seconds: number): string {
  const bad = recordOf(settings, slo, sloRecords.badEvents);
  const total = recordOf(settings, slo, sloRecords.events);
  // The records are five minutes already.
  if (seconds === burnWindows[0]) return `${bad} / (${total} > 0)`;
  const window = windowOf(settings, seconds);
  return `sum_over_time(${bad}[${window}]) / (sum_over_time(${total}[${window}]) > 0)`;
}

/** Bad events and all events a second. A series that is not there yet has counted nothing: 0, not nothing. */
function eventRates(settings: BundleSettings, slo: Slo): { readonly bad: string; readonly total: string } {
  const window = windowOf(settings, 300);
  const job = { job: settings.job };
  const summed = (selected: string) => sumBy(['job', ...slo.by], rate(selected, window));
  if (slo.latency !== undefined) {
    const { metric, thresholdSeconds, matches } = slo.latency;
    const le = bucketMatch(metric, thresholdSeconds);
    const good = rate(selector(metric, { ...job, ...matches, le }, '_bucket'), window);
    // Of series that have the bucket: those that have other buckets say nothing, and nothing bad.
    const total = sumBy(
      ['job', ...slo.by],
      `${rate(selector(metric, { ...job, ...matches }, '_count'), window)} and ignoring (le) ${good}`,
    );
    return { total, bad: `clamp_min(${total} - ${sumBy(['job', ...slo.by], good)}, 0)` };
  }
  const rateOf = ({ metric, matches }: CheckedEvents) =>
    summed(selector(metric, { ...job, ...matches }, metric.type === 'counter' ? undefined : '_count'));
  const { good, bad, total } = slo.events ?? {};
  if (total !== undefined && bad !== undefined) {
    const all = rateOf(total);
    return { total: all, bad: filled(rateOf(bad), all) };
  }
  if (total !== undefined && good !== undefined) {
    const all = rateOf(total);
    return { total: all, bad: rest(all, rateOf(good)) };
  }
  const [goodRate, badRate] = [good, bad].map((part) => (part === undefined ? '' : rateOf(part))) as [
    string,
    string,
  ];
  const allBad = filled(badRate, goodRate);
  return { total: `(${filled(goodRate, badRate)}) + (${allBad})`, bad: allBad };
}

/** A part of a whole, 0 where it has no series. */
function filled(part: string, whole: string): string {
  return `${part} or 0 * ${whole}`;
}

/** What of the whole is not the good part; rounding must not make it less than nothing. */
function rest(whole: string, good: string): string {
  return `clamp_min(${whole} - (${filled(good, whole)}), 0)`;
}
