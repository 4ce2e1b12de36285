/** Service level objectives as typed, frozen data, held to the definitions of the metrics they read. */
import type { HistogramDefinition, MetricDefinition } from '../../definition.js';
import type { Label } from '../../label.js';
import type { Subject } from '../model.js';
import type { BurnFactor } from './burn-rates.js';
import { checkedSlo } from './slo-checks.js';
import type { EventMetric, Slo, SloSeverities } from './slo-model.js';

/** What a label must be, of its closed set where it has one; `raw` is a matcher as it stands, `=~"5.."`. */
export type MatchFor<L extends Label> =
  L extends Label<infer V>
    ? ValueFor<V> | OneOf<ValueFor<V>> | NoneOf<ValueFor<V>> | { readonly raw: string }
    : never;

/** Label -> what it must be; labels that are not named may be anything. */
export type MatchesFor<D extends MetricDefinition> = {
  readonly [K in keyof D['labels']]?: MatchFor<D['labels'][K]>;
};

export interface SloEvents<D extends EventMetric = EventMetric> {
  readonly metric: D;
  readonly matches?: MatchesFor<D>;
}

export interface SloLatency<D extends HistogramDefinition = HistogramDefinition> {
  readonly metric: D;
  /** Seconds within which an event is good: a bucket of the histogram. */
  readonly thresholdSeconds: number;
  readonly matches?: MatchesFor<D>;
}

interface CommonOptions {
  /** Kebab-case, unique: label `slo` of every series and alert of it. */
  readonly name: string;
  /** Share of good events, above 0 and below 1: 0.99 is 99 %. */
  readonly objective: number;
  /** What is promised, in a sentence. */
  readonly description?: string;
  /** Days of the error budget, 7 at least. Default: 30. */
  readonly windowDays?: number;
  /**
   * Events in a leg's long window below which it keeps quiet. Default: 20, or so many that one bad event alone stays below the
   * fastest leg, whichever is more.
   */
  readonly minimumEvents?: number;
  readonly severity?: Partial<SloSeverities>;
  /** Whose runbook and route the alerts belong to. Default: `slo`. */
  readonly subject?: Subject;
  /** Burn rates that are alerted on. Default: all. An objective below 0.9306 leaves 14.4 out, one below 0.8334 also 6. */
  readonly legs?: readonly BurnFactor[];
  /**
   * Whether a missing indicator is reported. Default: `never`, since a counter has no series until its first event, so that every
   * restart at a quiet hour would be one. `always` is for what never stops.
   */
  readonly absence?: 'always' | 'never';
}

type LabelsIn<D extends MetricDefinition> = keyof D['labels'] & string;

/** Two of good, bad and total, or a bound of a histogram; `by` are labels that each have a budget of their own. */
type Indicator<
  Good extends EventMetric,
  Bad extends EventMetric,
  Total extends EventMetric,
  Timed extends HistogramDefinition,
> =
  | {
      readonly events: {
        readonly good: SloEvents<Good>;
        readonly total: SloEvents<Total>;
        readonly bad?: never;
      };
      readonly by?: readonly (LabelsIn<Good> & LabelsIn<Total>)[];
      readonly latency?: never;
    }
  | {
      readonly events: {
        readonly bad: SloEvents<Bad>;
        readonly total: SloEvents<Total>;
        readonly good?: never;
      };
      readonly by?: readonly (LabelsIn<Bad> & LabelsIn<Total>)[];
      readonly latency?: never;
    }
  | {
      readonly events: {
        readonly good: SloEvents<Good>;
        readonly bad: SloEvents<Bad>;
        readonly total?: never;
      };
      readonly by?: readonly (LabelsIn<Good> & LabelsIn<Bad>)[];
      readonly latency?: never;
    }
  | {
      readonly latency: SloLatency<Timed>;
      readonly by?: readonly LabelsIn<Timed>[];
      readonly events?: never;
    };

export type SloOptions<
  Good extends EventMetric = EventMetric,
  Bad extends EventMetric = EventMetric,
  Total extends EventMetric = EventMetric,
  Timed extends HistogramDefinition = HistogramDefinition,
> = CommonOptions & Indicator<Good, Bad, Total, Timed>;

/**
 * Defines a service level objective: rules, alerts and panels come of it. Metrics beside the catalogue must be among the
 * `definitions` of the bundle.
 * @throws ERR_METRICS_INVALID_OPTION for a misspelt option; ERR_METRICS_INVALID_MONITORING for a label, a value or a bucket that
 *   the metric lacks, an objective outside of 0 to 1, a leg that can never fire
 * @example
 * const issueSuccess = defineSlo({
 *   name: 'issue-success',
 *   objective: 0.95,
 *   events: { bad: { metric: issuesProcessed, matches: { outcome: 'failure' } }, total: { metric: issuesProcessed } },
 *   by: ['provider'],
 * });
 */
export function defineSlo<
  const Good extends EventMetric = never,
  const Bad extends EventMetric = never,
  const Total extends EventMetric = never,
  const Timed extends HistogramDefinition = never,
>(options: SloOptions<Good, Bad, Total, Timed>): Slo {
  return checkedSlo(options);
}

/** A closed label may also be `other`, what a value outside of its set becomes. */
type ValueFor<V extends string> = string extends V ? string : V | 'other';
interface OneOf<V extends string> {
  readonly oneOf: readonly V[];
}
interface NoneOf<V extends string> {
  readonly noneOf: readonly V[];
}
