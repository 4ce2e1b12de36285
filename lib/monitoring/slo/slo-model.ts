/** An SLO once it has been checked: the data that rules, alerts and boards are made from. */
import type { CounterDefinition, HistogramDefinition, SummaryDefinition } from '../../definition.js';
import type { LabelShape } from '../../label.js';
import type { AlertSeverity, Subject } from '../model.js';
import type { Matches } from '../promql/expression.js';
import type { BurnFactor } from './burn-rates.js';

/** A metric that counts events: a counter, or the count of a histogram or a summary. */
export type EventMetric<L extends LabelShape = LabelShape> =
  | CounterDefinition<L>
  | HistogramDefinition<L>
  | SummaryDefinition<L>;

/** The severities of an SLO's alerts. */
export interface SloSeverities {
  /** Of the fast burn, 14.4 and 6. Default: `page`. */
  readonly page: AlertSeverity;
  /** Of the slow burn, 3 and 1. Default: `ticket`. */
  readonly ticket: AlertSeverity;
  /** Of a missing indicator. Default: `ticket`. */
  readonly absent: AlertSeverity;
}

/** Events of an SLO whose definition has been checked. */
export interface CheckedEvents {
  /** What counts the events. */
  readonly metric: EventMetric;
  /** Which of its series count; `{}` for all. */
  readonly matches: Matches;
}

/** The result of `defineSlo`: frozen, with every default filled in. `SloOptions` documents the options. */
export interface Slo {
  /** In kebab-case: label `slo` of all its series and alerts. */
  readonly name: string;
  /** Share of good events, above 0 and below 1. */
  readonly objective: number;
  /** One sentence, or empty. */
  readonly description: string;
  /** Two of good, bad and total; `undefined` for an SLO over a latency. */
  readonly events:
    | {
        readonly good?: CheckedEvents;
        readonly bad?: CheckedEvents;
        readonly total?: CheckedEvents;
      }
    | undefined;
  /** A bucket of a histogram; `undefined` for an SLO over events. */
  readonly latency:
    | {
        readonly metric: HistogramDefinition;
        readonly thresholdSeconds: number;
        readonly matches: Matches;
      }
    | undefined;
  /** Labels whose values have an error budget each. */
  readonly by: readonly string[];
  /** Days of the error budget. */
  readonly windowDays: number;
  /** Events in the long window of a leg below which it does not fire. */
  readonly minimumEvents: number;
  /** The severities of its alerts. */
  readonly severity: SloSeverities;
  /** The subject whose runbook and route its alerts use. */
  readonly subject: Subject;
  /** Burn rates that have an alert, descending. */
  readonly legs: readonly BurnFactor[];
  /** Whether a missing indicator fires an alert. */
  readonly absence: 'always' | 'never';
}
