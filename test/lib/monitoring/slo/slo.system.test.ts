/** The rules of SLOs, run by promtool: when an error budget burns, when it does not, and what remains of it. */
import test from 'ava';
import { defineCounter, defineHistogram } from '../../../../lib/define.js';
import { label } from '../../../../lib/label.js';
import { bundleParts } from '../../../../lib/monitoring/bundle-parts.js';
import { type Alert, type AlertCase, isAlert, type RuleGroup } from '../../../../lib/monitoring/model.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { burnLegs } from '../../../../lib/monitoring/slo/burn-rates.js';
import { sloGroups, slosOf } from '../../../../lib/monitoring/slo/slo.js';
import { defineSlo } from '../../../../lib/monitoring/slo/slo-definition.js';
import type { Slo } from '../../../../lib/monitoring/slo/slo-model.js';
import { testWith } from '../../../helpers/programs.js';
import { checkRules, type RuleTest, runRuleTests } from '../../../helpers/promtool.js';

const jobs = defineCounter({
  name: 'jobs_done_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label('success', 'failure') },
});
const wait = defineHistogram({
  name: 'job_wait_seconds',
  help: 'Waiting.',
  labels: { queue: label() },
  buckets: [0.5, 1, 2.5],
});
const definitions = [jobs, wait];

const failures = {
  bad: { metric: jobs, matches: { outcome: 'failure' } },
  total: { metric: jobs },
} as const;
const jobSuccess = defineSlo({ name: 'job-success', objective: 0.99, events: failures, absence: 'always' });

/** The groups of these SLOs alone. */
function groupsOf(slos: readonly Slo[], options: BundleOptions = {}): RuleGroup[] {
  const names = slos.map(({ name }) => `tamma-slo-${name}`);
  return sloGroups(bundleSettings({ definitions, slos, ...options })).filter(({ name }) =>
    names.includes(name),
  );
}

/** Successful and failed jobs per minute, for the given minutes. */
function jobsEach(success: number, failure: number, minutes: number): Record<string, string> {
  return {
    'jobs_done_total{job="tamma",queue="a",outcome="success"}': `0+${success}x${minutes}`,
    'jobs_done_total{job="tamma",queue="a",outcome="failure"}': `0+${failure}x${minutes}`,
  };
}

type Expectation = RuleTest['expect'][number];

const firing = (alertname: string, atMinutes: number): Expectation => ({
  query: `count by (alertname) (ALERTS{alertname="${alertname}",alertstate="firing"})`,
  atMinutes,
  samples: { [`{alertname="${alertname}"}`]: 1 },
});
const quiet = (alertname: string, atMinutes: number): Expectation => ({
  query: `ALERTS{alertname=~"${alertname}"}`,
  atMinutes,
  samples: {},
});
/** promtool 2.42 compares floats exactly, so PromQL compares with a tolerance. */
const near = (expression: string, value: number, atMinutes: number, tolerance = 1e-6): Expectation => ({
  query: `abs(sum(${expression}) - ${value}) < bool ${tolerance}`,
  atMinutes,
  samples: { '{}': 1 },
});

testWith(['promtool'], 'promtool accepts the rules of default and own SLOs', async (t, { promtool }) => {
  for (const intervals of [{}, { scrapeSeconds: 0.1, speedUp: 600 }]) {
    const settings = bundleSettings({ definitions, slos: [jobSuccess], intervals });
    const { passed, output } = await checkRules(t, promtool, sloGroups(settings));
    t.true(passed, output);
    t.regex(output, /SUCCESS: \d+ rules found/);
  }
});

