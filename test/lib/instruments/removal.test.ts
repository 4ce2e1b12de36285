/** Removal of series: by some of their labels, and by expiry when they are not recorded on. */
import { mock } from 'node:test';
import test from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import type { GaugeSeries } from '../../../lib/instruments/gauge.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readSamples, readText, readValue } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { until } from '../../helpers/until.js';

const labels = { tenant: label(), region: label('eu', 'us') };

test('removeWhere removes every series with the given label values', async (t) => {
  const registry = createTestRegistry();
  const calls = registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels }));
  for (const tenant of ['a', 'b', '7'])
    for (const region of ['eu', 'us'] as const) calls.inc({ tenant, region });
  t.is(calls.removeWhere({ tenant: 'a' }), 2);
  t.is(calls.removeWhere({ tenant: 7, region: 'eu' }), 1, 'a number matches its string');
  t.is(calls.removeWhere({ tenant: 'nobody' }), 0);
  calls.inc({ tenant: 'b', region: 'ap' } as never);
  t.is(calls.removeWhere({ region: 'ap' } as never), 0, 'a value outside the closed set has no series');
  t.is(calls.removeWhere({ region: 'other' } as never), 1, 'but `other`, as which it was recorded, has one');
  t.deepEqual(
    (await readSamples(registry, calls.definition)).map(({ labels: by }) => Object.values(by).join(' ')),
    ['b eu', 'b us', '7 us'],
  );
  for (const labels of [{}, undefined, null, 'b'])
    t.throws(() => calls.removeWhere(labels as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: /expected some of tenant, region with a value, received .*`reset\(\)` removes all series/,
    });
  t.is(calls.series.size, 3);
  t.throws(() => calls.removeWhere({ tenent: 'a' } as never), { code: 'ERR_METRICS_UNKNOWN_LABEL' });
});

test('removeWhere of an absent label removes the series without it', (t) => {
  const registry = createTestRegistry();
  const calls = registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels }));
  calls.inc({ tenant: '', region: 'eu' });
  calls.inc({ tenant: 'a', region: 'eu' });
  t.is(calls.removeWhere({ tenant: '' }), 1);
  t.is(readValue(registry, calls.definition, { tenant: 'a', region: 'eu' }), 1);
});

test('a removed histogram series frees its buckets, and a bound one restarts from 0', (t) => {
  const registry = createTestRegistry();
  const seconds = registry.histogram(defineHistogram({ name: 'call_seconds', help: 'Durations.', labels }));
  const bound = seconds.with({ tenant: 'a', region: 'eu' });
  bound.observe(5);
  t.is(seconds.removeWhere({ region: 'eu' }), 1);
  bound.observe(1);
  t.is(bound.sum, 1);
  t.is(seconds.series.size, 1);
});

test('a removed histogram series reads as 0', (t) => {
  const registry = createTestRegistry();
  const seconds = registry.histogram(defineHistogram({ name: 'call_seconds', help: 'Durations.', labels }));
  const bound = seconds.with({ tenant: 'a', region: 'eu' });
  bound.observe(5);
  seconds.reset();
  t.is(bound.sum, 0);
  t.is(bound.count, 0);
});

const minute = defineGauge({
  name: 'worker_load',
  help: 'Load.',
  labels: { worker: label() },
  expireAfterSeconds: 60,
});

for (const [method, record] of [
  ['inc', (series) => series.inc()],
  ['dec', (series) => series.dec()],
  ['set', (series) => series.set(7)],
] as const satisfies [string, (series: GaugeSeries) => void][]) {
  test.serial(`a series expires expireAfterSeconds after its last \`${method}\``, async (t) => {
    const advance = freezeDate(t);
    const registry = createTestRegistry();
    const series = registry.gauge(minute).with({ worker: 'a' });
    advance(50_000);
    record(series);
    advance(60_000);
    t.regex(await readText(registry), /worker="a"/, 'not before the time is over');
    advance(1);
    t.notRegex(await readText(registry), /worker="a"/);
  });

  test.serial(`\`${method}\` on an expired series records on the series that replaced it`, async (t) => {
    const advance = freezeDate(t);
    const registry = createTestRegistry();
    const workers = registry.gauge(minute);
    const expired = workers.with({ worker: 'a' });
    advance(60_001);
    await readText(registry);
    workers.set({ worker: 'a' }, 3);
    advance(50_000);
    record(expired);
    t.is(readValue(registry, minute, { worker: 'a' }), { inc: 4, dec: 2, set: 7 }[method]);
    advance(60_000);
    t.regex(await readText(registry), /worker="a"/, 'which expires after that');
    advance(1);
    t.notRegex(await readText(registry), /worker="a"/);
  });

  test.serial(
    `a series that expired is exposed again after \`${method}\`, until it expires again`,
    async (t) => {
      const advance = freezeDate(t);
      const registry = createTestRegistry();
      const series = registry.gauge(minute).with({ worker: 'a' });
      advance(60_001);
      t.notRegex(await readText(registry), /worker="a"/);
      record(series);
      advance(60_000);
      t.regex(await readText(registry), /worker="a"/);
      advance(1);
      t.notRegex(await readText(registry), /worker="a"/);
    },
  );
}

