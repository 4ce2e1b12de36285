/**
 * Queries of panels from definitions. Each is narrowed to what is chosen at the top of the dashboard: `job` and `instance`, and
 * every variable whose label the metric has.
 */
import type {
  Aggregator,
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from '../../definition.js';
import {
  checkLabel,
  type Matches,
  type Part,
  quantile,
  rate,
  ratio,
  selector,
  sumBy,
} from '../promql/expression.js';
import type { Query } from './board.js';

/** Grafana's: four scrapes at least, and no less than what a pixel shows. */
const window = '$__rate_interval';

/** How the values of several processes become one, as the definition has it: PromQL's names. */
const aggregations = {
  sum: 'sum',
  average: 'avg',
  min: 'min',
  max: 'max',
  first: 'max',
  omit: 'max',
} as const satisfies Record<Aggregator, string>;

export interface BoardQueries {
  /** The selector of a metric. */
  of(definition: MetricDefinition, matches?: Matches, part?: Part): string;
  /** How often a counter counts, a second, or how much. */
  perSecond(definition: CounterDefinition, by?: readonly string[], matches?: Matches): Query;
  /** How often a histogram is observed, a second. */
  observed(definition: HistogramDefinition, by?: readonly string[], matches?: Matches): Query;
  /** What a counter counted in the range of the dashboard. */
  total(definition: CounterDefinition, by?: readonly string[], matches?: Matches): Query;
  /** A gauge, made one by the aggregator of its definition. */
  now(definition: GaugeDefinition, by?: readonly string[]): Query;
  /** The share of what matches in all that a counter counted. */
  share(definition: CounterDefinition, matches: Matches, by?: readonly string[], within?: Matches): Query;
  /** The median, and the 95th and 99th percentile. */
  percentiles(definition: HistogramDefinition): Query[];
  p95(definition: HistogramDefinition, by: readonly string[]): Query;
  /** For a heatmap. */
  buckets(definition: HistogramDefinition): Query;
}

/** @param variables of the dashboard, beside `job` and `instance` */
export function boardQueries(variables: readonly string[]): BoardQueries {
  const chosen = ({ labels }: MetricDefinition, matches: Matches): Matches => ({
    ...Object.fromEntries(
      ['job', 'instance', ...variables.filter((name) => Object.hasOwn(labels, name))].map((name) => [
        name,
        variable(name),
      ]),
    ),
    ...matches,
  });
  const of: BoardQueries['of'] = (definition, matches = {}, part) =>
    selector(definition, chosen(definition, matches), part);
  const by = (definition: MetricDefinition, labels: readonly string[], expression: string): string => {
    for (const label of labels) checkLabel(definition, label);
    return sumBy(labels, expression);
  };
  const quantileOf = (definition: HistogramDefinition, share: number, labels: readonly string[]): string => {
    for (const label of labels) checkLabel(definition, label);
    return quantile(share, definition, labels, window, chosen(definition, {}));
  };
  return {
    of,
    perSecond: (definition, labels = [], matches = {}) => ({
      expression: by(definition, labels, rate(of(definition, matches), window)),
      legend: legendOf(labels),
    }),
    observed: (definition, labels = [], matches = {}) => ({
      expression: by(definition, labels, rate(of(definition, matches, '_count'), window)),
      legend: legendOf(labels),
    }),
    total: (definition, labels = [], matches = {}) => ({
      expression: by(definition, labels, `increase(${of(definition, matches)}[$__range])`),
      legend: legendOf(labels),
    }),
    now: (definition, labels = []) => ({
      expression: by(definition, labels, of(definition)).replace(/^sum/, aggregations[definition.aggregator]),
      legend: legendOf(labels),
    }),
    share: (definition, matches, labels = [], within = {}) => ({
      expression: ratio(
        by(definition, labels, rate(of(definition, { ...within, ...matches }), window)),
        by(definition, labels, rate(of(definition, within), window)),
      ),
      legend: legendOf(labels),
    }),
    percentiles: (definition) =>
      ([0.5, 0.95, 0.99] as const).map((share) => ({
        expression: quantileOf(definition, share, []),
        legend: `p${share * 100}`,
      })),
    p95: (definition, labels) => ({
      expression: quantileOf(definition, 0.95, labels),
      legend: legendOf(labels),
    }),
    buckets: (definition) => ({
      expression: sumBy(['le'], `increase(${of(definition, {}, '_bucket')}[${window}])`),
      legend: '{{le}}',
    }),
  };
}

/**
 * A record by its name, narrowed by `job` and by those of its labels that are chosen at the top. Records have no `instance`: they
 * are of the whole service.
 * @param labels that tell its series apart
 */
export function recorded(
  name: string,
  labels: readonly string[] = [],
  chosen: readonly string[] = [],
): Query {
  const matchers = ['job', ...chosen].map((label) => `${label}=~"$${label}"`);
  return { expression: `${name}{${matchers.join(',')}}`, legend: legendOf(labels) };
}

export function variable(name: string): { readonly raw: string } {
  return { raw: `=~"$${name}"` };
}

/** `{{a}} {{b}}`; without labels there is one series, which the title names. */
export function legendOf(labels: readonly string[]): string {
  return labels.length === 0 ? 'all' : labels.map((label) => `{{${label}}}`).join(' ');
}
