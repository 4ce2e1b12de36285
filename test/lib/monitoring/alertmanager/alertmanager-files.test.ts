import test from 'ava';
import { parse } from 'yaml';
import { alertmanagerFiles } from '../../../../lib/monitoring/alertmanager/alertmanager-files.js';
import {
  type Receivers,
  receiverNames,
} from '../../../../lib/monitoring/alertmanager/alertmanager-receivers.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';

const filesFor = (options: BundleOptions = {}) => alertmanagerFiles(bundleSettings(options));
const textFor = (options: BundleOptions = {}): string =>
  filesFor(options).find(({ path }) => path === 'alertmanager/alertmanager.yml')?.content ?? '';

test('the default receivers read their URLs from placeholder files', (t) => {
  const files = filesFor();
  t.deepEqual(
    files.filter(({ placeholder }) => placeholder).map(({ path }) => path),
    ['pager', 'escalation', 'tickets', 'dead-mans-switch'].map(
      (name) => `alertmanager/receivers/${name}.url`,
    ),
  );
  t.true(files.some(({ path }) => path === 'alertmanager/receivers/README.md'));
  for (const { content } of files.filter(({ placeholder }) => placeholder))
    t.regex(content, /^http:\/\/127\.0\.0\.1:9095\/[a-z-]+\n$/);
  const receivers = Object.fromEntries(
    (Object.keys(receiverNames) as (keyof Receivers)[]).map((name) => [name, 'nowhere']),
  );
  t.deepEqual(
    filesFor({ receivers }).map(({ path }) => path),
    ['alertmanager/alertmanager.yml', 'alertmanager/templates/tamma.tmpl'],
  );
});

test('quiet hours can be changed and turned off', (t) => {
  const { time_intervals } = parse(
    textFor({ quietHours: { from: '09:00', to: '17:00', weekends: false, timeZone: 'Europe/Vienna' } }),
  ) as Record<string, unknown>;
  t.deepEqual(time_intervals, [
    {
      name: 'night',
      time_intervals: [{ times: [{ start_time: '09:00', end_time: '17:00' }], location: 'Europe/Vienna' }],
    },
  ]);
  t.notRegex(textFor({ quietHours: false }), /time_interval|quiet|wait until/);
});

for (const [what, options, message] of [
  [
    'an unknown receiver',
    { receivers: { pagr: 'nowhere' } as never },
    /Invalid receiver.*"pagr".*Did you mean `pager`\?/,
  ],
  [
    'a receiver without a destination',
    { receivers: { pager: {} as never } },
    /receiver `pager`.*webhookUrl.*an object/,
  ],
  [
    'a receiver with two destinations',
    { receivers: { log: { webhookUrl: 'http://a', slackUrlFile: 'b' } as never } },
    /receiver `log`.*"slackUrlFile"/,
  ],
  [
    'a webhook that is not a URL',
    { receivers: { tickets: { webhookUrl: 'hook' } } },
    /`webhookUrl` of receiver `tickets`.*"hook"/,
  ],
  [
    'an empty file name',
    { receivers: { pager: { pagerdutyKeyFile: '' } } },
    /`pagerdutyKeyFile` of receiver `pager`/,
  ],
  ['an invalid time', { quietHours: { from: '8pm' } }, /`quietHours.from`.*"8pm"/],
  ['a night without an end', { quietHours: { from: '07:00' } }, /`quietHours.to`.*other than/],
  ['an unknown time zone', { quietHours: { timeZone: 'Vienna' } }, /`quietHours.timeZone`.*"Vienna"/],
  ['an unknown option of quiet hours', { quietHours: { until: '07:00' } as never }, /`quietHours`.*"until"/],
] satisfies [string, BundleOptions, RegExp][]) {
  test(`${what} is reported with what was expected`, (t) => {
    t.throws(() => filesFor(options), { code: 'ERR_METRICS_INVALID_MONITORING', message });
  });
}
