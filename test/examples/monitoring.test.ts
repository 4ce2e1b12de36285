/** The bundle of the example: the committed files are what the command writes, and a user's own metric is all over them. */
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { command } from '../helpers/command.js';
import { exampleBundle, filesIn } from '../helpers/example-bundle.js';
import { compiled, fromRoot } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const committed = await filesIn(fromRoot(exampleBundle.folder));

function read(path: string): string {
  const content = committed.get(path);
  if (content === undefined) throw new Error(`no ${path} in ${exampleBundle.folder}`);
  return content;
}

test('the committed bundle is what `tamma-metrics bundle` generates, byte for byte (`npm run docs` updates it)', async (t) => {
  const folder = join(await temporaryFolder(t), 'bundle');
  const config = compiled(exampleBundle.config);
  const { code, stdout, stderr } = await command(['bundle', '--config', config, '--out', folder]);
  t.is(stderr, '');
  t.is(code, 0);
  t.notRegex(stdout, /^!/m, 'nothing to warn of');
  const fresh = await filesIn(folder);
  t.deepEqual([...committed.keys()], [...fresh.keys()]);
  for (const [path, content] of fresh) t.is(read(path), content, path);
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

test("the user's own objective comes out in records and alerts, with the metric it is about", (t) => {
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
  /** Of a row that is folded. */
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
  test(`${alert} has a rule, two tests and a runbook that its rule links`, (t) => {
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

test("the user's own metric is on the overview and in the coverage", (t) => {
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

test("the SLO dashboard shows the user's own objective: its budget, and each of its burn alerts", (t) => {
  const board = boardOf('tamma-slo');
  const slo = board.templating.list.find(({ name }) => name === 'slo');
  t.is(
    slo?.query?.query,
    'label_values(slo:objective:ratio{job=~"$job"}, slo)',
    'whatever the service records can be chosen',
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

test('Prometheus scrapes where the example listens', (t) => {
  const { scrape_configs } = parse(read('prometheus/prometheus.yml')) as {
    scrape_configs: { job_name: string; metrics_path: string; static_configs: { targets: string[] }[] }[];
  };
  t.like(scrape_configs[0], {
    job_name: 'tamma',
    metrics_path: '/metrics',
    static_configs: [{ targets: ['127.0.0.1:3000'] }],
  });
});
