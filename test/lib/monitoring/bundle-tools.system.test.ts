/** The bundle for Prometheus 2.42, checked with the installed promtool and amtool, and for Prometheus 3 with the newer ones. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { exampleBundleFolder } from '../../helpers/example-bundle-folder.js';
import { testWith, testWithBoth, type Version } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const bundles = {
  installed: await exampleBundleFolder('2.42'),
  newer: await exampleBundleFolder('3'),
} satisfies Record<Version, unknown>;

test.after.always(async () => {
  for (const { folder } of Object.values(bundles)) await rm(folder, { recursive: true, force: true });
});

testWithBoth(
  ['promtool'],
  'promtool accepts the configuration and finds every rule file',
  async (t, { promtool }, version) => {
    const { folder, pathsIn } = bundles[version];
    const { code, output } = await runProgram(promtool, ['check', 'config', 'prometheus/prometheus.yml'], {
      cwd: folder,
    });
    t.is(code, 0, output);
    t.true(output.includes(`SUCCESS: ${pathsIn('prometheus/rules/').length} rule files found`), output);
  },
);

testWithBoth(['promtool'], 'promtool lint finds no problem in any rule', async (t, { promtool }, version) => {
  const { folder, pathsIn } = bundles[version];
  const rules = pathsIn('prometheus/rules/');
  const { code, output } = await runProgram(
    promtool,
    ['check', 'rules', '--lint=all', '--lint-fatal', ...rules],
    { cwd: folder },
  );
  t.is(code, 0, output);
  t.is(output.match(/SUCCESS/g)?.length, rules.length, output);
});

/** The slowest. The rules of both bundles are the same; alerts.system.test.ts and slo.system.test.ts run promtool 2.42. */
const newerOnly = ['alerts-provider', 'alerts-workflow', 'alerts-platform'].map(
  (name) => `prometheus/tests/${name}.test.yml`,
);
const slo = 'prometheus/tests/slo.test.yml';

for (const path of bundles.newer.pathsIn('prometheus/tests/').filter((each) => each !== slo)) {
  const passes = async (
    t: ExecutionContext,
    { promtool }: { readonly promtool: string },
    version: Version = 'newer',
  ): Promise<void> => {
    const { code, output } = await runProgram(promtool, ['test', 'rules', path], {
      cwd: bundles[version].folder,
    });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  };
  if (newerOnly.includes(path))
    testWith(['promtool'], `${path} passes`, (t, paths) => passes(t, paths), 'newer');
  else testWithBoth(['promtool'], `${path} passes`, passes);
}

testWith(
  ['promtool'],
  `${slo} passes unchanged for one objective`,
  async (t, { promtool }) => {
    const { code, output } = await runProgram(promtool, ['test', 'rules', '--run=^SloHttpLatency', slo], {
      cwd: bundles.newer.folder,
    });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  },
  'newer',
);

testWith(
  ['promtool'],
  `${slo} passes for each objective with only the rules of that objective`,
  async (t, { promtool }) => {
    // promtool evaluates every rule for every test: without the other objectives it takes an eighth of the time.
    const contentOf = (path: string): string =>
      bundles.newer.files.find((file) => file.path === path)?.content ?? '';
    const { groups } = parse(contentOf('prometheus/rules/slo.yml')) as { groups: SloGroup[] };
    const { tests, ...file } = parse(contentOf(slo)) as { tests: { readonly name: string }[] };
    const tested: string[] = [];
    for (const group of groups) {
      const folder = await temporaryFolder(t);
      const own = tests.filter(({ name }) => group.rules.some(({ alert }) => alert === name.split(' ')[0]));
      tested.push(...own.map(({ name }) => name));
      await writeFile(join(folder, 'rules.yml'), JSON.stringify({ groups: [group] }));
      await writeFile(
        join(folder, 'slo.test.yml'),
        JSON.stringify({ ...file, rule_files: ['rules.yml'], group_eval_order: [group.name], tests: own }),
      );
      const { code, output } = await runProgram(promtool, ['test', 'rules', 'slo.test.yml'], { cwd: folder });
      t.is(code, 0, output);
      t.regex(output, /SUCCESS/);
    }
    t.deepEqual(tested.sort(), tests.map(({ name }) => name).sort());
    // Four of each of the seven objectives of every bundle, and of the example's own.
    t.is(tested.length, 32);
  },
  'newer',
);

interface SloGroup {
  readonly name: string;
  readonly rules: readonly { readonly alert?: string }[];
}

testWithBoth(
  ['amtool'],
  'amtool accepts the configuration of Alertmanager and its templates',
  async (t, { amtool }, version) => {
    const { code, output } = await runProgram(amtool, ['check-config', 'alertmanager.yml'], {
      cwd: join(bundles[version].folder, 'alertmanager'),
    });
    t.is(code, 0, output);
    t.regex(output, /5 receivers[\s\S]*1 templates\s+SUCCESS/);
  },
);

/** Alerts of the rule files, with the labels of their rules. */
for (const [alert, receiver] of [
  ['TargetsDown', 'pager'],
  ['WorkflowsFailing', 'pager'],
  ['WorkflowsFailingElevated', 'tickets'],
  ['AiErrors', 'pager'],
  ['AiErrorsElevated', 'tickets'],
  ['AiModelUnpriced', 'log'],
  ['HttpErrors', 'pager'],
  ['NotificationsFailing', 'pager'],
  ['Watchdog', 'dead-mans-switch'],
  ['PageUnattended', 'escalation'],
  ['SloIssueSuccessBurnsFast', 'pager'],
  ['SloIssueSuccessBurnsSlowly', 'tickets'],
  ['IssuesWaitLong', 'tickets'],
] as const) {
  testWithBoth(['amtool'], `${alert} is routed to ${receiver}`, async (t, { amtool }, version) => {
    const { folder, rules } = bundles[version];
    const labels = rules.find((rule) => rule.alert === alert)?.labels ?? {};
    const { code, output } = await runProgram(amtool, [
      'config',
      'routes',
      'test',
      `--config.file=${folder}/alertmanager/alertmanager.yml`,
      `--verify.receivers=${receiver}`,
      `alertname=${alert}`,
      ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    ]);
    t.is(code, 0, output);
    t.true(Object.hasOwn(labels, 'severity'), 'the rule is there');
  });
}
