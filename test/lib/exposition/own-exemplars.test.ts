/** Exemplars of our metrics in OpenMetrics, and layouts that a scrape keeps from the one before. */
import test from 'ava';
import promClient from 'prom-client';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { createTestRegistry, type TestRegistry } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';

async function lines(registry: TestRegistry, format = openMetricsFormat): Promise<string[]> {
  return (await scrapeToString(registry, { format })).match(/^[^#].*/gm) ?? [];
}

test.serial('exemplars of counters and buckets follow their samples, with value and seconds', async (t) => {
  freezeDate(t, 1_704_067_200_250);
  const registry = createTestRegistry();
  const counter = registry.counter(defineCounter({ name: 'jobs_total', help: 'J.' }));
  counter.with({}).inc(2, { trace_id: 'x', note: 'a "b"' });
  const histogram = registry.histogram(defineHistogram({ name: 'run_seconds', help: 'R.', buckets: [1, 2] }));
  histogram.with({}).observe(1.5, 1, { trace_id: 'y' });
  histogram.with({}).observe(9, 1, { trace_id: 'z' });
  t.deepEqual(await lines(registry), [
    'jobs_total 2 # {trace_id="x",note="a \\"b\\""} 2 1704067200.25',
    'run_seconds_bucket{le="1.0"} 0',
    'run_seconds_bucket{le="2.0"} 1 # {trace_id="y"} 1.5 1704067200.25',
    'run_seconds_bucket{le="+Inf"} 2 # {trace_id="z"} 9 1704067200.25',
    'run_seconds_sum 10.5',
    'run_seconds_count 2',
  ]);
  t.notRegex(await scrapeToString(registry), /trace_id/, 'the text format has none');
});

test('a counter whose type is unknown in OpenMetrics has no exemplar there', async (t) => {
  const registry = createTestRegistry();
  const lint = { allow: ['counter-total'], why: 'an old name' } as const;
  registry
    .counter(defineCounter({ name: 'requests', help: 'R.', lint }))
    .with({})
    .inc(1, { trace_id: 'x' });
  registry.gauge(defineGauge({ name: 'level', help: 'L.' })).set(1);
  t.deepEqual(await lines(registry), ['requests 1', 'level 1']);
});

test('a counter becomes unknown when a third-party metric takes its name in OpenMetrics', async (t) => {
  const registry = createTestRegistry();
  registry.counter(defineCounter({ name: 'jobs_total', help: 'J.' })).inc();
  t.regex(await scrapeToString(registry, { format: openMetricsFormat }), /^# TYPE jobs counter$/m);
  new promClient.Gauge({ name: 'jobs', help: 'J.', registers: [registry.prometheus] });
  t.regex(await scrapeToString(registry, { format: openMetricsFormat }), /^# TYPE jobs_total unknown$/m);
});

test('a histogram whose view changes its buckets after a scrape is written with the new ones', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'run_seconds', help: 'R.', buckets: [1, 2] }));
  t.is((await lines(registry)).length, 5);
  registry.setViews({ run_seconds: { buckets: [5] } });
  t.deepEqual((await lines(registry)).slice(0, 2), [
    'run_seconds_bucket{le="5.0"} 0',
    'run_seconds_bucket{le="+Inf"} 0',
  ]);
});
