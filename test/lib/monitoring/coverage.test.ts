/** Whether each metric and each alert is looked at. */
import test from 'ava';
import { defineCounter, defineHistogram, label } from '../../../lib/definition.js';
import { coverageOf, coverageText } from '../../../lib/monitoring/coverage.js';
import { expressionReader } from '../../../lib/monitoring/expression-checks.js';
import { knownSeries } from '../../../lib/monitoring/known-series.js';
import type { Alert, PanelQuery, RuleGroup } from '../../../lib/monitoring/model.js';
import { promqlParser } from '../../../lib/monitoring/promql.js';
import { bundleSettings } from '../../../lib/monitoring/settings.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const wait = defineHistogram({ name: 'wait_seconds', help: 'Waiting.' });
const unseen = defineCounter({ name: 'unseen_total', help: 'Nobody looks.' });

const jobsFail: Alert = {
  name: 'JobsFail',
  subject: 'own',
  severity: 'page',
  expression: 'job:jobs:rate5m > 1',
  forSeconds: 60,
  summary: 'Jobs fail',
  description: '{{ $value }}',
  dashboard: 'tamma-overview',
  runbook: { meaning: 'They fail.', query: 'job:jobs:rate5m', causes: [], actions: [] },
  tests: {
    fires: { series: { 'jobs_total{queue="a"}': '0+600x9' }, atMinutes: 9 },
    quiet: { series: { 'jobs_total{queue="a"}': '0x9' }, atMinutes: 9 },
  },
};

function coverage(alerts: readonly Alert[], queries: readonly PanelQuery[]) {
  const settings = bundleSettings({ definitions: [jobs, wait, unseen] });
  const groups: RuleGroup[] = [
    {
      name: 'own',
      file: 'own',
      rules: [{ record: 'job:jobs:rate5m', expression: 'sum by (job) (rate(jobs_total[5m]))' }, ...alerts],
    },
  ];
  const parse = promqlParser();
  const read = expressionReader(knownSeries(settings, groups, parse), parse);
  return coverageOf({ ...settings, definitions: settings.ownDefinitions }, groups, queries, read);
}

const panel = (expression: string): PanelQuery => ({
  dashboard: 'tamma-overview',
  panel: 'Work',
  expression,
});

test('a metric is looked at by a record, an alert or a panel; one that nothing reads is told of', (t) => {
  const { metrics, gaps } = coverage([], [panel('rate(wait_seconds_count[$__rate_interval])')]);
  t.deepEqual(metrics, [
    { metric: 'jobs_total', isOwn: true, panels: [], records: ['job:jobs:rate5m'], alerts: [] },
    { metric: 'wait_seconds', isOwn: true, panels: ['tamma-overview: Work'], records: [], alerts: [] },
    { metric: 'unseen_total', isOwn: true, panels: [], records: [], alerts: [] },
  ]);
  t.deepEqual(gaps, ['Metric `unseen_total` has no panel, no rule and no alert.']);
});

test("an alert's panel is one of its dashboard that shows what it reads, through records too", (t) => {
  for (const expression of ['job:jobs:rate5m', 'sum(jobs_total)'])
    t.deepEqual(coverage([jobsFail], [panel(expression)]).alerts, [
      {
        alert: 'JobsFail',
        runbook: 'own.md#jobsfail',
        hasTests: true,
        panels: ['Work'],
        readsNothing: false,
      },
    ]);
  const elsewhere: PanelQuery = { ...panel('sum(jobs_total)'), dashboard: 'tamma-ai' };
  for (const queries of [[], [elsewhere], [panel('wait_seconds_sum')]])
    t.true(
      coverage([jobsFail], queries).gaps.includes(
        'Alert `JobsFail` has no panel on its dashboard that shows what it reads.',
      ),
    );
});

test('an alert that reads nothing needs no panel', (t) => {
  const { gaps } = coverage([{ ...jobsFail, name: 'Watchdog', expression: 'vector(1)' }], []);
  t.false(gaps.some((gap) => gap.includes('Watchdog')));
});

test('an alert of a program without types may lack a runbook and tests: both are told of', (t) => {
  const { runbook, tests, ...bare } = jobsFail;
  t.truthy(runbook);
  t.truthy(tests);
  const { gaps } = coverage([bare as Alert], [panel('sum(jobs_total)')]);
  t.true(gaps.includes('Alert `JobsFail` has no runbook.'));
  t.true(gaps.includes('Alert `JobsFail` has no test that it fires and one that it stays quiet.'));
});

test('COVERAGE.md has a row for each, and what is missing first', (t) => {
  const text = coverageText(coverage([jobsFail], [panel('sum(jobs_total)')]));
  t.true(text.includes('Missing:\n\n- Metric `wait_seconds` has no panel'));
  t.true(text.includes('| `jobs_total` (own) | tamma-overview: Work | job:jobs:rate5m |  |\n'));
  t.true(text.includes('| JobsFail | [JobsFail](runbooks/own.md#jobsfail) | fires, quiet | Work |\n'));
});
