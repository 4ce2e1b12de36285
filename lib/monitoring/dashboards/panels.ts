/**
 * The panels of a dashboard as a table: a title and what is shown. What is shown follows from a definition or the name of a record: its
 * query, legend, unit and bounds. `panels.md` has the descriptions, by title.
 */
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from '../../definition.js';
import { type Promql, promql, variable } from '../promql/builder.js';
import { aggregate, type Matches } from '../promql/expression.js';

export interface Query {
  /** PromQL with Grafana's variables. */
  readonly expression: string;
  /** The name of a series, with `{{label}}`; of a table, the title of the column of values. */
  readonly legend: string;
}

/** What a panel shows, without its title and description. */
export interface Shown {
  readonly kind: 'timeseries' | 'stat' | 'gauge' | 'heatmap' | 'table';
  /** Grafana's id of a unit: `s`, `bytes`, `percentunit`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** In columns of Grafana's grid, which has 24. */
  readonly width: number;
  readonly height: number;
  readonly stacked?: boolean;
  /** Bounds of the axis, or of the gauge. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** The colour below all thresholds, then each threshold and the colour from it on. */
  readonly colours?: readonly [string, ...(readonly [number, string])[]];
  /** An address that the panel links to, with its title. */
  readonly link?: { readonly title: string; readonly url: string } | undefined;
}

export interface Panel extends Shown {
  readonly title: string;
  /** Title of the section of `panels.md` that describes it. Default: none. */
  readonly about?: string;
  /** What it shows, and what follows from it, after the section. */
  readonly description?: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Closed until it is clicked: its queries cost nothing until then. */
  readonly collapsed?: boolean;
}

/** What a panel shows; a function that makes several panels; finished panels. */
type Cell = Shown | ((title: string) => Panel[]) | readonly Panel[] | false;
type Table<T> = (titles: TemplateStringsArray, ...cells: readonly Cell[]) => T;

/**
 * Panels as a table. Each line has a title and what is shown.
 * @example
 * panels`
 *   Steps ended ${rate(workflowStepDuration, ['step_name'])}
 *   Steps failed ${rate(workflowStepErrors, ['step_name'])}
 * `
 */
export const panels: Table<Panel[]> = (titles, ...cells) => panelsOf(titles, cells);

function panelsOf(titles: readonly string[], cells: readonly Cell[], layout: Partial<Shown> = {}): Panel[] {
  return cells.flatMap((cell, index) => {
    const title = (titles[index] ?? '').trim();
    if (cell === false) return [];
    if (typeof cell === 'function') return cell(title);
    return isPanels(cell) ? cell : [{ title, about: title, ...cell, ...layout }];
  });
}

function isPanels(cell: Cell): cell is readonly Panel[] {
  return Array.isArray(cell);
}

/**
 * A row of a dashboard, with its panels as a table.
 * @param width of its panels, except for those of a histogram; default: that of their kind
 * @param collapsed closed until it is clicked, so that its queries do not run
 */
export function row(
  title: string,
  { width, ...rest }: { readonly width?: number; readonly collapsed?: boolean } = {},
): Table<Row> {
  return (titles, ...cells) => ({
    title,
    ...rest,
    panels: panelsOf(titles, cells, width === undefined ? {} : { width }),
  });
}