test.serial('an invalid value does not bring back an expired series', async (t) => {
  const advance = freezeDate(t);
  const registry = createTestRegistry();
  const workers = registry.gauge(minute);
  const series = workers.with({ worker: 'a' });
  advance(60_001);
  await readText(registry);
  for (const record of [series.inc, series.dec, series.set])
    t.throws(() => record.call(series, Number.NaN), { code: 'ERR_METRICS_INVALID_VALUE' });
  t.is(workers.series.size, 0);
});

test.serial('after the clock was set back, a series expires as if it had been recorded then', async (t) => {
  const advance = freezeDate(t, Date.UTC(2024, 0, 2));
  const registry = createTestRegistry();
  registry.gauge(minute).set({ worker: 'a' }, 1);
  mock.timers.setTime(Date.UTC(2024, 0, 1));
  t.regex(await readText(registry), /worker="a"/);
  advance(60_001);
  t.notRegex(await readText(registry), /worker="a"/);
});

test('a gauge with expireAfterSeconds drops idle series at a scrape', async (t) => {
  const registry = createTestRegistry();
  const workers = registry.gauge(
    defineGauge({ name: 'worker_load', help: 'Load.', labels: { worker: label() }, expireAfterSeconds: 0.2 }),
  );
  workers.set({ worker: 'gone' }, 1);
  const alive = workers.with({ worker: 'alive' });
  await until('the expiry', async () => {
    alive.inc();
    const text = await readText(registry);
    t.regex(text, /worker="alive"/);
    return text.includes('worker="gone"') ? undefined : true;
  });
  t.is(workers.series.size, 1);
  workers.set({ worker: 'gone' }, 2);
  t.regex(await readText(registry), /^worker_load\{worker="gone"\} 2$/m);
});

test('a bound series can be used after it expired', async (t) => {
  const registry = createTestRegistry();
  const workers = registry.gauge(
    defineGauge({
      name: 'worker_load',
      help: 'Load.',
      labels: { worker: label() },
      expireAfterSeconds: 0.05,
    }),
  );
  const bound = workers.with({ worker: 'a' });
  bound.set(5);
  await until('the expiry', async () =>
    (await readText(registry)).includes('worker="a"') ? undefined : true,
  );
  bound.inc(2);
  t.is(readValue(registry, workers.definition, { worker: 'a' }), 2);
  t.regex(await readText(registry), /^worker_load\{worker="a"\} 2$/m);
});

test('a recording on an expired series beyond the budget is folded once', async (t) => {
  const registry = createTestRegistry();
  const workers = registry.gauge(
    defineGauge({
      name: 'worker_load',
      help: 'Load.',
      labels: { worker: label() },
      maxSeries: 1,
      expireAfterSeconds: 60,
    }),
  );
  const bound = workers.with({ worker: 'a' });
  workers.remove({ worker: 'a' });
  workers.set({ worker: 'b' }, 1);
  for (let time = 0; time < 3; time++) bound.set(7);
  t.is(readValue(registry, workers.definition, { worker: 'other' }), 7);
  t.is(readValue(registry, catalogue.metricsSeriesFolded, { metric: 'worker_load', label: 'worker' }), 3);
});

test('expireAfter, the name of expireAfterSeconds in 0.1, still works', (t) => {
  const { expireAfterSeconds } = defineGauge({
    name: 'worker_load',
    help: 'Load.',
    labels: { worker: label() },
    expireAfter: 60,
  });
  t.is(expireAfterSeconds, 60);
});

for (const expireAfterSeconds of [0, -1, Number.NaN, '60']) {
  test(`expireAfterSeconds ${JSON.stringify(expireAfterSeconds)} is refused`, (t) => {
    t.throws(
      () =>
        defineGauge({
          name: 'worker_load',
          help: 'Load.',
          labels: { worker: label() },
          expireAfterSeconds: expireAfterSeconds as number,
        }),
      {
        code: 'ERR_METRICS_INVALID_DEFINITION',
        message:
          /`expireAfterSeconds` of metric `worker_load`: expected a positive number of seconds, received/,
      },
    );
  });
}

test('a different expireAfterSeconds under the same name is a conflict', (t) => {
  const registry = createTestRegistry();
  registry.gauge(
    defineGauge({ name: 'worker_load', help: 'Load.', labels: { worker: label() }, expireAfterSeconds: 60 }),
  );
  t.throws(
    () => registry.gauge(defineGauge({ name: 'worker_load', help: 'Load.', labels: { worker: label() } })),
    {
      code: 'ERR_METRICS_DEFINITION_CONFLICT',
    },
  );
});

test('expireAfterSeconds requires labels', (t) => {
  t.throws(() => defineGauge({ name: 'load', help: 'Load.', expireAfterSeconds: 60 }), {
    code: 'ERR_METRICS_INVALID_DEFINITION',
    message: /`expireAfterSeconds` of metric `load`: expected labels/,
  });
});
