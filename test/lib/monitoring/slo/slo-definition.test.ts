/** What `defineSlo` accepts, its result, and its error messages. */
import test from 'ava';
import fc from 'fast-check';
import { apiRequests } from '../../../../lib/catalogue/api.js';
import { aiRequestDuration } from '../../../../lib/catalogue/provider.js';
import { issuesProcessed, queueDepth } from '../../../../lib/catalogue/workflow.js';
import { defineCounter } from '../../../../lib/define.js';
import { bundleSettings } from '../../../../lib/monitoring/settings.js';
import { type BurnFactor, burnFactors, canFire } from '../../../../lib/monitoring/slo/burn-rates.js';
import { defaultSlos } from '../../../../lib/monitoring/slo/default-slos.js';
import { sloGroups, slosOf } from '../../../../lib/monitoring/slo/slo.js';
import { defineSlo } from '../../../../lib/monitoring/slo/slo-definition.js';
import type { Slo } from '../../../../lib/monitoring/slo/slo-model.js';

const events = {
  bad: { metric: issuesProcessed, matches: { outcome: 'failure' } },
  total: { metric: issuesProcessed },
} as const;
const valid = { name: 'issues', objective: 0.95, events } as const;

test('an SLO is frozen data with its defaults', (t) => {
  const slo = defineSlo(valid);
  t.true(Object.isFrozen(slo));
  t.deepEqual(slo, {
    name: 'issues',
    objective: 0.95,
    description: '',
    events: {
      bad: { metric: issuesProcessed, matches: { outcome: 'failure' } },
      total: { metric: issuesProcessed, matches: {} },
    },
    latency: undefined,
    by: [],
    windowDays: 30,
    minimumEvents: 20,
    severity: { page: 'page', ticket: 'ticket', absent: 'ticket' },
    subject: 'slo',
    legs: [14.4, 6, 3, 1],
    absence: 'never',
  });
});

test('a bundle uses an SLO of `defineSlo` unchanged, and checks any other', (t) => {
  const slo = defineSlo(valid);
  const own = (slos: readonly Slo[]) =>
    slosOf(bundleSettings({ slos })).find(({ name }) => name === 'issues');
  t.is(own([slo]), slo);
  t.deepEqual(own([valid as never]), slo);
  t.throws(() => own([{ ...slo, objective: 2 }]), { code: 'ERR_METRICS_INVALID_MONITORING' });
});

test('by default, one bad event among minimumEvents is below the fastest leg', (t) => {
  t.is(defineSlo({ ...valid, objective: 0.99 }).minimumEvents, 20);
  t.is(defineSlo({ ...valid, objective: 0.999 }).minimumEvents, 70);
  t.is(defineSlo({ ...valid, objective: 0.9999 }).minimumEvents, 695);
});

