/** The bundle for Prometheus 2.42 through the installed promtool and amtool, and the one for Prometheus 3 through the newer ones. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type ExampleBundle, exampleBundleFolders } from '../../helpers/example-bundle-folder.js';
import { testWith, testWithBoth, type Version } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';

const [installed, newer] = await exampleBundleFolders('2.42', '3');
const bundles = { installed, newer } satisfies Record<Version, ExampleBundle>;

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

/** A minute of processor time together. The rules of both bundles are the same; alerts.system.test.ts and slo.system.test.ts run promtool 2.42. */
const slowest = ['slo', 'alerts-provider', 'alerts-workflow'].map(
  (name) => `prometheus/tests/${name}.test.yml`,
);

for (const path of bundles.newer.pathsIn('prometheus/tests/')) {
  const passes = async (
    t: ExecutionContext,
    { promtool }: { readonly promtool: string },
    version: Version = 'newer',
  ): Promise<void> => {
    t.timeout(150_000);
    const { code, output } = await runProgram(promtool, ['test', 'rules', path], {
      cwd: bundles[version].folder,
    });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  };
  if (slowest.includes(path))
    testWith(['promtool'], `${path} passes`, (t, paths) => passes(t, paths), 'newer');
  else testWithBoth(['promtool'], `${path} passes`, passes);
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

/** Alerts of the rule files, with the labels that stand there. */
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
