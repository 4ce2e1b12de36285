import { stringify } from 'yaml';
import { escalationGroups } from '../../../../lib/monitoring/alerts/escalation-rules.js';
import { type Alert, type AlertCase, isAlert } from '../../../../lib/monitoring/model.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { testWith } from '../../../helpers/programs.js';
import { runProgram } from '../../../helpers/run-program.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { writeFiles } from '../../../helpers/write-files.js';

function pageUnattended(options: BundleOptions = {}): Alert {
  const rule = escalationGroups(bundleSettings(options)).flatMap(({ rules }) => rules)[0];
  if (rule === undefined || !isAlert(rule)) throw new Error('no alert');
  return rule;
}

const firing = (alertname: string, more: Record<string, string> = {}): string =>
  `ALERTS{${Object.entries({ alertname, alertstate: 'firing', service: 'tamma', severity: 'page', ...more })
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
const { fires, quiet } = pageUnattended().tests;

for (const [what, given, origins] of [
  ['its own case', fires, ['TargetsDown']],
  ['its own quiet case', quiet, []],
  [
    'two pages last, one of them with several series',
    {
      series: {
        [firing('A', { provider: 'x' })]: '1x90',
        [firing('A', { provider: 'y' })]: '1x90',
        [firing('B')]: '1x90',
      },
      atMinutes: 70,
    },
    ['A', 'B'],
  ],
  [
    'the instances of a page take turns',
    {
      series: {
        [firing('A', { provider: 'x' })]: '1x40 stale',
        [firing('A', { provider: 'y' })]: '_x30 1x60',
      },
      atMinutes: 70,
    },
    ['A'],
  ],
  ['a ticket that lasts', { series: { [firing('A', { severity: 'ticket' })]: '1x90' }, atMinutes: 70 }, []],
  [
    'a page that is pending',
    { series: { [firing('A', { alertstate: 'pending' })]: '1x90' }, atMinutes: 70 },
    [],
  ],
  [
    'a page of another service',
    { series: { [firing('A', { service: 'shop' })]: '1x90' }, atMinutes: 70 },
    [],
  ],
  [
    'an escalation',
    { series: { [firing('PageUnattended', { escalated: 'true' })]: '1x90' }, atMinutes: 70 },
    [],
  ],
] satisfies [string, AlertCase, string[]][]) {
  testWith(
    ['promtool'],
    `${what}: ${origins.length === 0 ? 'not escalated' : `${origins.join(' and ')} escalated`}`,
    async (t, { promtool }) => {
      const alert = pageUnattended();
      const folder = await temporaryFolder(t);
      const labels = { ...alert.labels, severity: alert.severity, subject: alert.subject, service: 'tamma' };
      const rule = { alert: alert.name, expr: alert.expression, for: `${alert.forSeconds}s`, labels };
      await writeFiles(folder, [
        { path: 'rules.yml', content: stringify({ groups: [{ name: 'escalation', rules: [rule] }] }) },
        {
          path: 'case.test.yml',
          content: stringify({
            rule_files: ['rules.yml'],
            evaluation_interval: '1m',
            tests: [
              {
                interval: '1m',
                input_series: Object.entries(given.series).map(([series, values]) => ({ series, values })),
                alert_rule_test: [
                  {
                    eval_time: `${given.atMinutes}m`,
                    alertname: alert.name,
                    exp_alerts: origins.map((origin) => ({ exp_labels: { ...labels, origin } })),
                  },
                ],
              },
            ],
          }),
        },
      ]);
      const { code, output } = await runProgram(promtool, ['test', 'rules', 'case.test.yml'], {
        cwd: folder,
      });
      t.is(code, 0, output);
    },
  );
}
