/**
 * The panels of a dashboard as rows of a table: a title, what is shown, a description. What is shown comes from a definition or the
 * name of a record, which give its query, legend, unit and bounds.
 */
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from '../../definition.js';
import { type Promql, promql, variable } from '../promql/builder.js';
import { aggregate, type Matches } from '../promql/expression.js';
import type { Panel, Row, Shown } from './board.js';

/** Panels by their titles. What is shown may be several panels, whose titles begin with this one. */
export type Panels = Readonly<
  Record<
    string,
    readonly [shown: Shown | ((about: About) => Panel[]), description: string, layout?: Partial<Shown>]
  >
>;

type About = Pick<Panel, 'title' | 'description'>;

/** @param width of each panel that does not set its own; default: that of its kind */
export function row(title: string, panels: Panels, width?: number): Row {
  return {
    title,
    panels: Object.entries(panels).flatMap(([name, [shown, description, layout = {}]]) => {
      const about = { title: name, description };
      if (typeof shown === 'function') return shown(about);
      return [{ ...about, ...shown, ...(width === undefined ? {} : { width }), ...layout }];
    }),
  };
}

export function rowOf(width: number, title: string, panels: Panels): Row {
  return row(title, panels, width);
}

/** Closed until it is clicked: its queries cost nothing until then. */
export function closedRow(title: string, panels: Panels): Row {
  return { ...row(title, panels), collapsed: true };
}

/** Lines over time: PromQL by its legend. */
export function lines(
  unit: string,
  queries: Readonly<Record<string, string>>,
  more: Partial<Shown> = {},
): Shown {
  return {
    kind: 'timeseries',
    unit,
    min: 0,
    width: 8,
    height: 8,
    queries: Object.entries(queries).map(([legend, expression]) => ({ legend, expression })),
    ...more,
  };
}

/** The last value as a number. */
export function stat({ unit, queries }: Shown, colours?: Shown['colours']): Shown {
  return { kind: 'stat', unit, queries, width: 4, height: 4, ...(colours && { colours }) };
}

/** A row per series, with its labels and its value now. */
export function table({ unit, queries }: Shown, column?: string): Shown {
  const named = queries.map((query) => ({ ...query, legend: column ?? query.legend }));
  return { kind: 'table', unit, queries: named, width: 24, height: 8 };
}

/** A share between 0 and 1, as a needle. */
export function gauge(shown: Shown, colours: Shown['colours']): Shown {
  return { ...shown, kind: 'gauge', max: 1, ...(colours && { colours }) };
}

type By = readonly string[];

/** Each is narrowed to what is chosen at the top of the dashboard. */
export interface BoardQueries {
  readonly promql: Promql;
  /** Events per second of a counter, or observations per second of a histogram. */
  rate(definition: CounterDefinition | HistogramDefinition, by?: By, unit?: string): Shown;
  /** The increase of a counter within the time range of the dashboard. */
  total(definition: CounterDefinition, by?: By): Shown;
  now(definition: GaugeDefinition, by?: By, unit?: string): Shown;
  /** The share of what matches in all that a counter counts. */
  share(definition: CounterDefinition, matches: Matches, by?: By): Shown;
  /** Records are of the whole service: they have no `instance`. @param more labels of the record that may be chosen at the top */
  record(name: string, by?: By, more?: By): Shown;
  /** Percentiles, the 95th one by labels too, and the distribution. */
  histogram(definition: HistogramDefinition, by?: By): (about: About) => Panel[];
}

/** @param variables of the dashboard, beside `job` and `instance` */
export function boardQueries(variables: By): BoardQueries {
  const chosen = (labels: By): Matches => Object.fromEntries(labels.map((label) => [label, variable(label)]));
  const builder = promql({ matchers: chosen(['job', 'instance', ...variables]), window: '$__rate_interval' });
  const { rate, increase, gauge, share, record } = builder;
  return {
    promql: builder,
    rate: (definition, by = [], unit = rateUnitOf(definition)) =>
      lines(unit, { [legendOf(by)]: rate(definition, by) }),
    total: (definition, by = []) =>
      lines(unitOf(definition.name), { [legendOf(by)]: increase(definition, by, { window: '$__range' }) }),
    now: (definition, by = [], unit = unitOf(definition.name)) =>
      lines(unit, { [legendOf(by)]: gauge(definition, by) }),
    share: (definition, matches, by = []) =>
      lines('percentunit', { [legendOf(by)]: share(definition, matches, by) }, { max: 1 }),
    record(name, by = [], more = []) {
      const labels = [...by, ...more].filter((label) => variables.includes(label));
      const [, metric = '', operation = ''] = name.split(':');
      const isRatio = operation.startsWith('ratio');
      const unit = isRatio ? 'percentunit' : operation.startsWith('rate') ? 'cps' : unitOf(metric);
      return lines(unit, { [legendOf(by)]: record(name, chosen(labels)) }, isRatio ? { max: 1 } : {});
    },
    histogram:
      (definition, by = []) =>
      ({ title, description }) => {
        const layout = { unit: unitOf(definition.name), width: by.length === 0 ? 12 : 8 };
        const panels: Panels = {
          [`${title}: percentiles`]: [
            percentiles(builder, definition),
            `${description} Half are below p50, one in a hundred is above p99.`,
            layout,
          ],
          ...(by.length > 0 && {
            [`${title}: p95 by ${by.join(', ')}`]: [
              lines('', { [legendOf(by)]: builder.quantile(0.95, definition, by) }),
              `${description} One in twenty is above this line; a single line that rises names the culprit.`,
              layout,
            ],
          }),
          [`${title}: distribution`]: [
            distribution(builder, definition),
            `${description} A brighter cell holds more of them; two bands are two kinds of work.`,
            layout,
          ],
        };
        return [...row('', panels).panels];
      },
  };
}

export function percentiles({ quantile }: Promql, definition: HistogramDefinition): Shown {
  const queries = [0.5, 0.95, 0.99].map((share) => [`p${share * 100}`, quantile(share, definition)]);
  return lines(unitOf(definition.name), Object.fromEntries(queries));
}

/** The buckets over time, as a heatmap. */
export function distribution({ selector }: Promql, definition: HistogramDefinition): Shown {
  const buckets = `increase(${selector(definition, {}, '_bucket')}[$__rate_interval])`;
  const { min, ...shown } = lines(unitOf(definition.name), { '{{le}}': aggregate('sum', ['le'], buckets) });
  return { ...shown, kind: 'heatmap' };
}

/** `{{a}} {{b}}`; without labels there is one series, which the title names. */
export function legendOf(labels: By): string {
  return labels.length === 0 ? 'all' : labels.map((label) => `{{${label}}}`).join(' ');
}

/** The end of a name, which is its unit by Prometheus' conventions -> Grafana's unit. */
const units: Readonly<Record<string, string>> = {
  seconds: 's',
  bytes: 'bytes',
  ratio: 'percentunit',
  hours: 'h',
  celsius: 'celsius',
  usd: 'currencyUSD',
};

/** Unit -> the same per second, where Grafana has a name for it. */
const rateUnits: Readonly<Record<string, string>> = {
  s: 'percentunit',
  bytes: 'Bps',
  currencyUSD: 'currencyUSD',
};

export function unitOf(name: string): string {
  const ending = /_([a-z]+?)(?:_total)?$/.exec(name)?.[1] ?? '';
  return new Map(Object.entries(units)).get(ending) ?? 'short';
}

function rateUnitOf({ name, type }: MetricDefinition): string {
  return (type === 'counter' ? rateUnits[unitOf(name)] : undefined) ?? 'cps';
}
