/** Grafana's dashboards: the structure of their JSON, and their provisioning. */
import test from 'ava';
import { parse } from 'yaml';
import { panelsOf } from '../../../helpers/dashboard-json.js';
import { alertOf, dashboards, nameOf, standard, uids } from '../../../helpers/sample-dashboards.js';

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

test('every query uses `$__rate_interval` as its window', async (t) => {
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

test('the returned queries equal those of the files', async (t) => {
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