testWith(['promtool'], 'exactly the SLOs that burn their budget fire', async (t, { promtool }) => {
  const page = 'SloJobSuccessBurnsFast';
  const ticket = 'SloJobSuccessBurnsSlowly';
  const all = 'SloJobSuccess.*';
  const tests: RuleTest[] = [
    { name: 'a fifth fails: a page', series: jobsEach(80, 20, 60), expect: [firing(page, 60)] },
    {
      name: 'four in a hundred fail: a ticket and no page',
      series: jobsEach(96, 4, 60),
      expect: [firing(ticket, 60), quiet(page, 60)],
    },
    {
      name: 'one in two hundred: within the budget',
      series: jobsEach(199, 1, 120),
      expect: [quiet(all, 120)],
    },
    {
      name: 'idle: counters stand still',
      series: {
        'jobs_done_total{job="tamma",queue="a",outcome="success"}': '500x90',
        'jobs_done_total{job="tamma",queue="a",outcome="failure"}': '400x90',
      },
      expect: [
        quiet(all, 90),
        { query: 'slo:sli_error:ratio_rate1h{slo="job-success"}', atMinutes: 90, samples: {} },
        { query: 'slo:error_budget_remaining:ratio{slo="job-success"}', atMinutes: 90, samples: {} },
      ],
    },
    {
      name: 'twelve events in six hours, all bad: too few to wake someone',
      series: {
        'jobs_done_total{job="tamma",queue="a",outcome="failure"}': Array.from(
          { length: 12 },
          (_, hour) => `${hour}x29`,
        ).join(' '),
      },
      expect: [quiet(page, 355)],
    },
    {
      name: 'no series of failures yet: nothing failed',
      series: { 'jobs_done_total{job="tamma",queue="a",outcome="success"}': '0+100x60' },
      expect: [
        quiet(all, 60),
        {
          query: 'slo:sli_error:ratio_rate1h',
          atMinutes: 60,
          samples: { 'slo:sli_error:ratio_rate1h{job="tamma",slo="job-success"}': 0 },
        },
        {
          query: 'slo:error_budget_remaining:ratio',
          atMinutes: 60,
          samples: { 'slo:error_budget_remaining:ratio{job="tamma",slo="job-success"}': 1 },
        },
      ],
    },
    {
      name: 'an hour after the trouble it is over, though the day remembers it',
      series: {
        'jobs_done_total{job="tamma",queue="a",outcome="success"}': '0+80x60 4900+100x60',
        'jobs_done_total{job="tamma",queue="a",outcome="failure"}': '0+20x60 1200x60',
      },
      expect: [firing(page, 60), quiet(page, 120)],
    },
    {
      name: 'a bad minute in two good hours: the long windows bear it',
      series: {
        'jobs_done_total{job="tamma",queue="a",outcome="success"}': '0+100x120',
        'jobs_done_total{job="tamma",queue="a",outcome="failure"}': '0x110 90x9',
      },
      expect: [quiet(page, 112), quiet(page, 115)],
    },
    {
      name: 'no series at all',
      series: { 'up{job="tamma"}': '1x60' },
      expect: [quiet(page, 60), firing('SloJobSuccessAbsent', 60)],
    },
    {
      name: 'of another service',
      series: { 'jobs_done_total{job="other",queue="a",outcome="failure"}': '0+100x60' },
      expect: [quiet(page, 60)],
    },
  ].map((one) => ({ intervalSeconds: 60, ...one }));
  const { passed, output } = await runRuleTests(t, promtool, groupsOf([jobSuccess]), tests);
  t.true(passed, output);
});

testWith(['promtool'], 'each leg fires just above its limit and not just below', async (t, { promtool }) => {
  for (const { factor, urgency } of burnLegs) {
    const leg = defineSlo({ name: 'leg', objective: 0.98, legs: [factor], events: failures });
    const alert = `SloLegBurns${urgency === 'page' ? 'Fast' : 'Slowly'}`;
    const limit = Math.round(factor * 0.02 * 1_000);
    const { passed, output } = await runRuleTests(t, promtool, groupsOf([leg]), [
      {
        name: `${factor}, above`,
        intervalSeconds: 60,
        series: jobsEach(1_000 - limit - 1, limit + 1, 60),
        expect: [firing(alert, 60)],
      },
      {
        name: `${factor}, below`,
        intervalSeconds: 60,
        series: jobsEach(1_000 - limit + 1, limit - 1, 60),
        expect: [quiet(alert, 60)],
      },
    ]);
    t.true(passed, output);
  }
});

