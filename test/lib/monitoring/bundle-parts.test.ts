/** Which parts a bundle has: those that `include` names, or those that the service's own definitions and rules use. */
import test from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import { bundleParts } from '../../../lib/monitoring/bundle-parts.js';
import { type BundleOptions, bundleSettings } from '../../../lib/monitoring/settings.js';
import { defineSlo } from '../../../lib/monitoring/slo/slo.js';
import { ownAlert } from '../../helpers/user-alert.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { outcome: label('success', 'failure') },
});
const general = ['http', 'process', 'pipeline'];

for (const [what, options, parts] of [
  ['no definitions: all', {}, [...bundleParts]],
  ['definitions of its own: those of any service', { definitions: [jobs] }, general],
  ['an empty list of definitions: those of any service', { definitions: [] }, general],
  [
    'definitions of the catalogue: theirs too',
    { definitions: [jobs, catalogue.aiRequests, catalogue.webhooksReceived] },
    [...general, 'provider', 'platform'],
  ],
  [
    'an objective over the catalogue: its part too',
    {
      definitions: [],
      slos: [
        defineSlo({
          name: 'workflows',
          objective: 0.95,
          events: {
            bad: { metric: catalogue.workflowsCompleted, matches: { outcome: 'failure' } },
            total: { metric: catalogue.workflowsCompleted },
          },
        }),
      ],
    },
    [...general, 'workflow'],
  ],
  [
    'an alert that reads a histogram of the catalogue: its part too',
    {
      definitions: [],
      alerts: [{ ...ownAlert, expression: 'sum(rate(ai_request_duration_seconds_count[5m])) > 3' }],
    },
    [...general, 'provider'],
  ],
  [
    'a runbook that reads a gauge of the catalogue: its part too',
    {
      definitions: [],
      alerts: [{ ...ownAlert, runbook: { ...ownAlert.runbook, query: 'sum(queue_depth)' } }],
    },
    [...general, 'workflow'],
  ],
  [
    'a record that reads the catalogue: its part too',
    {
      definitions: [],
      recordingRules: [{ record: 'job:prs:sum', expression: 'sum by (job) (prs_merged_total)' }],
    },
    [...general, 'platform'],
  ],
  [
    'a metric of its own under a name of the catalogue: not its part',
    { definitions: [defineCounter({ name: 'errors_total', help: 'Errors of the shop.' })] },
    general,
  ],
  [
    '`include`: those, whatever is used',
    { include: ['process'], definitions: [catalogue.aiRequests] },
    ['process'],
  ],
] as const satisfies readonly (readonly [string, BundleOptions, readonly string[]])[]) {
  test(`the parts of a bundle with ${what}`, (t) => {
    t.deepEqual([...bundleSettings(options as BundleOptions).parts], [...parts]);
  });
}

test('a definition of the catalogue that its part has is no metric of its own; another is', (t) => {
  const definitions = [catalogue.aiRequests];
  t.deepEqual(bundleSettings({ definitions }).ownDefinitions, []);
  t.deepEqual(bundleSettings({ include: ['http'], definitions }).ownDefinitions, definitions);
});

for (const part of bundleParts) {
  test(`a bundle of \`${part}\` alone fits its definitions, and leaves nothing of them out`, async (t) => {
    const { files, warnings } = await generateBundle({ include: [part], config: { service: 'shop' } });
    t.deepEqual(warnings, []);
    const subjects = files.flatMap(
      ({ path }) => /^prometheus\/rules\/alerts-(\w+)\.yml$/.exec(path)?.[1] ?? [],
    );
    t.deepEqual(subjects, [...new Set(['escalation', 'targets', part])].sort());
  });
}

test('routes and inhibitions are about the parts that there are', async (t) => {
  const { files } = await generateBundle({ include: ['process'], config: { service: 'shop' } });
  const alertmanager = files.find(({ path }) => path === 'alertmanager/alertmanager.yml')?.content ?? '';
  t.notRegex(alertmanager, /Watchdog|NotificationsFailing|route=""|workflow_type|"own"|subject=~/);
  t.regex(alertmanager, /alertname!~"TargetsDown\|TargetsAbsent"$/m);
});

for (const [what, options, message] of [
  [
    'a part that there is not',
    { include: ['proces'] },
    /Invalid `include` in the monitoring bundle: expected a list of http, process, .*, received "proces"\. Did you mean `process`\?/,
  ],
  ['no list', { include: 'http' }, /expected a list of http, .*, received "http"/],
  ['no part', { include: [] }, /Invalid `include`/],
] as const) {
  test(`\`include\` with ${what} is an error`, (t) => {
    t.throws(() => bundleSettings(options as never), { code: 'ERR_METRICS_INVALID_MONITORING', message });
  });
}

test('an alert that leads to a dashboard which the parts do not have is refused', async (t) => {
  await t.throwsAsync(generateBundle({ definitions: [jobs], alerts: [{ ...ownAlert, dashboard: 'ai' }] }), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message:
      /`dashboard` of alert `JobsLost` .* expected one of overview, http, slo, pipeline, received "ai"/,
  });
});
