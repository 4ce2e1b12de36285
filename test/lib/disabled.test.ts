/** A disabled registry. */

import test from 'ava';
import promClient from 'prom-client';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { PrometheusMetricsCollector } from '../../lib/collector.js';
import { defineCounter, defineGauge } from '../../lib/define.js';
import type { AnyInstrument } from '../../lib/instruments/any-instrument.js';
import { switchOff, switchOffs } from '../../lib/instruments/switch-off.js';
import { label } from '../../lib/label.js';
import { WorkflowMetrics } from '../../lib/recorders/workflow.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { createTestRegistry, readText } from '../../lib/testing.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const depth = defineGauge({ name: 'depth', help: 'Depth.' });

for (const [title, registryThat] of [
  ['created disabled', (use) => use(createTestRegistry({ enabled: false }))],
  [
    'disabled after its instruments were used',
    (use) => {
      const registry = createTestRegistry();
      use(registry);
      registry.disable();
      use(registry);
    },
  ],
] as const satisfies readonly (readonly [string, (use: (registry: MetricsRegistry) => void) => void])[]) {
  test(`a registry that is ${title} records nothing by instruments, the facade or recorders`, async (t) => {
    let used: MetricsRegistry | undefined;
    registryThat((registry) => {
      used = registry;
      registry.counter(jobs).inc({ queue: 'mail' });
      registry.gauge(depth).set(5);
      const collector = new PrometheusMetricsCollector({ registry });
      collector.incrementCounter('jobs_total', { queue: 'mail' });
      const workflow = new WorkflowMetrics({ registry });
      workflow.recordWorkflowStart({ workflowId: 1, workflowType: 'issue' });
      workflow.recordWorkflowComplete({ workflowId: 1, workflowType: 'issue' }, 3);
    });
    t.is(used?.isEnabled, false);
    t.is(await readText(used as MetricsRegistry), '');
    t.deepEqual(used?.instruments(), []);
    t.is(used?.get('jobs_total')?.type, 'counter');
    t.is((await used?.get(catalogue.workflowsStarted.name)?.get())?.values.length, 0);
  });
}

test('series and methods that were obtained before the registry was disabled do nothing', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const bound = counter.with({ queue: 'mail' });
  const { inc } = counter;
  const methods = counter.labels('mail');
  bound.inc();
  registry.disable();
  bound.inc();
  bound.inc(Number.NaN);
  methods.inc();
  inc({ queue: 'mail' });
  counter.inc({ queue: 'mail' });
  t.is(bound.value, 1, 'what it had counted');
  t.deepEqual(counter.samples(), []);
});

test('an instrument that is switched off has no series, by any look-up', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  counter.inc({ queue: 'mail' });
  registry.disable();
  const { series } = counter;
  for (const found of [
    series.find({ queue: 'mail' }),
    series.at(['mail']),
    series.unlabelled(),
    series.resolve(['mail']),
  ]) {
    found.inc();
    t.is(found.value, 0);
  }
  t.is(series.peek({ queue: 'mail' }), undefined);
  t.is(series.peekAt(['mail']), undefined);
  t.deepEqual(series.where({ queue: 'mail' }), []);
  t.is(counter.removeWhere({ queue: 'mail' }), 0);
  t.is(series.size, 0);
});

test('an invalid recording on an instrument that is switched off is no error', (t) => {
  const registry = createTestRegistry();
  const [counter, gauge] = [registry.counter(jobs), registry.gauge(depth)];
  registry.disable();
  t.notThrows(() => counter.inc({ queue: 'mail' }, Number.NaN));
  t.notThrows(() => gauge.set(Number.NaN));
  t.false('observe' in counter);
});

test('a removed metric is not registered again by a recording', async (t) => {
  const registry = createTestRegistry();
  const bound = registry.counter(jobs).with({ queue: 'mail' });
  registry.remove('jobs_total');
  registry.disable();
  bound.inc();
  registry.counter(jobs).inc({ queue: 'mail' });
  t.is(await readText(registry), '');
});

test('metrics of other libraries are not affected', async (t) => {
  const prometheus = new promClient.Registry();
  const other = new promClient.Counter({ name: 'other_total', help: 'Other.', registers: [prometheus] });
  const registry = new MetricsRegistry({ prometheus, enabled: false });
  other.inc();
  registry.counter(jobs).inc({ queue: 'mail' });
  t.regex(await registry.metrics(), /^other_total 1$/m);
  t.notRegex(await registry.metrics(), /jobs_total/);
});

test('another registry is not affected', async (t) => {
  const [on, off] = [createTestRegistry(), createTestRegistry()];
  const bound = on.counter(jobs).with({ queue: 'mail' });
  off.counter(jobs).with({ queue: 'mail' });
  off.disable();
  bound.inc();
  t.regex(await readText(on), /^jobs_total\{queue="mail"\} 1$/m);
});

test('`enabled` must be a boolean', (t) => {
  t.like(
    t.throws(() => new MetricsRegistry({ enabled: 'false' as never })),
    {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: 'Invalid `enabled` of a registry: expected true or false, received "false".',
    },
  );
});

test('an instrument is switched off once, which is counted for those that cache whether it is on', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const before = switchOffs();
  registry.disable();
  const after = switchOffs();
  t.true(after > before);
  switchOff(counter as AnyInstrument);
  t.is(switchOffs(), after);
});
