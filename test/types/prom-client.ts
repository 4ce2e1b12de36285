/** Instruments where prom-client's types are asked for: what fits and what does not. Nothing here is executed. */
import { expectTypeOf } from 'expect-type';
import type * as client from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import type { MetricSnapshot } from '../../lib/instruments/instrument.js';
import { label } from '../../lib/label.js';
import { sharedRegistry } from '../../lib/registry.js';

const counter = sharedRegistry.counter(
  defineCounter({ name: 'a_total', help: 'A.', labels: { code: label(), kind: label('get', 'put') } }),
);
const bareCounter = sharedRegistry.counter(defineCounter({ name: 'b_total', help: 'B.' }));
const gauge = sharedRegistry.gauge(defineGauge({ name: 'c', help: 'C.', labels: { code: label() } }));
const histogram = sharedRegistry.histogram(
  defineHistogram({ name: 'd_seconds', help: 'D.', labels: { code: label(), kind: label('get', 'put') } }),
);
const summary = sharedRegistry.summary(
  defineSummary({ name: 'e_bytes', help: 'E.', labels: { code: label() } }),
);

export const accepted: readonly unknown[] = [
  counter satisfies client.Counter<'code' | 'kind'>,
  counter satisfies client.Counter,
  bareCounter satisfies client.Counter,
  gauge satisfies client.Gauge<'code'>,
  gauge satisfies client.Gauge,
  histogram satisfies client.Histogram<'code' | 'kind'>,
  histogram satisfies client.Histogram,
  summary satisfies client.Summary<'code'>,
  summary satisfies client.Summary,
  counter satisfies client.Metric,
];

export function registered(registry: client.Registry): void {
  registry.registerMetric(counter);
  registry.registerMetric(bareCounter);
  registry.registerMetric(gauge);
  registry.registerMetric(histogram);
  registry.registerMetric(summary);
}

export const rejected: readonly unknown[] = [
  // @ts-expect-error another label
  counter satisfies client.Counter<'path'>,
  // @ts-expect-error another label
  gauge satisfies client.Gauge<'path'>,
  // @ts-expect-error another label
  histogram satisfies client.Histogram<'path'>,
  // @ts-expect-error another label
  summary satisfies client.Summary<'path'>,
  // @ts-expect-error a counter does not go down
  counter satisfies client.Gauge<'code' | 'kind'>,
  // @ts-expect-error a gauge is not observed
  gauge satisfies client.Histogram<'code'>,
];

export async function called(): Promise<void> {
  expectTypeOf(await counter.get()).toEqualTypeOf<MetricSnapshot>();
  const { inc } = counter;
  inc({ code: 200, kind: 'get' }, 2);
  const { observe, startTimer } = histogram.labels('200', 'get');
  observe(0.2, 10);
  expectTypeOf(startTimer()()).toBeNumber();
  histogram.observe({ code: 200, kind: 'get' }, 0.2, 10);
  histogram.observe(0.2, 10);
  const exemplarLabels = { trace_id: 'a' };
  counter.inc({ labels: { code: 200, kind: 'get' }, exemplarLabels });
  histogram.observe({ labels: { code: 200, kind: 'get' }, value: 0.2, exemplarLabels });
  histogram.startTimer({ code: 200 }, exemplarLabels)({ kind: 'get' }, exemplarLabels);
  counter.with({ code: 200, kind: 'get' }).inc(1, exemplarLabels);
  histogram.labels('200', 'get').observe(0.2, 1, () => exemplarLabels);
}

export function refused(): void {
  // @ts-expect-error missing labels
  counter.inc({});
  // @ts-expect-error a value outside the closed set
  counter.inc({ code: 200, kind: 'post' });
  // @ts-expect-error a value outside the closed set
  counter.inc({ labels: { code: 200, kind: 'post' }, exemplarLabels: { trace_id: 'a' } });
  // @ts-expect-error no value
  histogram.observe({ labels: { code: 200, kind: 'get' } });
  // @ts-expect-error two numbers, one of which would be lost
  counter.inc(5, 10);
  // @ts-expect-error a summary has no weights
  summary.observe(0.2, 10);
}
