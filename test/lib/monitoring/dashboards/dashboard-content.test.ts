/** What the dashboards show: every metric of the catalogue, the metrics of the user, alerts and objectives. */
import test from 'ava';
import { catalogue } from '../../../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../../lib/define.js';
import type { MetricDefinition } from '../../../../lib/definition.js';
import { label } from '../../../../lib/label.js';
import { type Alert, isAlert, type PanelQuery, type RuleGroup } from '../../../../lib/monitoring/model.js';
import { panelsOf } from '../../../helpers/dashboard-json.js';
import { alertOf, dashboards, nameOf, objectiveGroup, standard } from '../../../helpers/sample-dashboards.js';

/** Whether a query reads the metric itself instead of a record. */
function reads({ expression }: PanelQuery, { name }: MetricDefinition): boolean {
  return new RegExp(`(?<![\\w:])${name}(_bucket|_sum|_count)?\\{`).test(expression);
}

for (const definition of Object.values(catalogue)) {
  test(`a panel shows ${definition.name}`, async (t) => {
    const { queries } = await standard;
    t.true(queries.some((query) => !query.panel.startsWith('annotation ') && reads(query, definition)));
  });
}

test('every histogram of the catalogue has a heatmap', async (t) => {
  const { boards } = await standard;
  const drawn = boards
    .flatMap(panelsOf)
    .filter(({ type }) => type === 'heatmap')
    .map(({ targets }) => /increase\((\w+)_bucket/.exec(targets[0]?.expr ?? '')?.[1]);
  const histograms = Object.values(catalogue).filter(({ type }) => type === 'histogram');
  t.deepEqual(drawn.sort(), histograms.map(({ name }) => name).sort());
});

test('the overview shows the metrics of the user according to their types', async (t) => {
  const own = [
    defineCounter({ name: 'deploys_total', help: 'Deploys.', labels: { stage: label() } }),
    defineGauge({ name: 'cache_size_bytes', help: 'Size of the cache.', aggregator: 'max' }),
    defineHistogram({ name: 'review_duration_seconds', help: 'Time of a review.', buckets: [1, 10] }),
    defineSummary({ name: 'parse_duration_seconds', help: 'Time to parse.', quantiles: [0.5] }),
  ];
  const { boards } = await dashboards({ definitions: own });
  const [overview] = boards;
  if (overview === undefined) throw new Error('no overview');
  t.true(overview.panels.some(({ type, title }) => type === 'row' && title === 'Own metrics'));
  const panels = panelsOf(overview);
  const shown = (title: string) => {
    const panel = panels.find((candidate) => candidate.title === title);
    return {
      unit: panel?.fieldConfig.defaults.unit,
      queries: panel?.targets.map(({ expr }) => expr),
    };
  };
  const target = '{job=~"$job",instance=~"$instance"}';
  t.deepEqual(shown('deploys_total per second'), {
    unit: 'cps',
    queries: [`sum by (stage) (rate(deploys_total${target}[$__rate_interval]))`],
  });
  t.deepEqual(shown('cache_size_bytes'), { unit: 'bytes', queries: [`max(cache_size_bytes${target})`] });
  t.deepEqual(shown('review_duration_seconds: percentiles'), {
    unit: 's',
    queries: [0.5, 0.95, 0.99].map(
      (share) =>
        `histogram_quantile(${share}, sum by (le) (rate(review_duration_seconds_bucket${target}[$__rate_interval])))`,
    ),
  });
  t.deepEqual(shown('review_duration_seconds: distribution'), {
    unit: 's',
    queries: [`sum by (le) (increase(review_duration_seconds_bucket${target}[$__rate_interval]))`],
  });
  const part = (name: string) => `sum(rate(parse_duration_seconds_${name}${target}[$__rate_interval]))`;
  t.deepEqual(shown('parse_duration_seconds: mean'), {
    unit: 's',
    queries: [`${part('sum')} / (${part('count')} > 0)`],
  });
});

test('every alert is listed on its dashboard and has a panel with the first query of its runbook', async (t) => {
  const { boards } = await dashboards({ runbookUrl: 'https://runbooks.example/tamma' });
  for (const board of boards) {
    const { name, runbook } = alertOf(nameOf(board));
    const panels = panelsOf(board);
    const list = panels.find(({ title }) => title === 'Pending and firing alerts');
    t.is(
      list?.targets[0]?.expr,
      board.uid === 'tamma-overview'
        ? 'ALERTS{service=~"$job"}'
        : `ALERTS{service=~"$job",alertname=~"${name}"}`,
    );
    const behind = panels.find(({ title }) => title === name);
    t.is(behind?.targets[0]?.expr, runbook.query);
    t.is(behind?.links?.[0]?.url, `https://runbooks.example/tamma/own.md#${name.toLowerCase()}`);
  }
});

test('alerts of the same name share a panel with each of their queries once', async (t) => {
  const sample = alertOf('slo');
  const burn = (query: string): Alert => ({ ...sample, name: 'Burn', runbook: { ...sample.runbook, query } });
  const many = Array.from({ length: 30 }, (_, index) => burn(`slo_${index}`));
  const group: RuleGroup = { name: 'burn', file: 'slo', rules: [...many, burn('slo_0')] };
  const { boards } = await dashboards({}, [objectiveGroup, group]);
  const slo = boards.find(({ uid }) => uid === 'tamma-slo');
  const panels = slo === undefined ? [] : panelsOf(slo).filter(({ title }) => title === 'Burn');
  t.is(panels.length, 1);
  t.deepEqual(
    panels[0]?.targets.map(({ expr }) => expr),
    many.map(({ runbook }) => runbook.query),
  );
  t.is(new Set(panels[0]?.targets.map(({ refId }) => refId)).size, 30);
});

test('without objectives, the SLO dashboard shows indicators and reads only records that exist', async (t) => {
  const { queries, groups } = await dashboards({}, []);
  const records = new Set(
    groups.flatMap(({ rules }) => rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record]))),
  );
  t.true(queries.some(({ dashboard }) => dashboard === 'slo'));
  for (const { expression } of queries) {
    for (const [name] of expression.matchAll(/\b\w+(:\w+)+(?=\{)/g)) t.true(records.has(name), name);
  }
});