/** What is wrong -> the options and the whole message. */
const refused: Readonly<Record<string, readonly [options: object, message: string]>> = {
  'a leg that can never fire': [
    { objective: 0.9 },
    'Invalid objective of SLO `issues` in the monitoring bundle: expected 0.9306 or more for its leg 14.4 over 5m/1h, which can never fire below, received 0.9. Raise the objective, or leave the leg out: `legs: [6, 3, 1]`.',
  ],
  'two such legs': [
    { objective: 0.8 },
    'Invalid objective of SLO `issues` in the monitoring bundle: expected 0.9306 or more for its leg 14.4 over 5m/1h, which can never fire below, received 0.8. Raise the objective, or leave all such legs out: `legs: [3, 1]`.',
  ],
  'the second leg alone': [
    { objective: 0.8, legs: [6, 3] },
    'Invalid objective of SLO `issues` in the monitoring bundle: expected 0.8334 or more for its leg 6 over 30m/6h, which can never fire below, received 0.8. Raise the objective, or leave the leg out: `legs: [3]`.',
  ],
  'an objective of 100 %': [
    { objective: 1 },
    'Invalid objective of SLO `issues` in the monitoring bundle: expected a share above 0 and below 1, 0.99 for 99 %, received 1. Of 100 % there is no error budget, and every bad event would page.',
  ],
  'an objective in per cent': [
    { objective: 99 },
    'Invalid objective of SLO `issues` in the monitoring bundle: expected a share above 0 and below 1, 0.99 for 99 %, received 99.',
  ],
  'an unknown label': [
    { events: { bad: { metric: issuesProcessed, matches: { outcom: 'failure' } }, total: events.total } },
    'In `bad` of SLO `issues`: Invalid label of metric `issues_processed_total` in the monitoring bundle: expected one of provider, platform, issue_type, outcome, received "outcom". Did you mean `outcome`?',
  ],
  'a value outside of a closed set': [
    { events: { bad: { metric: issuesProcessed, matches: { outcome: 'failed' } }, total: events.total } },
    'In `bad` of SLO `issues`: Invalid value of label `outcome` of metric `issues_processed_total` in the monitoring bundle: expected one of success, failure, escalation, received "failed".',
  ],
  'a threshold that is not a bucket': [
    { events: undefined, latency: { metric: aiRequestDuration, thresholdSeconds: 30 } },
    `In \`latency\` of SLO \`issues\`: Invalid bucket of metric \`ai_request_duration_seconds\` in the monitoring bundle: expected one of its bounds (${aiRequestDuration.buckets.join(', ')}), received 30.`,
  ],
  'a latency of a counter': [
    { events: undefined, latency: { metric: issuesProcessed, thresholdSeconds: 30 } },
    'Invalid metric of `latency` of SLO `issues` in the monitoring bundle: expected a histogram, received "issues_processed_total".',
  ],
  'events of a gauge': [
    { events: { bad: { metric: queueDepth }, total: events.total } },
    'Invalid metric of `bad` of SLO `issues` in the monitoring bundle: expected a counter, or a histogram or summary whose count is read, received "gauge queue_depth".',
  ],
  'no indicator': [
    { events: undefined },
    'Invalid indicator of SLO `issues` in the monitoring bundle: expected `events` or `latency`, one of them, received undefined.',
  ],
  'half an indicator': [
    { events: { total: events.total } },
    'Invalid `events` of SLO `issues` in the monitoring bundle: expected two of `good`, `bad` and `total`, received ["total"].',
  ],
  'an unknown label to split by': [
    { by: ['providr'] },
    'In `by` of SLO `issues`: Invalid label of metric `issues_processed_total` in the monitoring bundle: expected one of provider, platform, issue_type, outcome, received "providr". Did you mean `provider`?',
  ],
  "a label that is the alert's own": [
    { events: { bad: { metric: apiRequests }, total: { metric: apiRequests } }, by: ['service'] },
    'Invalid `by` of SLO `issues` in the monitoring bundle: expected none of slo, alertname, severity, subject, service, job, instance, which are the alert\'s own, received "service". Define an SLO for each value, with `matches`.',
  ],
  'a name in another case': [
    { name: 'Issue success' },
    'Invalid name of an SLO in the monitoring bundle: expected kebab-case such as `issue-success`, received "Issue success".',
  ],
  'an unknown severity': [
    { severity: { page: 'pages' } },
    'Invalid `severity.page` of SLO `issues` in the monitoring bundle: expected one of page, ticket, info, none, received "pages". Did you mean `page`?',
  ],
  'an unknown leg': [
    { legs: [2] },
    'Invalid `legs` of SLO `issues` in the monitoring bundle: expected some of 14.4, 6, 3, 1, received [2].',
  ],
  'an invalid matcher': [
    { events: { bad: { metric: issuesProcessed, matches: { outcome: ['failure'] } }, total: events.total } },
    'Invalid `matches.outcome` of `bad` of SLO `issues` in the monitoring bundle: expected a value, `{ oneOf }`, `{ noneOf }` or `{ raw }`, received ["failure"].',
  ],
  'a budget of two days': [
    { windowDays: 2 },
    'Invalid `windowDays` of SLO `issues` in the monitoring bundle: expected a whole number of days, 7 or more, received 2.',
  ],
};

for (const [what, [options, message]] of Object.entries(refused)) {
  test(`refused: ${what}`, (t) => {
    t.throws(() => defineSlo({ ...valid, ...options } as never), {
      code: 'ERR_METRICS_INVALID_MONITORING',
      message,
    });
  });
}

test('the error of a misspelt option suggests the right one', (t) => {
  t.throws(() => defineSlo({ ...valid, objectiv: 0.9 } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /Unknown option `objectiv` of defineSlo: .* Did you mean `objective`\?/,
  });
});

