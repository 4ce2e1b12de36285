/**
 * The records of an SLO. Events are counted once, over five minutes, and longer windows are sums of these records. So a window is
 * weighted by its events, and one failure in an idle night counts little; and no evaluation reads three days of a histogram.
 */

import type { RecordingRule } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import { aggregate, bucketMatch, duration, filled } from '../promql/expression.js';
import { type BundleSettings, holdOf, windowOf } from '../settings.js';
import { burnWindows } from './burn-rates.js';
import type { CheckedEvents, Slo } from './slo-model.js';

/** Names of the records; label `slo` is the name of the SLO. */
export const sloRecords = Object.freeze({
  /** Events per second. */
  events: 'slo:sli_events:rate5m',
  /** Bad events per second, 0 if they have no series. */
  badEvents: 'slo:sli_events_bad:rate5m',
  objective: 'slo:objective:ratio',
  /** 1: nothing is spent; 0: the whole budget is; below 0: more than the budget. */
  budgetRemaining: 'slo:error_budget_remaining:ratio',
});

/** `slo:sli_error:ratio_rate1h`: share of bad events; no value without events. */
function errorRatioRecord(seconds: number): string {
  return `slo:sli_error:ratio_rate${duration(seconds)}`;
}

/** `slo:burn_rate:ratio_rate1h`: how many times as fast as allowed the error budget is spent. */
export function burnRateRecord(seconds: number): string {
  return `slo:burn_rate:ratio_rate${duration(seconds)}`;
}

/** `slo:objective:ratio{job="tamma",slo="issue-success"}`. */
export function recordOf(settings: BundleSettings, { name }: Pick<Slo, 'name'>, record: string): string {
  return promql(jobScope(settings)).record(record, { slo: name });
}

/** `(1 - 0.99)`: PromQL rounds as JavaScript does. */
function budgetText({ objective }: Slo): string {
  return `(1 - ${objective})`;
}

/** Seconds between two evaluations: a minute suffices for windows of five, and keeps a query over a month fast. */
export function sloIntervalSeconds(settings: BundleSettings): number {
  return Math.max(settings.intervals.evaluationSeconds, holdOf(settings, 60));
}

/** Number of events within a window, all or the bad ones, from the records in it. */
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
  const { bad, total } = eventRates(settings, slo);
  const period = slo.windowDays * 86_400;
  const perBudget = (seconds: number): string =>
    `${recordOf(settings, slo, errorRatioRecord(seconds))} / ${budgetText(slo)}`;
  const rules: RecordingRule[] = [
    { record: sloRecords.events, expression: total },
    { record: sloRecords.badEvents, expression: bad },
    ...[...burnWindows, period].map((seconds) => ({
      record: errorRatioRecord(seconds),
      expression: errorRatio(settings, slo, seconds),
    })),
    ...burnWindows.map((seconds) => ({ record: burnRateRecord(seconds), expression: perBudget(seconds) })),
    { record: sloRecords.objective, expression: `vector(${slo.objective})`, labels: { job: settings.job } },
    { record: sloRecords.budgetRemaining, expression: `1 - ${perBudget(period)}` },
  ];
  return rules.map((rule) => ({ ...rule, labels: { ...rule.labels, slo: slo.name } }));
}

/** Bad events and all events are summed, then divided: an average of shares would weigh an idle hour like a busy one. */
function errorRatio(settings: BundleSettings, slo: Slo, seconds: number): string {
  const bad = recordOf(settings, slo, sloRecords.badEvents);
  const total = recordOf(settings, slo, sloRecords.events);
  // The records are over five minutes already.
  if (seconds === burnWindows[0]) return `${bad} / (${total} > 0)`;
  const window = windowOf(settings, seconds);
  return `sum_over_time(${bad}[${window}]) / (sum_over_time(${total}[${window}]) > 0)`;
}

/** Bad events and all events per second. A series that does not exist yet has counted nothing: 0, not an empty result. */
function eventRates(settings: BundleSettings, slo: Slo): { readonly bad: string; readonly total: string } {
  const { selector, rate, window, nativeRate } = promql(jobScope(settings));
  if (slo.latency !== undefined) {
    const { metric, thresholdSeconds, matches } = slo.latency;
    const native = nativeRate(metric, slo.by, { matches });
    if (native !== undefined) {
      const total = `histogram_count(${native})`;
      // Without events, there is no share of them.
      const slow = `(1 - histogram_fraction(-Inf, ${thresholdSeconds}, ${native})) * (${total} > 0)`;
      return { total, bad: filled(slow, total) };
    }
    const within = {
      matches: { ...matches, le: bucketMatch(metric, thresholdSeconds) },
      part: '_bucket',
    } as const;
    const good = rate(metric, slo.by, within);
    const [all, bucket] = [
      selector(metric, matches, '_count'),
      selector(metric, within.matches, within.part),
    ].map((series) => `rate(${series}[${window(300)}])`);
    // Only series with this bucket: those with other buckets say nothing about the threshold.
    const total = aggregate('sum', ['job', ...slo.by], `${all} and ignoring (le) ${bucket}`);
    return { total, bad: `clamp_min(${total} - ${good}, 0)` };
  }
  const rateOf = ({ metric, matches = {} }: CheckedEvents): string => rate(metric, slo.by, { matches });
  const { good, bad, total } = slo.events ?? {};
  const [goodRate = '', badRate = '', all = ''] = [good, bad, total].map((part) =>
    part === undefined ? '' : rateOf(part),
  );
  if (!all) {
    const allBad = filled(badRate, goodRate);
    return { total: `(${filled(goodRate, badRate)}) + (${allBad})`, bad: allBad };
  }
  // Rounding must not make the rest negative.
  return {
    total: all,
    bad: badRate ? filled(badRate, all) : `clamp_min(${all} - (${filled(goodRate, all)}), 0)`,
  };
}
