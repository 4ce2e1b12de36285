/**
 * One builder of PromQL for rules, alerts and dashboards. A scope narrows every selector: to the job of the bundle in rules, to the
 * variables at the top of a dashboard in panels. Names, labels, closed values and buckets are checked against the definition.
 */
import type {
  Aggregator,
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from '../../definition.js';
import { type BundleSettings, windowOf } from '../settings.js';
import { up } from '../third-party-metrics.js';
import {
  aggregate,
  checkLabel,
  duration,
  type Matches,
  matchersOf,
  type Part,
  ratio,
  selector,
  targetLabels,
} from './expression.js';

export interface PromqlScope {
  /** Matchers of every selector, where the metric has the label. */
  readonly matchers: Matches;
  /** Window of a rate unless a call names another: `5m`, `$__rate_interval`. */
  readonly window: string;
  /** Labels that every aggregation keeps, before those of the call. Default: none. */
  readonly by?: readonly string[];
  /** Writes a window that is given in seconds. Default: `duration`. */
  readonly windowOf?: (seconds: number) => string;
}

/** What is read of a metric, beyond the scope. */
export interface Selection {
  readonly matches?: Matches;
  /** Default: `_count` of a histogram or summary. */
  readonly part?: Part;
  /** Seconds, or PromQL. Default: the window of the scope. */
  readonly window?: number | string;
}

type By = readonly string[];

export interface Promql {
  /** `metric{job="…",label="…"}`. */
  selector(definition: MetricDefinition, matches?: Matches, part?: Part): string;
  /** A series of a recording rule, with the job of the scope: `job:up:count{job="…"}`. */
  record(name: string, matches?: Matches): string;
  window(seconds: number): string;
  /** `sum by (…) (metric)`. */
  sum(definition: MetricDefinition, by?: By, selection?: Selection): string;
  /** The value of a gauge: its processes are combined as its definition says. */
  gauge(definition: GaugeDefinition, by?: By, matches?: Matches): string;
  /** `sum by (…) (rate(metric[…]))`. */
  rate(definition: MetricDefinition, by?: By, selection?: Selection): string;
  /** `sum by (…) (increase(metric[…]))`. */
  increase(definition: MetricDefinition, by?: By, selection?: Selection): string;
  /**
   * The increase of a counter of rare events. Prometheus sees no increase in the first sample of a series. A series that appeared
   * within the window counts in full if its process was scraped before, unless it was there earlier with a value no higher: that is
   * a gap between scrapes.
   */
  events(definition: MetricDefinition, by?: By, selection?: Selection): string;
  /** The rate of the series that match `part`, divided by the rate of all that the selection matches. */
  share(
    definition: CounterDefinition | HistogramDefinition,
    part: Matches,
    by?: By,
    selection?: Selection,
  ): string;
  /** `histogram_quantile(0.95, …)`. */
  quantile(share: number, definition: HistogramDefinition, by?: By, selection?: Selection): string;
  /** `(left) and on (job, …) (right)`, with the labels of the scope. */
  joined(left: string, operator: 'and' | 'unless', by: By, right: string): string;
}

/** How the processes of a service are combined, by the aggregator of a gauge. */
const operators = {
  sum: 'sum',
  average: 'avg',
  min: 'min',
  max: 'max',
  first: 'max',
  omit: 'max',
} as const satisfies Record<Aggregator, string>;

/** @throws ERR_METRICS_INVALID_MONITORING from every method that names a label, value or part that the metric lacks */
export function promql(scope: PromqlScope): Promql {
  const narrowed = ({ labels }: MetricDefinition, matches: Matches): Matches => ({
    ...Object.fromEntries(
      Object.entries(scope.matchers).filter(
        ([label]) => targetLabels.includes(label) || Object.hasOwn(labels, label),
      ),
    ),
    ...matches,
  });
  const selected: Promql['selector'] = (definition, matches = {}, part) =>
    selector(definition, narrowed(definition, matches), part);
  const counted = (definition: MetricDefinition, { matches, part }: Selection): string => {
    const hasCount = definition.type === 'histogram' || definition.type === 'summary';
    return selected(definition, matches, part ?? (hasCount ? '_count' : undefined));
  };
  const window = scope.windowOf ?? duration;
  const range = ({ window: given = scope.window }: Selection): string =>
    typeof given === 'number' ? window(given) : given;
  const grouped = (
    definition: MetricDefinition,
    by: By,
    expression: string,
    operator: string = 'sum',
    more: By = [],
  ): string => {
    for (const label of by) checkLabel(definition, label);
    return aggregate(operator, [...(scope.by ?? []), ...by, ...more], expression);
  };
  const rate: Promql['rate'] = (definition, by = [], selection = {}) =>
    grouped(definition, by, `rate(${counted(definition, selection)}[${range(selection)}])`);
  return {
    selector: selected,
    record: (name, matches = {}) => {
      const { job } = scope.matchers;
      return `${name}${matchersOf({ ...(job === undefined ? {} : { job }), ...matches })}`;
    },
    window,
    sum: (definition, by = [], selection = {}) => grouped(definition, by, counted(definition, selection)),
    gauge: (definition, by = [], matches = {}) =>
      grouped(definition, by, selected(definition, matches), operators[definition.aggregator]),
    rate,
    increase: (definition, by = [], selection = {}) =>
      grouped(definition, by, `increase(${counted(definition, selection)}[${range(selection)}])`),
    events: (definition, by = [], selection = {}) => {
      const [series, past] = [counted(definition, selection), range(selection)];
      const isBack = `last_over_time(${series}[${past}] offset ${past}) <= ${series}`;
      const isNew = `${series} unless ${series} offset ${past} unless ${isBack}`;
      const wasScraped = `${selected(up)} offset ${past} == 1`;
      return grouped(
        definition,
        by,
        `((${isNew}) and on (job, instance) ${wasScraped}) or increase(${series}[${past}])`,
      );
    },
    share: (definition, part, by = [], selection = {}) =>
      ratio(
        rate(definition, by, { ...selection, matches: { ...selection.matches, ...part } }),
        rate(definition, by, selection),
      ),
    quantile: (share, definition, by = [], selection = {}) => {
      const buckets = `rate(${selected(definition, selection.matches, '_bucket')}[${range(selection)}])`;
      return `histogram_quantile(${share}, ${grouped(definition, by, buckets, 'sum', ['le'])})`;
    },
    joined: (left, operator, by, right) =>
      `(${left}) ${operator} on (${[...(scope.by ?? []), ...by].join(', ')}) (${right})`,
  };
}

/** The scope of rules and alerts: the job of the bundle, over five minutes. */
export function jobScope(settings: BundleSettings): PromqlScope {
  return {
    matchers: { job: settings.job },
    by: ['job'],
    window: windowOf(settings, 300),
    windowOf: (seconds) => windowOf(settings, seconds),
  };
}

/** A matcher of a Grafana variable: `=~"$job"`. */
export function variable(name: string): { readonly raw: string } {
  return { raw: `=~"$${name}"` };
}
