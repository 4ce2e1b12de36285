/** Service level objectives as typed, frozen data, checked against the definitions of the metrics they read. */
import type { HistogramDefinition, MetricDefinition } from '../../definition.js';
import type { Label } from '../../label.js';
import type { Subject } from '../model.js';
import type { BurnFactor } from './burn-rates.js';
import { checkedSlo } from './slo-checks.js';
import type { EventMetric, Slo, SloSeverities } from './slo-model.js';

/** A matcher of a label: a value, `{ oneOf }`, `{ noneOf }`, or `{ raw }` with a PromQL matcher such as `=~"5.."`. */
export type MatchFor<L extends Label> =
  L extends Label<infer V>
    ?
        | MatchValue<V>
        | { readonly oneOf: readonly MatchValue<V>[] }
        | { readonly noneOf: readonly MatchValue<V>[] }
        | { readonly raw: string }
    : never;

/** A value of a label that a matcher compares with. Of a closed set, its values and `other`, which replaces all values outside the set. */
export type MatchValue<V extends string> = string extends V ? string : V | 'other';

/** Matchers by label name. A label without a matcher may have any value. */
export type MatchesFor<D extends MetricDefinition> = {
  readonly [K in keyof D['labels']]?: MatchFor<D['labels'][K]>;
};

/** Events that a metric counts. */
export interface SloEvents<D extends EventMetric = EventMetric> {
  /** A counter, or a histogram or summary whose count is read. */
  readonly metric: D;
  /** Which of its series count. Default: all. */
  readonly matches?: MatchesFor<D>;
}

/** Events that are good if they take no longer than a bucket of a histogram. */
export interface SloLatency<D extends HistogramDefinition = HistogramDefinition> {
  /** Durations in seconds. */
  readonly metric: D;
  /** Seconds within which an event is good: a bucket of the histogram. */
  readonly thresholdSeconds: number;
  /** Which of its series count. Default: all. */
  readonly matches?: MatchesFor<D>;
}

/** The options of every SLO. */
export interface SloCommonOptions {
  /** Unique, in kebab-case: label `slo` of all its series and alerts. */
  readonly name: string;
  /** Share of good events, above 0 and below 1: 0.99 is 99 %. */
  readonly objective: number;
  /** What the objective is, in one sentence, for alerts and runbooks. Default: its name. */
  readonly description?: string;
  /** Days of the error budget, at least 7. Default: 30. */
  readonly windowDays?: number;
  /** Events in the long window of a leg below which it does not fire. Default: 20, or more for a single bad event to fire no leg. */
  readonly minimumEvents?: number;
  /** The severities of its alerts. Default: `page` for a fast burn, `ticket` for a slow one and for a missing indicator. */
  readonly severity?: Partial<SloSeverities>;
  /** The subject whose runbook and route its alerts use. Default: `slo`. */
  readonly subject?: Subject;
  /** Burn rates that have an alert. Default: all. Below an objective of 0.9306, leave out 14.4; below 0.8334, also 6. */
  readonly legs?: readonly BurnFactor[];
  /**
   * Whether a missing indicator fires an alert. Default: `never`, since a counter with labels has no series until its first event:
   * every restart at a quiet hour would fire. Use `always` for events that never stop.
   */
  readonly absence?: 'always' | 'never';
}

/** Two of the good, the bad and all events, and the labels that both have. */
export interface SloEventPair<A extends EventMetric, B extends EventMetric, Events> {
  /** Two of `good`, `bad` and `total`. */
  readonly events: Events & { readonly [K in Exclude<'good' | 'bad' | 'total', keyof Events>]?: never };
  /** Labels whose values have an error budget each. Default: one budget for all. */
  readonly by?: readonly (keyof A['labels'] & keyof B['labels'] & string)[];
  /** Not with `events`. */
  readonly latency?: never;
}

/** How good events are distinguished from the others: two of the good, the bad and all events, or a bucket of a histogram. */
export type SloIndicator<
  Good extends EventMetric,
  Bad extends EventMetric,
  Total extends EventMetric,
  Timed extends HistogramDefinition,
> =
  | SloEventPair<Good, Total, { readonly good: SloEvents<Good>; readonly total: SloEvents<Total> }>
  | SloEventPair<Bad, Total, { readonly bad: SloEvents<Bad>; readonly total: SloEvents<Total> }>
  | SloEventPair<Good, Bad, { readonly good: SloEvents<Good>; readonly bad: SloEvents<Bad> }>
  | {
      readonly latency: SloLatency<Timed>;
      readonly by?: readonly (keyof Timed['labels'] & string)[];
      readonly events?: never;
    };

/** Options of `defineSlo`. */
export type SloOptions<
  Good extends EventMetric = EventMetric,
  Bad extends EventMetric = EventMetric,
  Total extends EventMetric = EventMetric,
  Timed extends HistogramDefinition = HistogramDefinition,
> = SloCommonOptions & SloIndicator<Good, Bad, Total, Timed>;

/**
 * Defines a service level objective, for `slos` of a bundle: its rules, alerts and panels. A metric that is not in the catalogue
 * must be in the `definitions` of the bundle.
 * @throws ERR_METRICS_INVALID_OPTION for an unknown option
 * @throws ERR_METRICS_INVALID_MONITORING for a label, a value or a bucket that the metric does not have, an objective that is not
 *   between 0 and 1, or a leg that can never fire
 * @example
 * const issueSuccess = defineSlo({
 *   name: 'issue-success',
 *   objective: 0.95,
 *   events: { bad: { metric: issuesProcessed, matches: { outcome: 'failure' } }, total: { metric: issuesProcessed } },
 *   by: ['provider'],
 * });
 * @see {@link https://sre.google/workbook/alerting-on-slos/ Alerting on SLOs, The Site Reliability Workbook}
 */
export function defineSlo<
  const Good extends EventMetric = never,
  const Bad extends EventMetric = never,
  const Total extends EventMetric = never,
  const Timed extends HistogramDefinition = never,
>(options: SloOptions<Good, Bad, Total, Timed>): Slo {
  return checkedSlo(options);
}
