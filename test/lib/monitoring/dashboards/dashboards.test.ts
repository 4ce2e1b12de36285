/** Grafana's dashboards: the structure of their JSON and what they show. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { parse } from 'yaml';
import { catalogue } from '../../../../lib/catalogue/catalogue.js';
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  defineSummary,
  label,
  type MetricDefinition,
} from '../../../../lib/definition.js';
import { grafanaFiles } from '../../../../lib/monitoring/dashboards/grafana-files.js';
import {
  type Alert,
  type DashboardName,
  isAlert,
  type PanelQuery,
  type RuleGroup,
} from '../../../../lib/monitoring/model.js';
import { recordingGroups } from '../../../../lib/monitoring/prometheus/recording-rules.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { boardsIn, type DashboardJson, panelsOf } from '../../../helpers/dashboard-json.js';
import { compiled, fromRoot } from '../../../helpers/package-root.js';

const names = [
  'overview',
  'workflows',
  'ai',
  'delivery',
  'slo',
  'pipeline',
] as const satisfies readonly DashboardName[];
const uids = names.map((name) => `tamma-${name}`);

/** An alert that always fires, one per dashboard. */
const alertOf = (dashboard: DashboardName): Alert => ({
  name: `Sample${dashboard}`,
  subject: 'own',
  severity: 'ticket',
  expression: 'vector(1)',
  forSeconds: 0,
  summary: 'A sample.',
  description: 'A sample.',
  dashboard,
  runbook: {
    meaning: 'Nothing is wrong.',
    query: 'max(up{job="tamma"})',
    causes: ['A test.'],
    actions: ['None.'],
  },
  tests: { fires: { series: {}, atMinutes: 1 }, quiet: { series: {}, atMinutes: 1 } },
});

/** Records like those of an objective. */
const objectiveGroup: RuleGroup = {
  name: 'sample-slo',
  file: 'slo',
  rules: [
    ['slo:objective:ratio', 0.99],
    ['slo:error_budget_remaining:ratio', 0.4],
    ...['5m', '30m', '1h', '6h', '1d', '3d'].map(
      (window) => [`slo:sli_error:ratio_rate${window}`, 0.02] as const,
    ),
  ].map(([record, value]) => ({
    record: String(record),
    expression: `vector(${value})`,
    labels: { job: 'tamma', slo: 'sample' },
  })),
};

async function dashboards(options: BundleOptions = {}, extra: readonly RuleGroup[] = [objectiveGroup]) {
  const settings = bundleSettings(options);
  const alerts: RuleGroup = { name: 'sample-alerts', file: 'alerts-own', rules: names.map(alertOf) };
  const groups = [...recordingGroups(settings), alerts, ...extra];
  const { files, queries } = await grafanaFiles(settings, groups);
  return { settings, groups, files, queries, boards: boardsIn(files) };
}

/** With default settings. */
const standard = dashboards();

/** Without the prefix of the service. */
function nameOf({ uid }: Pick<DashboardJson, 'uid'>): DashboardName {
  return uid.replace(/^tamma-/, '') as DashboardName;
}

test('the files are six dashboards and their provisioning', async (t) => {
  const { files, boards } = await standard;
  t.deepEqual(
    files.map(({ path }) => path),
    [
      ...uids.map((uid) => `grafana/dashboards/${uid}.json`),
      'grafana/provisioning/datasources/tamma.yml',
      'grafana/provisioning/dashboards/tamma.yml',
    ],
  );
  t.deepEqual(
    boards.map(({ uid }) => uid),
    uids,
  );
});

test('every dashboard has a title, tags, a time range, links to the others, and deploys as annotations', async (t) => {
  const { boards } = await dashboards({ runbookUrl: 'https://runbooks.example/tamma' });
  t.is(new Set(boards.map(({ title }) => title)).size, boards.length);
  for (const { uid, tags, refresh, time, links, annotations, version, schemaVersion } of boards) {
    t.true(tags.includes('tamma'), uid);
    t.is(refresh, '30s');
    t.deepEqual(time, { from: 'now-6h', to: 'now' });
    t.is(version, 1);
    t.true(schemaVersion >= 36, uid);
    t.deepEqual(
      links.map(({ title }) => title),
      ['Dashboards', 'Runbooks'],
    );
    t.deepEqual(links[0]?.tags, ['tamma']);
    t.is(links[1]?.url, 'https://runbooks.example/tamma');
    const [deploys, starts] = annotations.list;
    t.regex(deploys?.expr ?? '', /build_info\{job=~"\$job"\}.* unless .*offset 5m/);
    t.regex(starts?.expr ?? '', /process_start_time_seconds\{job=~"\$job"\}/);
  }
});

