/** Panels written as a table. */
import test from 'ava';
import { defineCounter, defineGauge, defineHistogram } from '../../../../lib/define.js';
import { label } from '../../../../lib/label.js';
import { boardQueries, lines, panels, row, stat } from '../../../../lib/monitoring/dashboards/panels.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const size = defineGauge({ name: 'cache_size_bytes', help: 'Size.' });
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waiting.',
  labels: { queue: label() },
  buckets: [1],
});
const { rate, now, record, histogram } = boardQueries(['queue']);
const one = lines('short', { all: 'vector(1)' });

test('a panel has the title before its cell and the description below, on any number of lines', (t) => {
  const made = panels`
    Jobs, per second ${one}
      Jobs of ${3} queues,
      by ${'queue'}.
    Cache ${one}
      The cache.
  `;
  t.deepEqual(
    made.map(({ title, description }) => [title, description]),
    [
      ['Jobs, per second', 'Jobs of 3 queues, by queue.'],
      ['Cache', 'The cache.'],
    ],
  );
});

test('panels are included where they are written, and false includes none', (t) => {
  const cache = panels`
    Cache ${one}
      The cache.
  `;
  const made = panels`
    ${cache}
    Jobs ${one}
      Jobs.
    ${false}
    ${cache}
  `;
  t.deepEqual(
    made.map(({ title, description }) => `${title}: ${description}`),
    ['Cache: The cache.', 'Jobs: Jobs.', 'Cache: The cache.'],
  );
});

test('the width of a row applies to its panels, except for those of a histogram', (t) => {
  const { panels: made } = row('Jobs', { width: 6 })`
    Jobs ${stat(one)}
      Jobs.
    Waiting ${histogram(wait, ['queue'])}
      Waiting.
  `;
  t.deepEqual(
    made.map(({ title, kind, width }) => [title, kind, width]),
    [
      ['Jobs', 'stat', 6],
      ['Waiting: percentiles', 'timeseries', 8],
      ['Waiting: p95 by queue', 'timeseries', 8],
      ['Waiting: distribution', 'heatmap', 8],
    ],
  );
});

test('query, legend and unit follow from the definition or the record', (t) => {
  t.like(rate(jobs, ['queue']), {
    unit: 'cps',
    queries: [
      {
        legend: '{{queue}}',
        expression:
          'sum by (queue) (rate(jobs_total{job=~"$job",instance=~"$instance",queue=~"$queue"}[$__rate_interval]))',
      },
    ],
  });
  t.like(now(size), { unit: 'bytes', queries: [{ legend: 'all' }] });
  t.like(record('job_queue:jobs_failed:ratio_rate5m', ['queue']), {
    unit: 'percentunit',
    max: 1,
    queries: [{ expression: 'job_queue:jobs_failed:ratio_rate5m{job=~"$job",queue=~"$queue"}' }],
  });
  t.is(record('job:wait_seconds:p95_rate5m').unit, 's');
});
