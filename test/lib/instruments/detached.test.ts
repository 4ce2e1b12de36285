/** Methods that are detached from their instrument or bound series, and the forms of a call. */
import test from 'ava';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../../lib/testing.js';

const labels = { kind: label() };
const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels });
const starts = defineCounter({ name: 'starts_total', help: 'Starts.' });
const depth = defineGauge({ name: 'depth', help: 'Depth.', labels });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.', labels, buckets: [1] });
const wait = defineHistogram({ name: 'wait_seconds', help: 'Waits.', buckets: [1] });
const sizes = defineSummary({ name: 'size_bytes', help: 'Sizes.', labels });

test('methods of instruments work detached', (t) => {
  const registry = createTestRegistry();
  const { inc } = registry.counter(calls);
  inc({ kind: 'a' });
  inc({ kind: 'a' }, 2);
  t.is(readValue(registry, calls, { kind: 'a' }), 3);
  const gauge = registry.gauge(depth);
  const { set, dec } = gauge;
  set({ kind: 'a' }, 5);
  gauge.inc({ kind: 'a' });
  dec({ kind: 'a' }, 2);
  t.is(readValue(registry, depth, { kind: 'a' }), 4);
  const { observe, startTimer } = registry.histogram(seconds);
  observe({ kind: 'a' }, 0.5);
  startTimer({ kind: 'a' })();
  t.is(readHistogram(registry, seconds, { kind: 'a' })?.count, 2);
  const { observe: observeSize, startTimer: startSize } = registry.summary(sizes);
  observeSize({ kind: 'a' }, 7);
  startSize({ kind: 'a' })();
  t.is(registry.summary(sizes).with({ kind: 'a' }).count, 2);
});

test('methods of `labels(...)` work detached, also timers with labels at their end', async (t) => {
  const registry = createTestRegistry();
  const { inc } = registry.counter(calls).labels('a');
  inc();
  inc(2);
  t.is(readValue(registry, calls, { kind: 'a' }), 3);
  const gauge = registry.gauge(depth).labels({ kind: 'a' });
  const { set, dec, setToCurrentTime, startTimer: startGauge } = gauge;
  setToCurrentTime();
  t.true((readValue(registry, depth, { kind: 'a' }) ?? 0) > 1_000_000_000);
  set(5);
  gauge.inc();
  dec(2);
  t.is(readValue(registry, depth, { kind: 'a' }), 4);
  startGauge()({ kind: 'b' });
  t.true((readValue(registry, depth, { kind: 'b' }) ?? -1) >= 0);
  const { observe, startTimer } = registry.histogram(seconds).labels('a');
  observe(0.5, 3);
  startTimer()();
  startTimer()({ kind: 'b' });
  t.is(readHistogram(registry, seconds, { kind: 'a' })?.count, 4);
  t.is(readHistogram(registry, seconds, { kind: 'b' })?.count, 1);
  const { observe: observeSize, startTimer: startSize } = registry.summary(sizes).labels('a');
  observeSize(7);
  startSize()({ kind: 'b' });
  t.deepEqual(
    (await readSamples(registry, sizes)).filter(({ metricName }) => metricName === 'size_bytes_count'),
    [
      { labels: { kind: 'a' }, value: 1, metricName: 'size_bytes_count' },
      { labels: { kind: 'b' }, value: 1, metricName: 'size_bytes_count' },
    ],
  );
});

test('the result of `labels` restarts from 0 after its series was removed', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  const { inc } = counter.labels('a');
  inc(5);
  counter.remove('a');
  inc();
  t.is(readValue(registry, calls, { kind: 'a' }), 1);
});

test('each form of `observe` accepts a weight', (t) => {
  const registry = createTestRegistry();
  const bare = registry.histogram(wait);
  bare.observe(0.5, 10);
  bare.observe(undefined as never, 0.5, 10);
  t.deepEqual(readHistogram(registry, wait)?.count, 20);
  t.is(readHistogram(registry, wait)?.sum, 10);
  const labelled = registry.histogram(seconds);
  labelled.observe({ kind: 'a' }, 0.5, 10);
  labelled.labels('a').observe(0.5, 10);
  labelled.with({ kind: 'a' }).observe(0.5, 10);
  t.is(readHistogram(registry, seconds, { kind: 'a' })?.count, 30);
  for (const weight of [0, -1, Number.NaN, '2' as never])
    t.throws(() => bare.observe(0.5, weight), { code: 'ERR_METRICS_INVALID_VALUE', message: /weight/ });
  t.throws(() => labelled.observe(Number.NaN, 1), { code: 'ERR_METRICS_INVALID_VALUE' });
  t.is(labelled.series.size, 1, 'a bad value leaves no empty series behind');
});

test('absent labels are ignored, and a second number is an error', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(starts);
  counter.inc(undefined as never, 5);
  counter.inc(null);
  t.is(readValue(registry, starts), 6);
  const gauge = registry.gauge(defineGauge({ name: 'load', help: 'Load.' }));
  const summary = registry.summary(defineSummary({ name: 'body_bytes', help: 'Bodies.' }));
  const calls: readonly (() => void)[] = [
    () => counter.inc(5, 10),
    () => gauge.set(5, 10),
    () => gauge.inc(5, 10),
    () => gauge.dec(5, 10),
    () => summary.observe(5, 10),
  ];
  for (const call of calls) {
    t.throws(call, {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: /expected one number, or labels and a number, received 5 and 10/,
    });
  }
  t.is(readValue(registry, starts), 6);
});