test('the generation refuses an SLO that does not fit the bundle', (t) => {
  const jobs = defineCounter({ name: 'jobs_done_total', help: 'Jobs.' });
  const slo = defineSlo({
    name: 'jobs',
    objective: 0.99,
    events: { bad: { metric: jobs }, total: { metric: jobs } },
  });
  const generate = (slos: readonly Slo[], options = {}) => sloGroups(bundleSettings({ slos, ...options }));
  const code = 'ERR_METRICS_INVALID_MONITORING';
  t.throws(() => generate([slo]), {
    code,
    message:
      /^Invalid metric of SLO `jobs` .*expected one of the catalogue or of `definitions`, received "jobs_done_total"\. Add its definition to `definitions`\./,
  });
  t.throws(
    () => generate([slo], { definitions: [defineCounter({ name: 'jobs_done_total', help: 'Other jobs.' })] }),
    { code, message: /expected the bundle's counter .*"Other jobs\.".* The SLO has counter .*"Jobs\."/ },
  );
  t.throws(() => generate([slo, slo], { definitions: [jobs] }), {
    code,
    message:
      'Invalid name of an SLO in the monitoring bundle: expected one that no other SLO has, received "jobs".',
  });
  t.throws(() => generate([defineSlo({ ...valid, windowDays: 90 })]), {
    code,
    message:
      'Invalid `windowDays` of SLO `issues` in the monitoring bundle: expected 30 at most, the days that Prometheus keeps, received 90. Raise METRICS_RETENTION_DAYS.',
  });
  t.throws(() => generate([{ ...defineSlo(valid), objective: 0.5 }]), {
    code,
    message: /which can never fire below/,
  });
});

test('good and bad events that no label distinguishes are refused', (t) => {
  const slo = defineSlo({
    name: 'none',
    objective: 0.99,
    events: {
      bad: { metric: issuesProcessed, matches: { provider: { raw: '=~"a{9}(?<=b)"' } } },
      total: events.total,
    },
  });
  t.throws(() => sloGroups(bundleSettings({ slos: [slo] })), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message: /matches of SLO `none`.*`provider` of metric `issues_processed_total`.*oneOf/,
  });
});

test('for any objective, every leg can fire or the error suggests an objective and legs that can', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
      fc.subarray([...burnFactors], { minLength: 1 }),
      (objective, legs: readonly BurnFactor[]) => {
        const fires = (slo: Slo) => slo.legs.every((factor) => canFire(factor, slo.objective));
        try {
          t.true(fires(defineSlo({ ...valid, objective, legs })));
        } catch (error) {
          const { message } = error as Error;
          const least = Number(/expected ([\d.]+) or more/.exec(message)?.[1]);
          t.true(fires(defineSlo({ ...valid, objective: least, legs })), message);
          t.true(least > objective, message);
          const others = /`legs: (\[.*?\])`/.exec(message)?.[1] ?? '[]';
          if (others !== '[]') {
            t.true(
              fires(defineSlo({ ...valid, objective, legs: JSON.parse(others) as BurnFactor[] })),
              message,
            );
          }
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('all default SLOs can fire and their alerts have unique names', (t) => {
  for (const { objective, legs } of defaultSlos) t.true(legs.every((factor) => canFire(factor, objective)));
  const alerts = sloGroups(bundleSettings()).flatMap(({ rules }) =>
    rules.flatMap((rule) => ('name' in rule ? rule.name : [])),
  );
  t.is(new Set(alerts).size, alerts.length);
  t.true(alerts.includes('SloAiRequestSuccessBurnsFast'));
});

test('default budgets last no longer than the retention, and are left out below a week', (t) => {
  const windows = (retentionDays: number): string[] => [
    ...new Set(
      sloGroups(bundleSettings({ config: { retentionDays } })).flatMap(({ rules }) =>
        rules.flatMap((rule) =>
          'record' in rule ? (/^slo:sli_error:ratio_rate(\d+d)$/.exec(rule.record)?.[1] ?? []) : [],
        ),
      ),
    ),
  ];
  t.deepEqual(windows(30), ['1d', '3d', '30d']);
  t.deepEqual(windows(10), ['1d', '3d', '10d']);
  t.deepEqual(windows(3), []);
});
