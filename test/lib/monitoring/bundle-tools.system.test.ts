/** The bundle for Prometheus 2.42, checked with the installed promtool and amtool, and for Prometheus 3 with the newer ones. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { exampleBundleFolder } from '../../helpers/example-bundle-folder.js';
import { testWith, testWithBoth, type Version } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';
import { runTestsByAlert } from '../../helpers/tests-by-alert.js';

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

/**
 * Test files that take promtool long: they run unchanged for one alert, and for each alert with only the rules that it reads. Those of
 * the same rules with another interval run for each alert only. The rules of both bundles are the same.
 */
const slow: Readonly<Record<string, string | null>> = {
  'alerts-http': 'HttpErrors',
  'alerts-pipeline': 'RuleFailures',
  'alerts-platform': 'PlatformErrors',
  'alerts-provider': 'AiErrors',
  'alerts-provider-1h': null,
  'alerts-workflow': 'WorkflowsFailing',
  'alerts-workflow-1h': null,
  slo: 'SloHttpLatencyBurnsFast',
};

for (const path of bundles.newer.pathsIn('prometheus/tests/')) {
  const alert = slow[basename(path, '.test.yml')];
  if (alert === undefined) {
    testWithBoth(['promtool'], `${path} passes`, (t, { promtool }, version) => passes(t, promtool, version));
    continue;
  }
  if (alert !== null)
    testWith(
      ['promtool'],
      `${path} passes unchanged for ${alert}`,
      (t, { promtool }) => passes(t, promtool, 'newer', [`--run=^${alert} `]),
      'newer',
    );
  testWith(
    ['promtool'],
    `${path} passes for each alert with only the rules that it reads`,
    async (t, { promtool }) => {
      const { code, output, names } = await runTestsByAlert(t, promtool, bundles.newer.files, [path]);
      t.is(code, 0, output);
      t.is(output.match(/SUCCESS/g)?.length, names.size, output);
      t.true(names.size > 0);
      for (const [name, own] of names) t.is(own.length, 2, `${name} fires, and stays quiet`);
    },
    // slo.system.test.ts runs all tests of objectives with promtool 2.42.
    path.endsWith('/slo.test.yml') ? 'newer' : 'installed',
  );

  async function passes(
    t: ExecutionContext,
    promtool: string,
    version: Version,
    options: readonly string[] = [],
  ): Promise<void> {
    const { code, output } = await runProgram(promtool, ['test', 'rules', ...options, path], {
      cwd: bundles[version].folder,
    });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  }
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
