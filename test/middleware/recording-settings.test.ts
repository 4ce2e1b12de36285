/** The settings of `createMetrics` that apply to the registry: views, and whether it records. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { loadMetricsConfig } from '../../lib/config.js';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { createMetrics, type MetricViews } from '../../lib/index.js';
import { Histogram } from '../../lib/instruments/histogram.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readText, readValue } from '../../lib/testing.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const local = { METRICS_ENDPOINT: '127.0.0.1', METRICS_PORT: '0' };
const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

test('views of the file take precedence over views in code, metric by metric', async (t) => {
  const file = join(await temporaryFolder(t), 'views.json');
  await writeFile(file, JSON.stringify({ queue_depth: { name: 'waiting' }, jobs_total: { enabled: false } }));
  const registry = createTestRegistry();
  const views: MetricViews = {
    queue_depth: { name: 'ignored', dropLabels: ['queue_name'] },
    prs_created_total: { dropLabels: ['repository'] },
  };
  const { workflow, platform } = createMetrics(loadMetricsConfig({ METRICS_VIEWS_FILE: file }), {
    registry,
    views,
  });
  workflow.setQueueDepth('mail', 3);
  platform.recordPRCreated('github', 'acme/app');
  platform.recordPRCreated('github', 'acme/site');
  registry.counter(jobs).inc();
  const text = await readText(registry);
  t.regex(text, /^waiting\{queue_name="mail"\} 3$/m);
  t.regex(text, /^prs_created_total\{platform="github"\} 2$/m);
  t.notRegex(text, /queue_depth|jobs_total|ignored/);
});

test('createMetrics rejects an invalid view of a catalogue metric', (t) => {
  for (const [views, code] of [
    [{ queue_depth: { dropLabels: ['queue'] } }, 'ERR_METRICS_INVALID_VIEW'],
    [{ queue_depth: { buckets: [1] } }, 'ERR_METRICS_INVALID_VIEW'],
    // A name is taken once its metric is registered, which `catalogue` does immediately.
    [{ queue_depth: { name: 'pending_approvals' } }, 'ERR_METRICS_DEFINITION_CONFLICT'],
  ] as const) {
    t.like(
      t.throws(() => createMetrics({}, { registry: createTestRegistry(), views, catalogue: true })),
      { code },
    );
  }
});

for (const [title, content, message] of [
  ['is missing', undefined, /ENOENT/],
  ['is not JSON', '{', /views\.json": .*JSON/],
  [
    'has an invalid view',
    '{"jobs_total":{"drop":[]}}',
    /Unknown option `drop` of the view of metric `jobs_total`/,
  ],
] as const) {
  test(`a file of views that ${title} is an error of METRICS_VIEWS_FILE`, async (t) => {
    const file = join(await temporaryFolder(t), 'views.json');
    if (content !== undefined) await writeFile(file, content);
    const error = t.throws(() => createMetrics({ viewsFile: file }, { registry: createTestRegistry() }));
    t.like(error, { code: 'ERR_METRICS_INVALID_CONFIG' });
    t.regex(error.message, /^Invalid configuration: `METRICS_VIEWS_FILE`: expected a JSON file/);
    t.regex(error.message, message);
  });
}

test('start warns about a view of an unknown metric, with the nearest name', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs);
  const metrics = createMetrics(loadMetricsConfig(local), {
    registry,
    drainSeconds: 0,
    views: {
      job_total: { enabled: false },
      jobs_total: { name: 'work_total' },
      queue_depth: { enabled: false },
    },
  });
  await metrics.start();
  await metrics.stop();
  t.deepEqual(registry.warnings, [
    {
      code: 'METRICS_VIEW_UNUSED',
      message:
        'The view of metric "job_total" has changed nothing: expected the name of a definition, and none has been used that has it. Did you mean `jobs_total`? Views are for metrics of this package\'s definitions, by the name in the definition.',
    },
  ]);
});

test('METRICS_ENABLED=false switches the registry off permanently', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  counter.inc();
  const off = { enabled: false };
  const metrics = createMetrics(off, { registry, views: { queue_depth: { name: 'waiting' } } });
  counter.inc();
  metrics.workflow.setQueueDepth('mail', 3);
  metrics.provider.recordTokenUsage('claude', 'large', 1, 1);
  metrics.collector.incrementCounter('escalations_total', { reason: 'stuck' });
  t.is(readValue(registry, jobs), undefined);
  t.is(readValue(registry, catalogue.queueDepth, { queue_name: 'mail' }), undefined);
  t.is(await readText(registry), '');
  t.notThrows(() => createMetrics(off, { registry }));
  t.like(
    t.throws(() => createMetrics({}, { registry })),
    {
      code: 'ERR_METRICS_INVALID_OPTION',
    },
  );
});

test('METRICS_NATIVE_HISTOGRAMS=on makes the durations of the catalogue native, beside their classic buckets', (t) => {
  const registry = createTestRegistry();
  const { workflow } = createMetrics(loadMetricsConfig({ METRICS_NATIVE_HISTOGRAMS: 'on' }), { registry });
  workflow.setQueueDepth('mail', 3);
  const durations = Object.values(catalogue).filter(
    ({ type, name }) => type === 'histogram' && name.endsWith('_seconds'),
  );
  t.true(durations.length > 5);
  for (const definition of durations) {
    const instrument = registry.instrument(definition);
    if (!(instrument instanceof Histogram)) return t.fail();
    t.is(instrument.native?.schema, 3);
    t.true(instrument.buckets.length > 0);
  }
  const size = registry.instrument(catalogue.prLifetime);
  t.is(size instanceof Histogram ? size.native : 'no histogram', undefined);
});

test('histograms become native before they are recorded on, and are an error afterwards', (t) => {
  const registry = createTestRegistry();
  const wait = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    buckets: [1],
    labels: { kind: label() },
  });
  const histogram = registry.histogram(wait);
  const series = histogram.with({ kind: 'a' });
  registry.setNativeHistograms(new Map([['wait_seconds', { schema: 0 }]]));
  series.observe(3);
  t.deepEqual(series.native?.positive, new Map([[2, 1]]));
  t.notThrows(() => registry.setNativeHistograms(new Map([['wait_seconds', { schema: 0 }]])));
  t.throws(() => registry.setNativeHistograms(new Map([['wait_seconds', { schema: 1 }]])), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /Invalid native histogram `wait_seconds`: expected a histogram without observations/,
  });
  t.throws(() => registry.setNativeHistograms(new Map([['other_seconds', { schema: 9 }]])), {
    code: 'ERR_METRICS_INVALID_DEFINITION',
  });
  for (const histograms of [{ wait_seconds: {} }, ['wait_seconds'], 'wait_seconds', true])
    t.throws(() => registry.setNativeHistograms(histograms as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: /Invalid `histograms` of setNativeHistograms: expected a Map of names to options/,
    });
});
