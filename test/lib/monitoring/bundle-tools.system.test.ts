import { join } from 'node:path';
import { folder, pathsIn, rules } from '../../helpers/example-bundle-folder.js';
import { testWith } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';

testWith(
  ['promtool'],
  'promtool takes the configuration, and the rules that it names',
  async (t, { promtool }) => {
    const { code, output } = await runProgram(promtool, ['check', 'config', 'prometheus/prometheus.yml'], {
      cwd: folder,
    });
    t.is(code, 0, output);
    t.true(output.includes(`SUCCESS: ${pathsIn('prometheus/rules/').length} rule files found`), output);
  },
);

testWith(['promtool'], 'promtool finds nothing to say of any rule', async (t, { promtool }) => {
  const rules = pathsIn('prometheus/rules/');
  const { code, output } = await runProgram(
    promtool,
    ['check', 'rules', '--lint=all', '--lint-fatal', ...rules],
    { cwd: folder },
  );
  t.is(code, 0, output);
  t.is(output.match(/SUCCESS/g)?.length, rules.length, output);
});

for (const path of pathsIn('prometheus/tests/')) {
  testWith(['promtool'], `${path} passes`, async (t, { promtool }) => {
    t.timeout(150_000);
    const { code, output } = await runProgram(promtool, ['test', 'rules', path], { cwd: folder });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  });
}

testWith(
  ['amtool'],
  'amtool takes the configuration of Alertmanager and its templates',
  async (t, { amtool }) => {
    const { code, output } = await runProgram(amtool, ['check-config', 'alertmanager.yml'], {
      cwd: join(folder, 'alertmanager'),
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
  testWith(['amtool'], `${alert} is routed to ${receiver}`, async (t, { amtool }) => {
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
