/** One metric: charts that fit its type, its series, the methods that record it, and its PromQL. */
import { useMemo } from 'preact/hooks';
import type { MetricMeta, TargetFeed } from '../../../../lib/history/feed.js';
import { LineChart } from '../charts/line-chart.js';
import { colorsFor } from '../charts/theme.js';
import { cursorTime } from '../cursor.js';
import { bucketRates, evaluate, type Result } from '../feed/evaluate.js';
import { gridOf } from '../feed/grid.js';
import { groupsOf, type Reduction } from '../feed/groups.js';
import { historyOf, version } from '../feed/histories.js';
import { useQuery } from '../feed/query.js';
import { clockText, shownText } from '../format.js';
import { nearest, numberAtEnd } from '../overview/lines.js';
import { changeView, shownWindow, zoom } from '../page-state.js';
import { useStore } from '../store.js';
import type { View } from '../view.js';
import { Controls } from './controls.js';
import { formulasOf, groupedBy, rateUnit } from './formulas.js';
import { Heatmap } from './heatmap.js';
import { Expressions, MetricFacts } from './metric-facts.js';
import { SeriesTable } from './series-table.js';

interface MetricViewProps {
  readonly target: TargetFeed;
  readonly meta: MetricMeta;
  readonly view: View;
}

const points = 240;
const maxLines = 16;
const quantiles = [
  { name: 'p50', quantile: 0.5, color: 2 },
  { name: 'p95', quantile: 0.95, color: 1 },
  { name: 'p99', quantile: 0.99, color: 4 },
] as const;