/** Overrides size, bounds or colours. */
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
export function lines(unit: string, queries: Readonly<Record<string, string>>): Shown {
  return {
    kind: 'timeseries',
    unit,
    min: 0,
    width: 8,
    height: 8,
    queries: Object.entries(queries).map(([legend, expression]) => ({ legend, expression })),
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
export function gauge(shown: Shown, colours: NonNullable<Shown['colours']>): Shown {
  return { ...shown, kind: 'gauge', max: 1, colours };
}

type By = readonly string[];
export type BoardQueries = ReturnType<typeof boardQueries>;

/**
 * What panels show, narrowed to what is chosen at the top of the dashboard.
 * @param variables of the dashboard, in addition to `job` and `instance`
 * @param natives names of the histograms that Prometheus stores as native ones
 */
export function boardQueries(variables: By, natives: ReadonlySet<string>) {
  const chosen = (labels: By): Matches => Object.fromEntries(labels.map((label) => [label, variable(label)]));
  const matchers = chosen(['job', 'instance', ...variables]);
  const builder = promql({ matchers, window: '$__rate_interval', natives });
  const { rate, increase, gauge, share, record } = builder;
  const single = (unit: string, by: By, expression: string): Shown =>
    lines(unit, { [legendOf(by)]: expression });
  return {
    promql: builder,
    /** Events per second of a counter, or observations per second of a histogram. */
    rate: (definition: CounterDefinition | HistogramDefinition, by: By = [], unit?: string): Shown =>
      single(unit ?? rateUnitOf(definition), by, rate(definition, by)),
    /** The increase of a counter within the time range of the dashboard. */
    total: (definition: CounterDefinition, by: By = []): Shown =>
      single(unitOf(definition.name), by, increase(definition, by, { window: '$__range' })),
    now: (definition: GaugeDefinition, by: By = [], unit: string = unitOf(definition.name)): Shown =>
      single(unit, by, gauge(definition, by)),
    /** The share of what matches in all that a counter counts. */
    share: (definition: CounterDefinition, matches: Matches, by: By = []): Shown =>
      styled(single('percentunit', by, share(definition, matches, by)), { max: 1 }),
    /** Records are of the whole job. @param more labels of the record that may be chosen at the top */
    record(name: string, by: By = [], more: By = []): Shown {
      const labels = [...by, ...more].filter((label) => variables.includes(label));
      const expression = record(name, chosen(labels));
      const [, metric = '', operation = ''] = name.split(':');
      if (operation.startsWith('ratio')) return styled(single('percentunit', by, expression), { max: 1 });
      return single(operation.startsWith('rate') ? 'cps' : unitOf(metric), by, expression);
    },
    /** What a rate limit leaves, and the limit. */
    limited: (remaining: GaugeDefinition, limit: GaugeDefinition, by: By): Shown =>
      lines('short', {
        [legendOf(by)]: gauge(remaining, by),
        [`limit of ${legendOf(by)}`]: gauge(limit, by),
      }),
    /** Percentiles, the 95th one by labels too, and the distribution. */
    histogram:
      (definition: HistogramDefinition, by: readonly [string, ...string[]]) =>
      (about: string): Panel[] => [
        {
          title: `${about}: percentiles`,
          about,
          description: 'Half are below p50; one in 100 is above p99.',
          ...percentiles(builder, definition),
        },
        {
          title: `${about}: p95 by ${by.join(', ')}`,
          about,
          description: 'One in 20 is above this line. If a single line rises, its labels name the cause.',
          ...single(unitOf(definition.name), by, builder.quantile(0.95, definition, by)),
        },
        {
          title: `${about}: distribution`,
          about,
          description: 'The brighter a cell, the more observations. Two bands mean two kinds of work.',
          ...distribution(builder, definition),
        },
      ],
  };
}

export function percentiles({ quantile }: Promql, definition: HistogramDefinition): Shown {
  const queries = [0.5, 0.95, 0.99].map((share) => [`p${share * 100}`, quantile(share, definition)]);
  return lines(unitOf(definition.name), Object.fromEntries(queries));
}

/** The buckets over time, as a heatmap. */
export function distribution({ selector, nativeRate }: Promql, definition: HistogramDefinition): Shown {
  const native = nativeRate(definition);
  if (native !== undefined) {
    const { min, ...shown } = lines(unitOf(definition.name), { all: native });
    return { ...shown, kind: 'heatmap' };
  }
  const buckets = `increase(${selector(definition, {}, '_bucket')}[$__rate_interval])`;
  const { min, ...shown } = lines(unitOf(definition.name), { '{{le}}': aggregate('sum', ['le'], buckets) });
  return { ...shown, kind: 'heatmap' };
}

/** `{{a}} {{b}}`; without labels there is one series, which the title names. */
export function legendOf(labels: By): string {
  return labels.length === 0 ? 'all' : labels.map((label) => `{{${label}}}`).join(' ');
}

/** The last word of a metric's name, its unit by Prometheus' conventions -> Grafana's unit, and that of its rate. */
const units = new Map([
  ['seconds', ['s', 'percentunit']],
  ['bytes', ['bytes', 'Bps']],
  ['ratio', ['percentunit', 'cps']],
  ['hours', ['h', 'cps']],
  ['celsius', ['celsius', 'cps']],
  ['usd', ['currencyUSD', 'currencyUSD']],
]);

function unitsOf(name: string): readonly string[] {
  return units.get(/_([a-z]+?)(?:_total)?$/.exec(name)?.[1] ?? '') ?? ['short', 'cps'];
}

export function unitOf(name: string): string {
  return unitsOf(name)[0] ?? 'short';
}

function rateUnitOf({ name, type }: MetricDefinition): string {
  return (type === 'counter' ? unitsOf(name)[1] : undefined) ?? 'cps';
}
