/** Definitions, instruments and readers that must and must not compile. Nothing here is executed. */
import { expectTypeOf } from 'expect-type';
import type { Registry } from 'prom-client';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import type { LabelsOf } from '../../lib/definition.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import { readValue } from '../../lib/testing.js';

const requests = defineCounter({
  name: 'requests_total',
  help: 'Requests.',
  labels: { model: label(), kind: label('chat', 'embed') },
});
const depth = defineGauge({ name: 'depth', help: 'Depth.' });
const seconds = defineHistogram({
  name: 'seconds',
  help: 'Durations.',
  labels: { model: label({ limit: 5 }) },
});

expectTypeOf<LabelsOf<typeof requests>>().toEqualTypeOf<{
  readonly model: string | number | boolean;
  readonly kind: 'chat' | 'embed';
}>();
expectTypeOf(sharedRegistry.prometheus).toEqualTypeOf<Registry>();

export function accepted(): void {
  const registry = new MetricsRegistry();
  const counter = registry.counter(requests);
  registry.setViews({ requests_total: { name: 'calls_total', dropLabels: ['kind'], enabled: true } });
  counter.inc({ model: 'a', kind: 'chat' });
  counter.inc({ kind: 'embed', model: 7 }, 2);
  counter.with({ model: 'a', kind: 'chat' }).inc();
  counter.labels('a', 'chat').inc(3);
  const gauge = registry.gauge(depth, {
    collect() {
      this.set(1);
    },
  });
  gauge.set(2);
  const stop = registry.histogram(seconds).startTimer({ model: 'a' });
  expectTypeOf(stop()).toBeNumber();
  registry.histogram(seconds).with({ model: 'a' }).observe(1, 10);
  expectTypeOf(readValue(registry, requests, { kind: 'chat' })).toEqualTypeOf<number | undefined>();
}

export function rejected(): void {
  const registry = new MetricsRegistry();
  const counter = registry.counter(requests);
  // @ts-expect-error a misspelt setting of a view
  registry.setViews({ requests_total: { dropLabel: ['kind'] } });
  // @ts-expect-error a missing label
  counter.inc({ model: 'a' });
  // @ts-expect-error a misspelt label
  counter.inc({ model: 'a', kimd: 'chat' });
  // @ts-expect-error a value outside the closed set
  counter.inc({ model: 'a', kind: 'talk' });
  // @ts-expect-error an object is not a label value
  counter.inc({ model: {}, kind: 'chat' });
  // @ts-expect-error a missing label of a bound series
  counter.with({ kind: 'chat' });
  // @ts-expect-error counters do not decrease
  counter.dec();
  // @ts-expect-error a gauge is not a counter
  registry.counter(depth);
  // @ts-expect-error a closed set has only strings
  label(1, 2);
  // @ts-expect-error buckets are for histograms
  defineCounter({ name: 'a_total', help: 'A.', buckets: [1] });
  // @ts-expect-error a definition needs help
  defineCounter({ name: 'a_total' });
}
