import test from 'ava';
import { defineGauge } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readSamples, readText, readValue } from '../../../lib/testing.js';

const plain = defineGauge({ name: 'depth', help: 'Depth.' });
const labelled = defineGauge({ name: 'running', help: 'Running.', labels: { kind: label() } });

test('inc, dec and set work unlabelled, labelled and bound', (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(plain);
  gauge.inc();
  gauge.inc(4);
  gauge.dec();
  gauge.dec(0.5);
  t.is(readValue(registry, plain), 3.5);
  gauge.set(-2);
  t.is(readValue(registry, plain), -2);

  const byKind = registry.gauge(labelled);
  byKind.inc({ kind: 'a' });
  byKind.inc({ kind: 'a' }, 4);
  byKind.dec({ kind: 'a' });
  byKind.dec({ kind: 'a' }, 2);
  t.is(readValue(registry, labelled, { kind: 'a' }), 2);
  byKind.set({ kind: 'a' }, 0);
  t.is(readValue(registry, labelled, { kind: 'a' }), 0, '0 is a value');
  const bound = byKind.with({ kind: 'b' });
  bound.inc();
  bound.set(9);
  bound.dec(2);
  t.is(readValue(registry, labelled, { kind: 'b' }), 7);
});

test('setToCurrentTime sets seconds since 1970', (t) => {
  const registry = createTestRegistry();
  const before = Date.now() / 1000;
  registry.gauge(plain).setToCurrentTime();
  registry.gauge(labelled).setToCurrentTime({ kind: 'a' });
  registry.gauge(labelled).with({ kind: 'b' }).setToCurrentTime();
  const after = Date.now() / 1000;
  for (const value of [
    readValue(registry, plain),
    readValue(registry, labelled, { kind: 'a' }),
    readValue(registry, labelled, { kind: 'b' }),
  ]) {
    t.true(value !== undefined && value >= before && value <= after);
  }
});

test('startTimer sets and returns the seconds since, with labels from the start or the end', (t) => {
  const registry = createTestRegistry();
  const seconds = registry.gauge(labelled).startTimer()({ kind: 'a' });
  t.true(seconds >= 0 && seconds < 5);
  t.is(readValue(registry, labelled, { kind: 'a' }), seconds);
  const fromStart = registry.gauge(labelled).startTimer({ kind: 'c' })();
  t.is(readValue(registry, labelled, { kind: 'c' }), fromStart);
  const bound = registry.gauge(labelled).with({ kind: 'b' }).startTimer()();
  t.is(readValue(registry, labelled, { kind: 'b' }), bound);
});

for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '5' as never, undefined as never]) {
  test(`setting ${String(value)} (${typeof value}) is an error and changes no series`, async (t) => {
    const registry = createTestRegistry();
    const gauge = registry.gauge(labelled);
    const bound = gauge.with({ kind: 'bound' });
    bound.set(7);
    const expected = {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: /value of gauge `running`: expected a finite number, received/,
    };
    t.throws(() => gauge.set({ kind: 'new' }, value), expected);
    t.throws(() => bound.set(value), expected);
    if (value !== undefined) {
      t.throws(() => gauge.inc({ kind: 'new' }, value), { code: 'ERR_METRICS_INVALID_VALUE' });
      t.throws(() => gauge.dec({ kind: 'new' }, value), { code: 'ERR_METRICS_INVALID_VALUE' });
      t.throws(() => bound.inc(value), { code: 'ERR_METRICS_INVALID_VALUE' });
      t.throws(() => bound.dec(value), { code: 'ERR_METRICS_INVALID_VALUE' });
    }
    t.deepEqual(await readSamples(registry, labelled), [{ labels: { kind: 'bound' }, value: 7 }]);
  });
}

test('a removed bound gauge is exposed again after a recording', (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(labelled);
  const bound = gauge.with({ kind: 'a' });
  for (const [act, expected] of [
    [() => bound.inc(), 1],
    [() => bound.dec(), -1],
    [() => bound.set(5), 5],
  ] as const) {
    gauge.reset();
    act();
    t.is(readValue(registry, labelled, { kind: 'a' }), expected);
  }
});

test('all collect functions, sync and async, run at each scrape', async (t) => {
  const registry = createTestRegistry();
  let scrapes = 0;
  const gauge = registry.gauge(plain, {
    async collect() {
      await Promise.resolve();
      this.set(++scrapes);
    },
  });
  const stop = gauge.addCollect((instrument) => {
    registry.gauge(labelled).set({ kind: 'seen' }, instrument.series.size);
  });
  t.regex(await readText(registry), /^depth 1$/m);
  t.regex(await registry.prometheus.metrics(), /^depth 2$/m);
  t.is(readValue(registry, labelled, { kind: 'seen' }), 1);
  registry.gauge(labelled).reset();
  stop();
  t.regex(await readText(registry), /^depth 3$/m);
  t.deepEqual(await readSamples(registry, labelled), []);
});

test('a collect option that is not a function is an error', (t) => {
  const registry = createTestRegistry();
  t.throws(() => registry.gauge(plain, { collect: 5 as never }), {
    code: 'ERR_METRICS_INVALID_COLLECTOR',
    message: /`depth`: expected a function, received 5/,
  });
});

test('a scrape waits for the slowest collect function, and for none if all are synchronous', async (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(plain);
  t.is(gauge.collect(), undefined);
  gauge.addCollect(() => gauge.set(1));
  t.is(gauge.collect(), undefined);
  gauge.addCollect(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    gauge.set(2);
  });
  gauge.addCollect(async () => {});
  t.deepEqual((await gauge.get()).values, [{ value: 2, labels: {} }]);
});

test('optional labels may be absent', (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(labelled);
  for (const absent of [undefined, null]) {
    gauge.inc(absent as never, 4);
    gauge.dec(absent as never, 1);
  }
  t.is(readValue(registry, labelled), 6);
  t.throws(() => gauge.set(1 as never, 2), { code: 'ERR_METRICS_INVALID_VALUE' });
});