export function MetricView({ target, meta, view }: MetricViewProps) {
  const now = useStore(version);
  const cursor = useStore(cursorTime);
  const whole = historyOf(target.id, meta.name);
  const formulas = useMemo(() => formulasOf(meta, view), [meta, view.where, view.by]);
  const by = groupedBy(meta, view);
  // The tracks of a metric with many series answer for one label at most.
  const needsQuery =
    whole?.shape.detail === 'labels' && new Set([...by, ...Object.keys(view.where)]).size > 1;
  const queried = useQuery({
    target: target.id,
    metric: meta.name,
    where: view.where,
    by,
    isNeeded: needsQuery,
  });
  const samples = needsQuery ? queried : whole;
  const shownSpan = shownWindow();
  const grid = gridOf(shownSpan, points);
  const window = useMemo(
    () => ({ from: grid.times[0] ?? shownSpan.from, to: grid.times.at(-1) ?? shownSpan.to }),
    [grid.times[0], grid.times.at(-1)],
  );
  const evaluated = useMemo(() => {
    const results = (formula: Reduction): Result[] => evaluate(formula, () => samples, grid);
    return {
      main: sorted(results(formulas.main)),
      rate: sorted(results(formulas.rate)),
      quantiles:
        meta.type === 'histogram'
          ? quantiles.map(({ name, quantile, color }) => ({
              name,
              color,
              points: results(formulas.quantile(quantile))[0]?.points ?? [],
            }))
          : [],
      rates:
        meta.type === 'histogram' && samples !== undefined
          ? bucketRates(samples, groupsOf(samples, formulas.total('rate'))[0]?.tracks ?? [], grid)
          : [],
    };
  }, [samples, formulas, now, window]);
  const index = cursor === undefined ? undefined : nearest(grid, cursor);
  const isDistribution = meta.type === 'histogram' || meta.type === 'summary';
  const { unit: perSecond } = rateUnit(meta);
  const mainUnit = meta.type === 'counter' ? perSecond : meta.unit;
  const stats = statsOf(meta, formulas, (formula) => numberAtEnd(formula, () => samples, shownSpan));
  const chart = (title: string, results: readonly Result[], unit: typeof mainUnit) => (
    <section class="card panel">
      <h3>{title}</h3>
      <LineChart
        title={`${meta.name}: ${title}`}
        times={grid.times}
        lines={results.slice(0, maxLines).map(({ labels, points: all }, index) => ({
          name: nameOf(labels),
          color: colors(results)[index] ?? 0,
          points: all,
        }))}
        unit={unit}
        chart="line"
        window={window}
        size="large"
        onZoom={zoom}
      />
      <SeriesTable
        lines={results.map((result, index) => ({ ...result, color: colors(results)[index] }))}
        unit={unit}
        index={index}
        onFilter={(labels) => changeView({ where: { ...view.where, ...labels } })}
      />
    </section>
  );
  return (
    <article class="metric" data-metric={meta.name}>
      <MetricFacts meta={meta} />
      <Controls meta={meta} view={view} samples={whole} />
      <dl class="stats">
        {stats.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-stat={name}>{text}</dd>
          </div>
        ))}
        <div>
          <dt>time</dt>
          <dd>{clockText(index === undefined ? shownSpan.to : (grid.times[index] ?? shownSpan.to))}</dd>
        </div>
      </dl>
      {meta.type === 'histogram' && samples !== undefined && (
        <section class="card panel">
          <h3>
            Distribution
            <ul class="keys-line">
              {evaluated.quantiles.map(({ name, color, points: all }) => (
                <li key={name}>
                  <span class="swatch" data-color={color + 1} />
                  {name}
                  <span class="number">
                    {shownText(
                      index === undefined ? all.findLast((point) => point !== undefined) : all[index],
                      meta.unit,
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </h3>
          <Heatmap
            title={meta.name}
            grid={grid}
            rates={evaluated.rates}
            bounds={samples.shape.bounds ?? []}
            lower={samples.shape.lower ?? 0}
            unit={meta.unit}
            quantiles={evaluated.quantiles}
            window={window}
            onZoom={zoom}
          />
        </section>
      )}
      {meta.type === 'histogram' &&
        by.length > 0 &&
        chart(`p95 by ${by.join(', ')}`, evaluated.main, meta.unit)}
      {meta.type === 'summary' && chart('Mean', evaluated.main, meta.unit)}
      {meta.type === 'counter' && chart('Rate', evaluated.main, mainUnit)}
      {isDistribution && chart('Observations', evaluated.rate, perSecond)}
      {(meta.type === 'gauge' || meta.type === 'unknown') && chart('Level', evaluated.main, mainUnit)}
      <Expressions meta={meta} />
    </article>
  );
}

function nameOf(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join(', ').slice(0, 200);
}

/** Only for the lines that are drawn. */
function colors(results: readonly Result[]): number[] {
  return colorsFor(results.slice(0, maxLines).map(({ labels }) => nameOf(labels)));
}

/** The largest first, which get the distinct colours. */
function sorted(results: readonly Result[]): Result[] {
  const size = ({ points: all }: Result): number =>
    all.findLast((point) => typeof point === 'number') ?? Number.NEGATIVE_INFINITY;
  return [...results].sort((a, b) => size(b) - size(a));
}

function statsOf(
  meta: MetricMeta,
  formulas: ReturnType<typeof formulasOf>,
  number: (formula: Reduction) => number | undefined,
): (readonly [name: string, text: string])[] {
  const { unit } = rateUnit(meta);
  const increase = [
    'in range',
    `+${shownText(number(formulas.total('increase')), meta.type === 'counter' ? meta.unit : 'none')}`,
  ] as const;
  const rate = ['rate', shownText(number({ ...formulas.rate, by: [] }), unit)] as const;
  const level = shownText(
    number(formulas.total('level')),
    meta.type === 'histogram' || meta.type === 'summary' ? 'none' : meta.unit,
  );
  switch (meta.type) {
    case 'counter':
      return [rate, increase, ['total', level]];
    case 'histogram':
      return [
        ...quantiles.map(
          ({ name, quantile }) => [name, shownText(number(formulas.quantile(quantile)), meta.unit)] as const,
        ),
        rate,
        increase,
        ['total', level],
      ];
    case 'summary':
      return [
        ['mean', shownText(number(formulas.total('mean')), meta.unit)],
        rate,
        increase,
        ['total', level],
      ];
    default:
      return [['now', level]];
  }
}
