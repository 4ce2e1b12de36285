import test from 'ava';
import { PrometheusMetricsCollector } from '../../lib/collector.js';
import { defineCounter } from '../../lib/define.js';
import { definitionOf, type PlainMetricDefinition } from '../../lib/plain-definition.js';
import { createTestRegistry, readText } from '../../lib/testing.js';

const plain: PlainMetricDefinition[] = [
  { name: 'jobs_total', type: 'counter', help: 'Jobs.', labels: ['queue', 'kind'] },
  { name: 'jobs_waiting', type: 'gauge', help: 'Jobs that wait.' },
  { name: 'job_size_bytes', type: 'histogram', help: 'Size of jobs.', labels: ['queue'], buckets: [1, 10] },
  { name: 'job_age_seconds', type: 'summary', help: 'Age of jobs.', quantiles: [0.5] },
];

test('a plain definition becomes a typed one, with its labels in the given order', (t) => {
  const [counter, gauge, histogram, summary] = plain.map(definitionOf);
  t.deepEqual(Object.keys(counter?.labels ?? {}), ['queue', 'kind']);
  t.like(gauge, { type: 'gauge', labels: {} });
  t.like(histogram, { type: 'histogram', buckets: [1, 10] });
  t.like(summary, { type: 'summary', quantiles: [0.5] });
});

test('a typed definition is used unchanged', (t) => {
  const typed = defineCounter({ name: 'clicks_total', help: 'Clicks.' });
  t.is(definitionOf(typed), typed);
});

test('a collector registers both kinds, records on them and exposes them', async (t) => {
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  for (const definition of plain) collector.register(definition);
  collector.register(defineCounter({ name: 'clicks_total', help: 'Clicks.' }));
  collector.incrementCounter('jobs_total', { queue: 'a', kind: 'b' });
  collector.observeHistogram('job_size_bytes', 5, { queue: 'a' });
  const text = await readText(collector.registry);
  t.true(text.includes('jobs_total{queue="a",kind="b"} 1\n'));
  t.true(text.includes('job_size_bytes_bucket{queue="a",le="10"} 1\n'));
  t.true(text.includes('clicks_total 0\n'));
  t.throws(() => collector.register(plain[0] as PlainMetricDefinition), {
    code: 'ERR_METRICS_ALREADY_REGISTERED',
  });
});

for (const [given, message] of [
  [
    undefined,
    'Invalid `definition` of metric undefined: expected an object { name, type, help }, received undefined.',
  ],
  [
    { name: 'a', type: 'timer', help: 'A.' },
    'Invalid `type` of metric "a": expected counter, gauge, histogram or summary, received "timer".',
  ],
  [
    { name: 'a_total', type: 'counter', help: 'A.', labels: 'queue' },
    'Invalid `labels` of metric "a_total": expected a list of label names, received "queue".',
  ],
  [
    { name: 'a_total', type: 'counter', help: 'A.', buckets: [1] },
    'Invalid `buckets` of metric "a_total": expected none, since only a histogram has them, received [1].',
  ],
] as const) {
  test(`refused: ${message}`, (t) => {
    t.throws(() => definitionOf(given as never), { code: 'ERR_METRICS_INVALID_DEFINITION', message });
  });
}