testWith(['promtool'], 'every alert passes its own test cases', async (t, { promtool }) => {
  const own = [
    jobSuccess,
    defineSlo({
      name: 'job-good',
      objective: 0.9999,
      events: {
        good: { metric: jobs, matches: { outcome: { noneOf: ['failure'] } } },
        total: { metric: jobs },
      },
      by: ['queue'],
    }),
    defineSlo({
      name: 'queue-a-wait',
      objective: 0.95,
      latency: { metric: wait, thresholdSeconds: 1, matches: { queue: { raw: '=~"a.+"' } } },
      by: ['queue'],
      severity: { page: 'ticket' },
    }),
  ];
  // bundle-tools.system.test.ts runs those of the defaults.
  const isOwn = ({ name }: RuleGroup) => own.some((slo) => name === `tamma-slo-${slo.name}`);
  const usual = sloGroups(bundleSettings({ definitions, slos: own })).filter(isOwn);
  const fast = sloGroups(
    bundleSettings({ definitions, slos: own, intervals: { scrapeSeconds: 1, speedUp: 60 } }),
  ).filter(isOwn);
  t.is(usual.length, own.length);
  for (const group of [...usual, ...fast]) {
    const alerts = group.rules.filter(isAlert);
    // Two burn alerts, and one of absence if it is enabled.
    t.is(alerts.length, group.name.endsWith(jobSuccess.name) ? 3 : 2, group.name);
    const tests = alerts.flatMap((alert) => [
      caseOf(alert, 'fires', alert.tests.fires),
      caseOf(alert, 'quiet', alert.tests.quiet),
    ]);
    const { passed, output } = await runRuleTests(t, promtool, [group], tests);
    t.true(passed, output);
  }
});

function caseOf(alert: Alert, kind: 'fires' | 'quiet', { series, atMinutes, ...rest }: AlertCase): RuleTest {
  const samples = kind === 'quiet' ? [] : (rest.labels ?? [{}]);
  return {
    name: `${alert.name} ${kind}`,
    intervalSeconds: rest.intervalSeconds ?? 60,
    series,
    expect: [
      {
        query: `ALERTS{alertname="${alert.name}",alertstate="firing"}`,
        atMinutes,
        samples: Object.fromEntries(
          samples.map((own) => {
            const labels = {
              alertname: alert.name,
              alertstate: 'firing',
              severity: alert.severity,
              subject: alert.subject,
              ...alert.labels,
              ...own,
            };
            const text = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
            return [`ALERTS{${text.join(',')}}`, 1];
          }),
        ),
      },
    ],
  };
}

testWith(
  ['promtool'],
  'the error budget of a month is weighted by events, exact to a millionth',
  async (t, { promtool }) => {
    // Busy days of 8 hours with 1,000 jobs a minute, 2 in 1,000 bad; nights with 1 job in 10 minutes, all of them bad.
    const days = 28;
    const success: string[] = [];
    const failure: string[] = [];
    let good = 0;
    let bad = 0;
    const go = (steps: number, goodEach: number, badEach: number): void => {
      success.push(`${good + goodEach}+${goodEach}x${steps - 1}`);
      failure.push(`${bad + badEach}+${badEach}x${steps - 1}`);
      good += goodEach * steps;
      bad += badEach * steps;
    };
    // One value per half hour: 16 of the 48 values of a day are busy.
    for (let day = 0; day < days; day++) {
      go(16, 29_940, 60);
      go(32, 0, 3);
    }
    const series = {
      'jobs_done_total{job="tamma",queue="a",outcome="success"}': `0 ${success.join(' ')}`,
      'jobs_done_total{job="tamma",queue="a",outcome="failure"}': `0 ${failure.join(' ')}`,
    };
    const spent = bad / (good + bad);
    t.true(spent < 0.0025, 'an average of hours would be two thirds');
    const minutes = days * 1_440;
    const slo = 'slo="job-success"';
    // Scraped and evaluated every half an hour, rated over two: seconds of work instead of minutes.
    const groups = groupsOf([jobSuccess], { intervals: { scrapeSeconds: 1_800 } });
    const { passed, output } = await runRuleTests(
      t,
      promtool,
      groups,
      [
        {
          name: 'the month',
          intervalSeconds: 1_800,
          // The last window ends with hours without events, so that it contains every event.
          series: Object.fromEntries(
            Object.entries(series).map(([name, values]) => [
              name,
              `${values} ${name.includes('success') ? good : bad}x5`,
            ]),
          ),
          expect: [
            near(`slo:sli_error:ratio_rate30d{${slo}}`, spent, minutes + 150),
            near(`slo:error_budget_remaining:ratio{${slo}}`, 1 - spent / 0.01, minutes + 150),
            near(`slo:objective:ratio{${slo}}`, 0.99, minutes + 150),
          ],
        },
      ],
      1_800,
    );
    t.true(passed, output);
  },
);

