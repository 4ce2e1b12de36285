/** Fake timers apply to all clocks of the instruments, which read no clock at import. Serial, because clocks are global. */
import { mock } from 'node:test';
import test from 'ava';
import { defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readHistogram, readText, readValue } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';

const workers = defineGauge({
  name: 'worker_load',
  help: 'Load.',
  labels: { worker: label() },
  expireAfterSeconds: 60,
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.', buckets: [1, 5] });
const sizes = defineSummary({ name: 'size_bytes', help: 'Sizes.', quantiles: [0.5], maxAgeSeconds: 60 });

test.serial('timers follow a `process.hrtime` that is replaced after import', (t) => {
  let now = 100;
  const replaced = mock.method(process, 'hrtime', () => [now, 500_000_000]);
  t.teardown(() => replaced.mock.restore());
  const registry = createTestRegistry();
  const stop = registry.histogram(seconds).startTimer();
  const stopGauge = registry.gauge(workers).labels('a').startTimer();
  now += 4;
  t.is(stop(), 4);
  t.is(stopGauge(), 4);
  t.is(readHistogram(registry, seconds)?.buckets.get(5), 1);
  t.is(readValue(registry, workers, { worker: 'a' }), 4);
});

test.serial("times of day, expiry and quantile windows follow node:test's mock timers", async (t) => {
  const pass = freezeDate(t, 1_700_000_000_000);
  const registry = createTestRegistry();
  const [gauge, summary] = [registry.gauge(workers), registry.summary(sizes)];
  gauge.setToCurrentTime({ worker: 'a' });
  t.is(readValue(registry, workers, { worker: 'a' }), 1_700_000_000);
  summary.observe(7);
  t.regex(await readText(registry), /^size_bytes\{quantile="0.5"\} 7$/m);
  pass(61_000);
  const text = await readText(registry);
  t.notRegex(text, /worker="a"/);
  t.regex(text, /^size_bytes\{quantile="0.5"\} NaN$/m);
});

test.serial('a clock that is set back stops neither expiry nor quantile windows', async (t) => {
  const registry = createTestRegistry();
  mock.timers.enable({ apis: ['Date'], now: 1_700_003_600_000 });
  t.teardown(() => mock.timers.reset());
  registry.gauge(workers).set({ worker: 'a' }, 1);
  registry.summary(sizes).observe(7);
  mock.timers.setTime(1_700_000_000_000);
  t.regex(await readText(registry), /worker="a"/);
  mock.timers.tick(61_000);
  const text = await readText(registry);
  t.notRegex(text, /worker="a"/);
  t.regex(text, /^size_bytes\{quantile="0.5"\} NaN$/m);
});