test('runbooks within the bundle are named but not linked', async (t) => {
  const { boards } = await standard;
  for (const board of boards) {
    t.false(board.links.some(({ title }) => title === 'Runbooks'));
    const behind = panelsOf(board).find(({ title }) => title === alertOf(nameOf(board)).name);
    t.regex(behind?.description ?? '', /Runbook: runbooks\/own\.md#sample/);
    t.is(behind?.links, undefined);
  }
});

test('every panel has an id, a type, a unit, a description, a data source and named queries', async (t) => {
  const { boards } = await standard;
  for (const board of boards) {
    const all = [...board.panels, ...board.panels.flatMap(({ panels = [] }) => panels)];
    const ids = all.map(({ id }) => id);
    t.true(ids.every((id) => Number.isInteger(id) && id >= 1));
    t.is(new Set(ids).size, ids.length, `ids of ${board.uid}`);
    const panels = panelsOf(board);
    t.true(panels.length >= 5, board.uid);
    t.is(new Set(panels.map(({ title }) => title)).size, panels.length, `titles of ${board.uid}`);
    for (const panel of panels) {
      const place = `${board.uid}: ${panel.title}`;
      t.true(['timeseries', 'stat', 'gauge', 'heatmap', 'table'].includes(panel.type), place);
      t.regex(panel.description, /^\S.{15,}[.\w]$/, place);
      t.truthy(panel.fieldConfig.defaults.unit, place);
      t.deepEqual(panel.datasource, { type: 'prometheus', uid: '$' + '{datasource}' }, place);
      t.true(panel.targets.length >= 1, place);
      t.is(new Set(panel.targets.map(({ refId }) => refId)).size, panel.targets.length, place);
      for (const { expr, legendFormat, format, instant, range } of panel.targets) {
        t.truthy(expr, place);
        t.truthy(legendFormat, place);
        t.is(instant, !range, place);
        if (panel.type === 'heatmap') {
          t.is(format, 'heatmap', place);
          t.regex(expr, /^sum by \(le\) \(increase\(\w+_bucket\{.*\}\[\$__rate_interval\]\)\)$/, place);
        }
        if (panel.type === 'table') t.is(format, 'table', place);
      }
    }
  }
});

test('panels do not overlap and do not leave the grid', async (t) => {
  const { boards } = await standard;
  for (const board of boards) {
    const closed = board.panels.filter(({ collapsed }) => collapsed).map(({ panels = [] }) => panels);
    for (const level of [board.panels, ...closed]) {
      const taken = new Map<string, string>();
      for (const { title, gridPos } of level) {
        t.true(gridPos.x >= 0 && gridPos.w > 0 && gridPos.h > 0 && gridPos.x + gridPos.w <= 24, title);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            t.is(taken.get(`${x},${y}`), undefined, `${board.uid}: ${title}`);
            taken.set(`${x},${y}`, title);
          }
        }
      }
    }
  }
});

test('every variable is both defined and used', async (t) => {
  const { boards } = await standard;
  for (const board of boards) {
    const defined = board.templating.list.map(({ name }) => name);
    t.deepEqual(defined.slice(0, 2), ['datasource', 'job']);
    const used = new Set(
      [...JSON.stringify([board.panels, board.annotations]).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name),
    );
    for (const builtIn of ['__rate_interval', '__range']) used.delete(builtIn);
    t.deepEqual([...used].sort(), [...defined].sort(), board.uid);
  }
});

test('every query uses the window that Grafana chooses', async (t) => {
  const { queries } = await standard;
  for (const { panel, expression } of queries) {
    for (const [, window] of expression.matchAll(/\[([^\]]*)\]/g))
      t.true(window === '$__rate_interval' || window === '$__range', `${panel}: ${expression}`);
  }
});

test('the same settings give the same bytes', async (t) => {
  const [first, second] = await Promise.all([dashboards(), dashboards()]);
  t.deepEqual(first.files, second.files);
});

test('the returned queries are those of the files', async (t) => {
  const { boards, queries } = await standard;
  const inFiles = boards.flatMap((board) => [
    ...panelsOf(board).flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ dashboard: nameOf(board), panel: title, expression: expr })),
    ),
    ...board.annotations.list.map(({ name, expr }) => ({
      dashboard: nameOf(board),
      panel: `annotation ${name}`,
      expression: expr,
    })),
  ]);
  t.deepEqual(queries as readonly object[], inFiles);
});

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

test('provisioning has the address of Prometheus, its scrape interval, and the folder of the dashboards', async (t) => {
  const { files } = await dashboards({ prometheus: '10.0.0.7:9090', intervals: { scrapeSeconds: 90 } });
  const yaml = (kind: string): unknown =>
    parse(files.find(({ path }) => path === `grafana/provisioning/${kind}/tamma.yml`)?.content ?? '');
  t.like(yaml('datasources') as object, {
    apiVersion: 1,
    datasources: [{ type: 'prometheus', url: 'http://10.0.0.7:9090', jsonData: { timeInterval: '1m30s' } }],
  });
  t.like(yaml('dashboards') as object, {
    apiVersion: 1,
    providers: [{ type: 'file', options: { path: '/var/lib/grafana/dashboards' } }],
  });
  for (const { path, content } of files.filter(({ path }) => path.endsWith('.yml')))
    t.regex(content, /^# Generated by `tamma-metrics bundle`/, path);
});

/** The URL of a module. */
function dataUrl(source: string): string {
  return `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
}

test('without Grafana’s builders, the error has the command that installs them', async (t) => {
  const hooks = `export async function resolve(specifier, context, next) {
    if (specifier.startsWith('@grafana/')) throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(specifier, context);
  }`;
  const preload = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
  const script = `const { grafanaFiles } = await import(${JSON.stringify(compiled('lib/monitoring/dashboards/grafana-files.ts'))});
    const { bundleSettings } = await import(${JSON.stringify(compiled('lib/monitoring/settings.ts'))});
    await grafanaFiles(bundleSettings(), []).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
  const child = spawn(
    process.execPath,
    [`--import=${dataUrl(preload)}`, '--input-type=module', '--eval', script],
    { cwd: fromRoot(''), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  await once(child, 'close');
  const { code, message } = JSON.parse(stdout) as { code: string; message: string };
  t.is(code, 'ERR_METRICS_MISSING_PACKAGE');
  t.regex(
    message,
    /`@grafana\/grafana-foundation-sdk`.*npm install --save-dev @grafana\/grafana-foundation-sdk/,
  );
});