testWith(
  ['promtool'],
  'latency objectives match buckets in the notations of Prometheus 2 and 3',
  async (t, { promtool }) => {
    const slo = defineSlo({
      name: 'wait',
      objective: 0.95,
      latency: { metric: wait, thresholdSeconds: 1 },
      by: ['queue'],
    });
    const tests = ['1', '1.0'].map(
      (le): RuleTest => ({
        name: `le="${le}"`,
        intervalSeconds: 60,
        series: {
          [`job_wait_seconds_bucket{job="tamma",queue="a",le="${le}"}`]: '0+75x60',
          'job_wait_seconds_bucket{job="tamma",queue="a",le="2.5"}': '0+100x60',
          'job_wait_seconds_count{job="tamma",queue="a"}': '0+100x60',
        },
        expect: [
          near('slo:sli_error:ratio_rate1h{queue="a",slo="wait"}', 0.25, 60),
          near('slo:burn_rate:ratio_rate1h', 5, 60),
        ],
      }),
    );
    const { passed, output } = await runRuleTests(t, promtool, groupsOf([slo]), tests);
    t.true(passed, output);
  },
);

testWith(
  ['promtool'],
  'any two of good, bad and total suffice, even when one has no series yet',
  async (t, { promtool }) => {
    const good = { metric: jobs, matches: { outcome: 'success' } } as const;
    const slos = [
      defineSlo({ name: 'by-bad', objective: 0.99, events: failures }),
      defineSlo({ name: 'by-good', objective: 0.99, events: { good, total: failures.total } }),
      defineSlo({ name: 'by-both', objective: 0.99, events: { good, bad: failures.bad } }),
    ];
    const one = (outcome: string) => ({
      [`jobs_done_total{job="tamma",queue="a",outcome="${outcome}"}`]: '0+8x30',
    });
    const expected = (value: number): Expectation[] =>
      slos.map(({ name }) => near(`slo:sli_error:ratio_rate5m{slo="${name}"}`, value, 30, 1e-12));
    const { passed, output } = await runRuleTests(t, promtool, groupsOf(slos), [
      { name: 'only good', intervalSeconds: 60, series: one('success'), expect: expected(0) },
      { name: 'only bad', intervalSeconds: 60, series: one('failure'), expect: expected(1) },
      { name: 'both', intervalSeconds: 60, series: jobsEach(3, 1, 30), expect: expected(0.25) },
    ]);
    t.true(passed, output);
  },
);

test('speedUp shortens windows and `for` durations, and keeps names', (t) => {
  const [usual] = groupsOf([jobSuccess]);
  const [fast] = groupsOf([jobSuccess], { intervals: { scrapeSeconds: 0.2, speedUp: 360 } });
  const names = (group: RuleGroup | undefined) =>
    group?.rules.map((rule) => (isAlert(rule) ? rule.name : rule.record));
  t.deepEqual(names(fast), names(usual));
  const hour = (group: RuleGroup | undefined) =>
    group?.rules.find((rule) => !isAlert(rule) && rule.record === 'slo:sli_error:ratio_rate1h')?.expression;
  t.regex(hour(usual) ?? '', /\[1h\]/);
  t.regex(hour(fast) ?? '', /\[10s\]/);
  t.is(usual?.intervalSeconds, 60);
  t.is(fast?.intervalSeconds, 0.2);
  const holds = (group: RuleGroup | undefined) =>
    group?.rules.filter(isAlert).map(({ forSeconds }) => forSeconds);
  t.deepEqual(holds(usual), [120, 900, 1_800]);
  t.deepEqual(
    holds(fast),
    [120, 900, 1_800].map((seconds) => seconds / 360),
  );
});

test('a user’s SLO replaces the default one with the same name', (t) => {
  const own = defineSlo({ name: 'issue-success', objective: 0.99, events: failures });
  const slos = slosOf(bundleSettings({ include: bundleParts, definitions, slos: [own] }));
  t.deepEqual(
    slos.filter(({ name }) => name === 'issue-success').map(({ objective }) => objective),
    [0.99],
  );
  t.is(slos.length, slosOf(bundleSettings()).length);
});
