/** The parts of a bundle: those in `include`, or those that the service's own definitions and rules use. */
import test from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import { bundleParts } from '../../../lib/monitoring/bundle-parts.js';
import { type BundleOptions, bundleSettings } from '../../../lib/monitoring/settings.js';
import { defineSlo } from '../../../lib/monitoring/slo/slo-definition.js';
import { ownAlert } from '../../helpers/user-alert.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { outcome: label('success', 'failure') },
});
const general = ['http', 'process', 'pipeline'];

for (const [what, options, parts] of [
  ['no definitions: all', {}, [...bundleParts]],
  ['definitions of its own: the general ones', { definitions: [jobs] }, general],
  ['an empty list of definitions: the general ones', { definitions: [] }, general],
  [
    'definitions of the catalogue: also their parts',
    { definitions: [jobs, catalogue.aiRequests, catalogue.webhooksReceived] },
    [...general, 'provider', 'platform'],
  ],
  [
    'an objective for a metric of the catalogue: also its part',
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
    'an alert that reads a histogram of the catalogue: also its part',
    {
      definitions: [],
      alerts: [{ ...ownAlert, expression: 'sum(rate(ai_request_duration_seconds_count[5m])) > 3' }],
    },
    [...general, 'provider'],
  ],
  [
    'a runbook that reads a gauge of the catalogue: also its part',
    {
      definitions: [],
      alerts: [{ ...ownAlert, runbook: { ...ownAlert.runbook, query: 'sum(queue_depth)' } }],
    },
    [...general, 'workflow'],
  ],
  [
    'a record that reads the catalogue: also its part',
    {
      definitions: [],
      recordingRules: [{ record: 'job:prs:sum', expression: 'sum by (job) (prs_merged_total)' }],
    },
    [...general, 'platform'],
  ],
  [
    'its own metric with a name of the catalogue: not that part',
    { definitions: [defineCounter({ name: 'errors_total', help: 'Errors of the shop.' })] },
    general,
  ],
  ['`include`: only those', { include: ['process'], definitions: [catalogue.aiRequests] }, ['process']],
] as const satisfies readonly (readonly [string, BundleOptions, readonly string[]])[]) {
  test(`the parts of a bundle with ${what}`, (t) => {
    t.deepEqual([...bundleSettings(options as BundleOptions).parts], [...parts]);
  });
}

test("a definition of the catalogue is the service's own unless a part has it", (t) => {
  const definitions = [catalogue.aiRequests];
  t.deepEqual(bundleSettings({ definitions }).ownDefinitions, []);
  t.deepEqual(bundleSettings({ include: ['http'], definitions }).ownDefinitions, definitions);
});

for (const part of bundleParts) {
  test(`a bundle with only \`${part}\` is valid and covers all its metrics`, async (t) => {
    const { files, warnings } = await generateBundle({ include: [part], config: { service: 'shop' } });
    t.deepEqual(warnings, []);
    const subjects = files.flatMap(
      ({ path }) => /^prometheus\/rules\/alerts-(\w+)\.yml$/.exec(path)?.[1] ?? [],
    );
    t.deepEqual(subjects, [...new Set(['escalation', 'targets', part])].sort());
  });
}

test("routes and inhibition rules only name alerts of the bundle's parts", async (t) => {
  const { files } = await generateBundle({ include: ['process'], config: { service: 'shop' } });
  const alertmanager = files.find(({ path }) => path === 'alertmanager/alertmanager.yml')?.content ?? '';
  t.notRegex(alertmanager, /Watchdog|NotificationsFailing|route=""|workflow_type|"own"|subject=~/);
  t.regex(alertmanager, /alertname!~"TargetsDown\|TargetsAbsent"$/m);
});

for (const [what, options, message] of [
  [
    'an unknown part',
    { include: ['proces'] },
    /Invalid `include` in the monitoring bundle: expected a list of http, process, .*, received "proces"\. Did you mean `process`\?/,
  ],
  ['a string', { include: 'http' }, /expected a list of http, .*, received "http"/],
  ['an empty list', { include: [] }, /Invalid `include`/],
] as const) {
  test(`\`include\` with ${what} is an error`, (t) => {
    t.throws(() => bundleSettings(options as never), { code: 'ERR_METRICS_INVALID_MONITORING', message });
  });
}

test('an alert that links to a dashboard that is not generated is invalid', async (t) => {
  await t.throwsAsync(generateBundle({ definitions: [jobs], alerts: [{ ...ownAlert, dashboard: 'ai' }] }), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message:
      /`dashboard` of alert `JobsLost` .* expected one of overview, http, slo, pipeline, received "ai"/,
  });
});
