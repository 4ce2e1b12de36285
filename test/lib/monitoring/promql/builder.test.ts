/** The PromQL builder: its scope adds selectors and grouping to the result of every method. */
import test from 'ava';
import { defineCounter, defineGauge, defineHistogram } from '../../../../lib/define.js';
import { label } from '../../../../lib/label.js';
import { jobScope, promql, variable } from '../../../../lib/monitoring/promql/builder.js';
import { bundleSettings } from '../../../../lib/monitoring/settings.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label('success', 'failure') },
});
const age = defineGauge({ name: 'age_seconds', help: 'Age.', aggregator: 'average' });
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waiting.',
  labels: { queue: label() },
  buckets: [1],
});

const rules = promql(jobScope(bundleSettings({ config: { service: 'shop' } })));
const board = promql({
  matchers: { job: variable('job'), queue: variable('queue') },
  window: '$__rate_interval',
});

test('in the scope of a job, every selector and aggregation has the job', (t) => {
  t.is(rules.selector(age), 'age_seconds{job="shop"}');
  t.is(rules.record('job:up:count', { kind: 'all' }), 'job:up:count{job="shop",kind="all"}');
  t.is(rules.sum(jobs, [], { matches: { queue: 'a' } }), 'sum by (job) (jobs_total{job="shop",queue="a"})');
  t.is(rules.rate(jobs, ['queue']), 'sum by (job, queue) (rate(jobs_total{job="shop"}[5m]))');
  t.is(
    rules.increase(wait, [], { window: 3_600 }),
    'sum by (job) (increase(wait_seconds_count{job="shop"}[1h]))',
  );
  t.is(
    rules.quantile(0.95, wait, [], { matches: { queue: 'a' } }),
    'histogram_quantile(0.95, sum by (job, le) (rate(wait_seconds_bucket{job="shop",queue="a"}[5m])))',
  );
  t.is(rules.joined('a', ['unless', ['queue'], 'b']), '(a) unless on (job, queue) (b)');
});

test('in the scope of a dashboard, a selector has the variables whose labels the metric has', (t) => {
  t.is(board.selector(age), 'age_seconds{job=~"$job"}');
  t.is(board.gauge(age), 'avg(age_seconds{job=~"$job"})');
  t.is(board.record('job:up:count'), 'job:up:count{job=~"$job"}');
  t.is(
    board.quantile(0.9, wait, ['queue']),
    'histogram_quantile(0.9, sum by (queue, le) (rate(wait_seconds_bucket{job=~"$job",queue=~"$queue"}[$__rate_interval])))',
  );
  const rate = (outcome: string) =>
    `sum(rate(jobs_total{job=~"$job",queue=~"$queue"${outcome}}[$__rate_interval]))`;
  t.is(
    board.share(jobs, { outcome: 'failure' }),
    `(${rate(',outcome="failure"')} or 0 * ${rate('')}) / (${rate('')} > 0)`,
  );
});

test('rare events include the first sample of a new series, but not of one that returns after a gap', (t) => {
  t.is(
    promql({ matchers: {}, window: '1h' }).events(jobs),
    'sum(((jobs_total unless jobs_total offset 1h unless last_over_time(jobs_total[1h] offset 1h) <= jobs_total) and on (job, instance) up offset 1h == 1) or increase(jobs_total[1h]))',
  );
});

test('grouping by a label that the metric lacks is an error', (t) => {
  t.throws(() => board.rate(jobs, ['queu']), { message: /Did you mean `queue`\?/ });
});
