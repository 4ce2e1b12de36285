/** The example's bundle: the committed files are those that the command writes, and they cover the user's own metric. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { bundle } from '../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import { command } from '../helpers/command.js';
import { changedPaths, exampleBundle, filesIn } from '../helpers/example-bundle.js';
import { compiled, fromRoot } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const committed = new Map(
  [...(await filesIn(fromRoot(exampleBundle.folder)))].filter(([path]) => exampleBundle.isCommitted(path)),
);
const generated = new Map((await generateBundle(bundle)).files.map(({ path, content }) => [path, content]));

function read(path: string): string {
  const content = (exampleBundle.isCommitted(path) ? committed : generated).get(path);
  if (content === undefined) throw new Error(`no ${path} in ${exampleBundle.folder}`);
  return content;
}

test('the committed bundle is what `tamma-metrics bundle` generates, the dashboards by their hashes', async (t) => {
  const folder = join(await temporaryFolder(t), 'bundle');
  const config = compiled(exampleBundle.config);
  const { code, stdout, stderr } = await command(['bundle', '--config', config, '--out', folder]);
  t.is(stderr, '');
  t.is(code, 0);
  t.notRegex(stdout, /^!/m, 'no warnings');
  const fresh = await filesIn(folder);
  t.deepEqual(
    changedPaths(read('.tamma-bundle.json'), fresh.get('.tamma-bundle.json') ?? ''),
    [],
    'These files changed. If that is intended, run `npm run docs` and commit the result.',
  );
  const expected = [...fresh].filter(([path]) => exampleBundle.isCommitted(path));
  t.deepEqual(
    [...committed.keys()],
    expected.map(([path]) => path),
  );
  for (const [path, content] of expected) t.is(read(path), content, path);
});

test('no dashboard is committed', async (t) => {
  const folder = fromRoot(`${exampleBundle.folder}/grafana/dashboards`);
  t.regex(await readFile(join(folder, '.gitignore'), 'utf8'), /^\*\.json$/m);
});

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

function rulesOf(file: string): Rule[] {
  const { groups } = parse(read(`prometheus/rules/${file}.yml`)) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

test("the user's own objective has recording rules and alerts that read its metric", (t) => {
  const own = rulesOf('slo').filter(({ labels }) => labels.slo === 'issues-taken-soon');
  t.true(
    own.some(
      ({ record, expr }) =>
        record?.startsWith('slo:') === true && /queue_wait_seconds_bucket\{.*le=~?"30/.test(expr),
    ),
  );
  t.deepEqual(own.flatMap(({ alert }) => alert ?? []).sort(), [
    'SloIssuesTakenSoonBurnsFast',
    'SloIssuesTakenSoonBurnsSlowly',
  ]);
});

interface Panel {
  readonly title?: string;
  readonly targets?: readonly { readonly expr?: string }[];
  /** Of a collapsed row. */
  readonly panels?: readonly Panel[];
}

function boardOf(uid: string): {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query?: { readonly query: string } }[];
  };
} {
  return JSON.parse(read(`grafana/dashboards/${uid}.json`));
}

const ownAlerts = [
  ['IssuesWaitLong', 'alerts-own', 'own'],
  ['SloIssuesTakenSoonBurnsFast', 'slo', 'slo'],
  ['SloIssuesTakenSoonBurnsSlowly', 'slo', 'slo'],
] as const;

for (const [alert, file, subject] of ownAlerts) {
  test(`${alert} has a rule, two tests and a runbook that the rule links to`, (t) => {
    const rule = rulesOf(file).find((candidate) => candidate.alert === alert) as
      | (Rule & { readonly annotations: Readonly<Record<string, string>> })
      | undefined;
    t.is(rule?.annotations.runbook_url, `runbooks/${subject}.md#${alert.toLowerCase()}`);
    t.regex(read(`runbooks/${subject}.md`), new RegExp(`^## ${alert}$`, 'm'));
    const { tests } = parse(read(`prometheus/tests/${file}.test.yml`)) as { tests: { name: string }[] };
    const names = tests.map(({ name }) => name);
    t.true(names.includes(`${alert} fires`) && names.includes(`${alert} stays quiet`));
    t.regex(
      read('COVERAGE.md'),
      new RegExp(`^\\| ${alert} \\| \\[${alert}\\]\\(.*\\) \\| fires, quiet \\| .*\\w.* \\|$`, 'm'),
    );
  });
}

test("the user's own metric is on the overview dashboard and in COVERAGE.md", (t) => {
  t.deepEqual(
    boardOf('tamma-overview')
      .panels.filter(({ targets = [] }) =>
        targets.some(({ expr }) => expr?.includes('queue_wait_seconds_bucket{')),
      )
      .map(({ title }) => title),
    ['queue_wait_seconds: percentiles', 'queue_wait_seconds: distribution'],
  );
  t.regex(read('COVERAGE.md'), /^\| `queue_wait_seconds` \(own\) \| .*tamma-overview/m);
});

test("the SLO dashboard shows the budget and the burn alerts of the user's own objective", (t) => {
  const board = boardOf('tamma-slo');
  const slo = board.templating.list.find(({ name }) => name === 'slo');
  t.is(
    slo?.query?.query,
    'label_values(slo:objective:ratio{job=~"$job"}, slo)',
    'every recorded objective can be selected',
  );
  const expressions = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const recorded = rulesOf('slo')
    .filter(({ labels }) => labels.slo === 'issues-taken-soon')
    .map(({ record }) => record);
  for (const record of ['slo:objective:ratio', 'slo:error_budget_remaining:ratio']) {
    t.true(recorded.includes(record), record);
    t.true(expressions.includes(`${record}{job=~"$job",slo=~"$slo"}`), record);
  }
  const titles = board.panels.flatMap(({ title, panels = [] }) => [
    title,
    ...panels.map((each) => each.title),
  ]);
  for (const [alert, file] of ownAlerts) if (file === 'slo') t.true(titles.includes(alert), alert);
});

test('Prometheus scrapes the address on which the example listens', (t) => {
  const { scrape_configs } = parse(read('prometheus/prometheus.yml')) as {
    scrape_configs: { job_name: string; metrics_path: string; static_configs: { targets: string[] }[] }[];
  };
  t.like(scrape_configs[0], {
    job_name: 'tamma',
    metrics_path: '/metrics',
    static_configs: [{ targets: ['127.0.0.1:3000'] }],
  });
});
