/** The bucket sets of the configuration: to which histograms they apply, and when. */
import test from 'ava';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { PrometheusMetricsCollector } from '../../lib/collector.js';
import { defaultMetricsConfig } from '../../lib/config.js';
import type { HistogramDefinition } from '../../lib/definition.js';
import { createTestRegistry, readHistogram, readText } from '../../lib/testing.js';
import { createMetrics } from '../../middleware/create-metrics.js';

const buckets = { ...defaultMetricsConfig.buckets, duration: [1, 60], size: [100] };
const bounds = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^${name}_bucket\\{.*le="(.*)"\\}`, 'gm'))].map(([, bound = '']) => bound);

test('the default sets leave each histogram the buckets of its definition', (t) => {
  const registry = createTestRegistry();
  createMetrics({}, { registry });
  t.deepEqual(registry.histogram(catalogue.aiRequestDuration).buckets, catalogue.aiRequestDuration.buckets);
});

test('other sets apply to all histograms of the catalogue in seconds or bytes, and to no others', (t) => {
  const registry = createTestRegistry();
  createMetrics({ buckets }, { registry });
  for (const definition of Object.values(catalogue)) {
    if (definition.type !== 'histogram') continue;
    const expected = /_seconds$/.test(definition.name)
      ? buckets.duration
      : /_bytes$/.test(definition.name)
        ? buckets.size
        : definition.buckets;
    t.deepEqual(registry.histogram(definition as HistogramDefinition).buckets, expected, definition.name);
  }
});

test('an existing histogram gets new buckets if it has no observations', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(catalogue.testExecutionDuration);
  const bound = histogram.with({ test_type: 'unit', framework: 'ava' });
  t.is(bounds(await readText(registry), 'test_execution_duration_seconds').length, 17);
  createMetrics({ buckets }, { registry });
  bound.observe(2);
  t.deepEqual(bounds(await readText(registry), 'test_execution_duration_seconds'), ['1', '60', '+Inf']);
  t.deepEqual(
    [
      ...(readHistogram(registry, catalogue.testExecutionDuration, { test_type: 'unit', framework: 'ava' })
        ?.buckets ?? []),
    ],
    [
      [1, 0],
      [60, 1],
      [Number.POSITIVE_INFINITY, 1],
    ],
  );
  t.throws(() => createMetrics({ buckets: { ...buckets, duration: [5] } }, { registry }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message:
      'Invalid buckets of metric `test_execution_duration_seconds`: expected 1, 60, in which it has observations, received 5. Set buckets before anything is recorded.',
  });
});

test('a histogram that is registered by name without buckets gets those for the unit in its name', async (t) => {
  const registry = createTestRegistry();
  const throughput = [1, 2];
  const { collector } = createMetrics({ buckets: { ...buckets, throughput } }, { registry });
  for (const name of ['work_seconds', 'work_bytes', 'work_per_second']) {
    collector.registerHistogram(name, 'Work.');
    collector.observeHistogram(name, 1);
  }
  const text = await readText(registry);
  t.deepEqual(bounds(text, 'work_seconds'), ['1', '60', '+Inf']);
  t.deepEqual(bounds(text, 'work_bytes'), ['100', '+Inf']);
  t.deepEqual(bounds(text, 'work_per_second'), ['1', '2', '+Inf']);
  const plain = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  plain.registerHistogram('work_bytes', 'Work.');
  t.is(bounds(await plain.getMetrics(), 'work_bytes').length, 9);
});

test('buckets must ascend, and later changes of the array have no effect', (t) => {
  const registry = createTestRegistry();
  const name = catalogue.aiRequestDuration.name;
  for (const bounds of [[], [2, 1], [1, Number.NaN], [1, Number.POSITIVE_INFINITY]])
    t.throws(() => registry.setBuckets(new Map([[name, bounds]])), { code: 'ERR_METRICS_INVALID_BUCKETS' });
  const bounds = [1, 2];
  registry.setBuckets(new Map([[name, bounds]]));
  bounds.push(0);
  t.deepEqual(registry.histogram(catalogue.aiRequestDuration).buckets, [1, 2]);
});
