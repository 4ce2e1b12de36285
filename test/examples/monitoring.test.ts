/** The bundle of the example: the committed files are what the command writes, and a user's own metric is all over them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { cli } from '../helpers/cli.js';
import { exampleBundle } from '../helpers/example-bundle.js';
import { fromRoot } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** Path -> content; without what `tamma-metrics up` keeps there. */
async function filesIn(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('data/'))
    .sort();
  return new Map(
    await Promise.all(files.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  );
}

const committed = await filesIn(fromRoot(exampleBundle.folder));

function read(path: string): string {
  const content = committed.get(path);
  if (content === undefined) throw new Error(`no ${path} in ${exampleBundle.folder}`);
  return content;
}

test('the committed bundle is what `tamma-metrics bundle` generates, byte for byte (`npm run docs` updates it)', async (t) => {
  const folder = join(await temporaryFolder(t), 'bundle');
  const { code, stdout, stderr } = await cli(
    ['bundle', '--config', fromRoot(exampleBundle.config), '--out', folder],
    { NODE_OPTIONS: '--import=tsx' },
  );
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
    'SloIssuesTakenSoonAbsent',
    'SloIssuesTakenSoonBurnsFast',
    'SloIssuesTakenSoonBurnsSlowly',
  ]);
});

const ownAlerts = [
  ['IssuesWaitLong', 'alerts-own', 'own'],
  ['SloIssuesTakenSoonBurnsFast', 'slo', 'slo'],
  ['SloIssuesTakenSoonBurnsSlowly', 'slo', 'slo'],
  ['SloIssuesTakenSoonAbsent', 'slo', 'slo'],
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

test("the user's own metric is on the overview, its objective on the dashboard of those, and both in the coverage", (t) => {
  const queries = (board: string): string[] =>
    [...read(`grafana/dashboards/${board}.json`).matchAll(/"expr": (".*")/g)].map(
      ([, text = '""']) => JSON.parse(text) as string,
    );
  t.true(queries('tamma-overview').some((query) => query.includes('queue_wait_seconds_bucket{')));
  t.true(queries('tamma-slo').some((query) => /slo:\w+:ratio/.test(query)));
  t.regex(read('COVERAGE.md'), /^\| `queue_wait_seconds` \(own\) \| .*tamma-overview/m);
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
