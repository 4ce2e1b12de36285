/** What an SLO is once it has been checked: data that rules, alerts and boards are made of. */
import type { CounterDefinition, HistogramDefinition, SummaryDefinition } from '../../definition.js';
import type { LabelShape } from '../../label.js';
import type { Severity, Subject } from '../model.js';
import type { Matches } from '../promql/expression.js';
import type { BurnFactor } from './burn-rates.js';

/** What counts events: a counter, or the count of a histogram or a summary. */
export type EventMetric<L extends LabelShape = LabelShape> =
  | CounterDefinition<L>
  | HistogramDefinition<L>
  | SummaryDefinition<L>;

/** The severities of an SLO's alerts. */
export interface SloSeverities {
  /** Of the fast burn, 14.4 and 6. Default: `page`. */
  readonly page: Severity;
  /** Of the slow burn, 3 and 1. Default: `ticket`. */
  readonly ticket: Severity;
  /** Of a missing indicator. Default: `ticket`. */
  readonly absent: Severity;
}

/** Events of an SLO that has been checked. */
export interface CheckedEvents {
  readonly metric: EventMetric;
  readonly matches: Matches;
}

/** An SLO with every default filled in. */
export interface Slo {
  readonly name: string;
  readonly objective: number;
  readonly description: string;
  readonly events:
    | {
        readonly good?: CheckedEvents;
        readonly bad?: CheckedEvents;
        readonly total?: CheckedEvents;
      }
    | undefined;
  readonly latency:
    | {
        readonly metric: HistogramDefinition;
        readonly thresholdSeconds: number;
        readonly matches: Matches;
      }
    | undefined;
  readonly by: readonly string[];
  readonly windowDays: number;
  readonly minimumEvents: number;
  readonly severity: SloSeverities;
  readonly subject: Subject;
  readonly legs: readonly BurnFactor[];
  readonly absence: 'always' | 'never';
}
