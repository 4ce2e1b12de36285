/** Panels of the user's own metrics, from their definitions alone. */
import type {
  CounterDefinition,
  HistogramDefinition,
  MetricDefinition,
  SummaryDefinition,
} from '../../definition.js';
import { rate, sumBy } from '../promql/expression.js';
import type { Panel, Row } from './board.js';
import { heatmap, timeSeries } from './panels.js';
import { type BoardQueries, legendOf } from './queries.js';

/** Lines of a panel are told apart by so many labels at most: more are a tangle. */
const labelsShown = 3;

export function ownRow(queries: BoardQueries, definitions: readonly MetricDefinition[]): Row[] {
  if (definitions.length === 0) return [];
  return [
    { title: 'Own metrics', panels: definitions.flatMap((definition) => ownPanels(queries, definition)) },
  ];
}

function ownPanels(queries: BoardQueries, definition: MetricDefinition): Panel[] {
  const by = Object.keys(definition.labels).slice(0, labelsShown);
  switch (definition.type) {
    case 'counter':
      return [counterPanel(queries, definition, by)];
    case 'gauge':
      return [
        timeSeries({
          title: definition.name,
          description: definition.help,
          unit: unitOf(definition.name),
          queries: [queries.now(definition, by)],
        }),
      ];
    case 'histogram':
      return histogramOf(queries, definition);
    case 'summary':
      return summaryOf(queries, definition, by);
  }
}

function counterPanel(queries: BoardQueries, definition: CounterDefinition, by: readonly string[]): Panel {
  return timeSeries({
    title: `${definition.name}, a second`,
    description: definition.help,
    unit: ratesOf[unitOf(definition.name)] ?? 'cps',
    min: 0,
    queries: [queries.perSecond(definition, by)],
  });
}

function histogramOf(queries: BoardQueries, definition: HistogramDefinition): Panel[] {
  const common = { description: definition.help, unit: unitOf(definition.name) };
  return [
    timeSeries({
      ...common,
      title: `${definition.name}: percentiles`,
      queries: queries.percentiles(definition),
    }),
    heatmap({ ...common, title: `${definition.name}: distribution`, buckets: queries.buckets(definition) }),
  ];
}

/** Quantiles of several processes cannot be made one; their mean can. */
function summaryOf(queries: BoardQueries, definition: SummaryDefinition, by: readonly string[]): Panel[] {
  const part = (name: '_sum' | '_count') =>
    sumBy(by, rate(queries.of(definition, {}, name), '$__rate_interval'));
  return [
    timeSeries({
      title: `${definition.name}: mean`,
      description: definition.help,
      unit: unitOf(definition.name),
      queries: [{ expression: `${part('_sum')} / (${part('_count')} > 0)`, legend: legendOf(by) }],
    }),
    timeSeries({
      title: `${definition.name}: observations, a second`,
      description: definition.help,
      unit: 'cps',
      min: 0,
      queries: [{ expression: part('_count'), legend: legendOf(by) }],
    }),
  ];
}

/** End of a name -> Grafana's unit. */
const units = {
  seconds: 's',
  bytes: 'bytes',
  ratio: 'percentunit',
  hours: 'h',
  celsius: 'celsius',
  usd: 'currencyUSD',
} as const;

/** Unit -> that of it a second, where it has a name. */
const ratesOf: Readonly<Record<string, string>> = {
  s: 'percentunit',
  bytes: 'Bps',
  currencyUSD: 'currencyUSD',
};

/** Names end in their unit, as Prometheus' conventions have it. */
function unitOf(name: string): string {
  const ending = /_([a-z]+?)(?:_total)?$/.exec(name)?.[1] ?? '';
  return Object.hasOwn(units, ending) ? units[ending as keyof typeof units] : 'short';
}
