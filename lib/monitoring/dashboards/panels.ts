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

/** What a panel shows; several panels, whose titles begin with this one; panels as they are; a part of the text. */
type Cell = Shown | ((about: About) => Panel[]) | readonly Panel[] | string | number | false;
type About = Pick<Panel, 'title' | 'description'>;
type Table<T> = (texts: TemplateStringsArray, ...cells: readonly Cell[]) => T;

/**
 * Panels as a table. Each begins with a line of its title and what it shows; the lines below are its description.
 * @example
 * panels`
 *   Steps ended ${rate(workflowStepDuration, ['step_name'])}
 *     Steps that end, per second, by name.
 * `
 */
export const panels: Table<Panel[]> = (texts, ...cells) => panelsOf(texts, cells);

function panelsOf(texts: TemplateStringsArray, cells: readonly Cell[], layout: Partial<Shown> = {}): Panel[] {
  const made: Panel[] = [];
  let text = texts[0] ?? '';
  let describe: ((description: string) => Panel[]) | undefined;
  const close = (description: string): void => {
    if (describe !== undefined) made.push(...describe(description.replaceAll(/\s+/g, ' ').trim()));
    describe = undefined;
  };
  for (const [index, cell] of cells.entries()) {
    const next = texts[index + 1] ?? '';
    if (typeof cell === 'string' || typeof cell === 'number') {
      text += `${cell}${next}`;
      continue;
    }
    const titleAt = text.lastIndexOf('\n') + 1;
    const title = text.slice(titleAt).trim();
    close(text.slice(0, titleAt));
    text = next;
    if (isPanels(cell)) made.push(...cell);
    else if (typeof cell === 'function') describe = (description) => cell({ title, description });
    else if (cell !== false) describe = (description) => [{ title, description, ...cell, ...layout }];
  }
  close(text);
  return made;
}

function isPanels(cell: Cell): cell is readonly Panel[] {
  return Array.isArray(cell);
}

/**
 * A row of a dashboard, with its panels as a table.
 * @param width of its panels, except for those of a histogram; default: that of their kind
 * @param collapsed closed until it is clicked: its queries cost nothing until then
 */
export function row(
  title: string,
  { width, ...rest }: { readonly width?: number; readonly collapsed?: boolean } = {},
): Table<Row> {
  return (texts, ...cells) => ({
    title,
    ...rest,
    panels: panelsOf(texts, cells, width === undefined ? {} : { width }),
  });
}

/** The same with another look: size, bounds, colours. */
export function styled(shown: Shown, style: Partial<Shown>): Shown {
  return { ...shown, ...style };
}

/** Half the width of a dashboard. */
export function wide(shown: Shown): Shown {
  return styled(shown, { width: 12 });
}

export function stacked(shown: Shown): Shown {
  return styled(shown, { stacked: true });
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
  /** What a rate limit leaves, and the limit. */
  limited(remaining: GaugeDefinition, limit: GaugeDefinition, by: By): Shown;
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
    limited: (remaining, limit, by) =>
      lines('short', {
        [legendOf(by)]: gauge(remaining, by),
        [`limit of ${legendOf(by)}`]: gauge(limit, by),
      }),
    histogram:
      (definition, by = []) =>
      ({ title, description }) => {
        const width = by.length === 0 ? 12 : 8;
        const p95 = lines(unitOf(definition.name), {
          [legendOf(by)]: builder.quantile(0.95, definition, by),
        });
        return panels`
          ${title}: percentiles ${styled(percentiles(builder, definition), { width })}
            ${description} Half are below p50; one in 100 is above p99.
          ${
            by.length > 0 &&
            panels`
              ${title}: p95 by ${by.join(', ')} ${p95}
                ${description} One in 20 is above this line. If a single line rises, its labels name the cause.
            `
          }
          ${title}: distribution ${styled(distribution(builder, definition), { width })}
            ${description} The brighter a cell, the more observations. Two bands mean two kinds of work.
        `;
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
