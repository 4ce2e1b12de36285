/**
 * One builder of PromQL for rules, alerts and dashboards. A scope narrows every selector: to the job of the bundle in rules, to the
 * variables at the top of a dashboard in panels. Names, labels, closed values and buckets are checked against the definition.
 */
import type { Aggregator, GaugeDefinition, HistogramDefinition, MetricDefinition } from '../../definition.js';
import { type BundleSettings, windowOf } from '../settings.js';
import { up } from '../third-party-metrics.js';
import {
  aggregate,
  checkLabel,
  duration,
  type Matches,
  matchersOf,
  nativeSelector,
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
  /** Names of the histograms that Prometheus stores as native ones. Default: none. */
  readonly natives?: ReadonlySet<string>;
}

/** What is read of a metric, beyond the scope. */
export interface Selection {
  readonly matches?: Matches;
  /** Default: `_count` of a histogram or summary. */
  readonly part?: Part;
  /** Seconds, or PromQL. Default: the window of the scope. */
  readonly window?: number | string;
}

export type Promql = ReturnType<typeof promql>;
type By = readonly string[];

/** How the processes of a service are combined, where PromQL has another name for the aggregator of a gauge. */
const operators: Partial<Record<Aggregator, string>> = { average: 'avg', first: 'max', omit: 'max' };

/** @throws ERR_METRICS_INVALID_MONITORING from every method that names a label, value or part that the metric lacks */
export function promql({
  matchers,
  window: usual,
  by: kept = [],
  windowOf: window = duration,
  natives,
}: PromqlScope) {
  const { job } = matchers;
  const scopedTo = (definition: MetricDefinition, matches: Matches): Matches => {
    const has = (label: string) => targetLabels.includes(label) || Object.hasOwn(definition.labels, label);
    const scoped = Object.fromEntries(Object.entries(matchers).filter(([label]) => has(label)));
    return { ...scoped, ...matches };
  };
  const selected = (definition: MetricDefinition, matches: Matches = {}, part?: Part): string =>
    selector(definition, scopedTo(definition, matches), part);
  const counted = (definition: MetricDefinition, { matches, part }: Selection): string => {
    const hasCount = definition.type === 'histogram' || definition.type === 'summary';
    return selected(definition, matches, part ?? (hasCount ? '_count' : undefined));
  };
  const range = ({ window: given = usual }: Selection): string =>
    typeof given === 'number' ? window(given) : given;
  const grouped = (
    definition: MetricDefinition,
    by: By,
    expression: string,
    { operator = 'sum', more = [] }: { operator?: string; more?: By } = {},
  ): string => {
    for (const label of by) checkLabel(definition, label);
    return aggregate(operator, [...kept, ...by, ...more], expression);
  };
  /** `sum by (…) (rate(metric[…]))`. */
  const rate = (definition: MetricDefinition, by: By = [], selection: Selection = {}): string =>
    grouped(definition, by, `rate(${counted(definition, selection)}[${range(selection)}])`);
  const nativeRate = (
    definition: HistogramDefinition,
    by: By = [],
    selection: Selection = {},
  ): string | undefined => {
    if (natives?.has(definition.name) !== true) return undefined;
    const series = nativeSelector(definition, scopedTo(definition, selection.matches ?? {}));
    return grouped(definition, by, `rate(${series}[${range(selection)}])`);
  };
  return {
    /** `metric{job="…",label="…"}`. */
    selector: selected,
    /** A series of a recording rule, with the job of the scope: `job:up:count{job="…"}`. */
    record: (name: string, matches: Matches = {}): string =>
      `${name}${matchersOf({ ...(job !== undefined && { job }), ...matches })}`,
    /** A window given in seconds. */
    window,
    rate,
    /** `sum by (…) (metric)`. */
    sum: (definition: MetricDefinition, by: By = [], selection: Selection = {}): string =>
      grouped(definition, by, counted(definition, selection)),
    /** The value of a gauge: its processes are combined as its definition says. */
    gauge(definition: GaugeDefinition, by: By = [], matches: Matches = {}): string {
      const operator = operators[definition.aggregator] ?? definition.aggregator;
      return grouped(definition, by, selected(definition, matches), { operator });
    },
    /** `sum by (…) (increase(metric[…]))`. */
    increase: (definition: MetricDefinition, by: By = [], selection: Selection = {}): string =>
      grouped(definition, by, `increase(${counted(definition, selection)}[${range(selection)}])`),
    /**
     * The increase of a counter of rare events. Prometheus sees no increase in the first sample of a series. A series that appeared
     * within the window counts in full if its process was scraped before, unless it was there earlier with a value no higher: that
     * is a gap between scrapes.
     */
    events(definition: MetricDefinition, by: By = [], selection: Selection = {}): string {
      const [series, past] = [counted(definition, selection), range(selection)];
      const isBack = `last_over_time(${series}[${past}] offset ${past}) <= ${series}`;
      const isNew = `${series} unless ${series} offset ${past} unless ${isBack}`;
      const wasScraped = `${selected(up)} offset ${past} == 1`;
      const counting = `((${isNew}) and on (job, instance) ${wasScraped}) or increase(${series}[${past}])`;
      return grouped(definition, by, counting);
    },
    /** The rate of the series that match `part` too, divided by the rate of all that the selection matches. */
    share: (definition: MetricDefinition, part: Matches, by: By = [], selection: Selection = {}): string =>
      ratio(
        rate(definition, by, { ...selection, matches: { ...selection.matches, ...part } }),
        rate(definition, by, selection),
      ),
    /** `sum by (…) (rate(metric[…]))` of a native histogram, which is a histogram too; `undefined` for a classic one. */
    nativeRate,
    /** `histogram_quantile(0.95, …)`. */
    quantile(share: number, definition: HistogramDefinition, by: By = [], selection: Selection = {}): string {
      const native = nativeRate(definition, by, selection);
      if (native !== undefined) return `histogram_quantile(${share}, ${native})`;
      const buckets = `rate(${selected(definition, selection.matches, '_bucket')}[${range(selection)}])`;
      return `histogram_quantile(${share}, ${grouped(definition, by, buckets, { more: ['le'] })})`;
    },
    /** `(left) and on (job, …) (right)`, for each condition in turn, with the labels of the scope. */
    joined: (
      first: string,
      ...conditions: readonly (readonly [operator: 'and' | 'unless', by: By, right: string])[]
    ): string =>
      conditions.reduce(
        (left, [operator, by, right]) =>
          `(${left}) ${operator} on (${[...kept, ...by].join(', ')}) (${right})`,
        first,
      ),
  };
}

/** The scope of rules and alerts: the job of the bundle, over five minutes. */
export function jobScope(settings: BundleSettings): PromqlScope {
  return {
    matchers: { job: settings.job },
    by: ['job'],
    window: windowOf(settings, 300),
    natives: settings.natives,
    windowOf: (seconds) => windowOf(settings, seconds),
  };
}

/** A matcher of a Grafana variable: `=~"$job"`. */
export function variable(name: string): { readonly raw: string } {
  return { raw: `=~"$${name}"` };
}
