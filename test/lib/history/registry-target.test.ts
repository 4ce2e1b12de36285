/** The metrics of a registry as a target of the dashboard: errors of what listens to its readings. */
import test from 'ava';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { dashboardFeed } from '../../../lib/history/dashboard-feed.js';
import { registryTarget } from '../../../lib/history/registry-target.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { manualClock } from '../../helpers/manual-clock.js';
import { until } from '../../helpers/until.js';

test('an error of a listener or a health check is counted, and ends neither the readings nor the process', async (t) => {
  const registry = createTestRegistry();
  const clock = manualClock();
  const target = registryTarget({ registry, service: 'shop', intervalSeconds: 15, maxSamples: 100, clock });
  const errors = (): number => registry.counter(metricsCollectorErrors).with({ metric: 'dashboard' }).value;
  const ending = target.onReading(() => {
    throw new Error('a listener');
  });
  let readings = 0;
  target.onReading(() => {
    readings++;
  });
  await target.readNow();
  clock.advance(15_000);
  await target.readNow();
  t.is(readings, 2);
  t.is(errors(), 2);
  ending();
  const feed = dashboardFeed({
    title: 'shop',
    targets: [{ ...target, health: () => Promise.reject(new Error('a check')) }],
    rules: [],
    run: 'a',
    now: () => clock.timestamp(),
  });
  t.teardown(() => feed.stop());
  const close = feed.connect([], () => {});
  t.teardown(close);
  await until('the error of the check', async () => (errors() > 2 ? true : undefined));
});

test('a page that cannot be connected is not counted: its target is read as if it had not come', async (t) => {
  const clock = manualClock();
  const registry = createTestRegistry();
  const target = registryTarget({ registry, service: 'shop', intervalSeconds: 15, maxSamples: 100, clock });
  const options = { title: 'shop', rules: [], run: 'a', now: () => clock.timestamp() };
  let opened = 0;
  const failing = {
    ...target,
    open: () => {
      opened++;
      throw new Error('no more timers');
    },
  };
  const feed = dashboardFeed({ ...options, targets: [target, failing] });
  t.teardown(() => feed.stop());
  t.throws(() => feed.connect([], () => {}), { message: 'no more timers' });
  t.is(opened, 1);
  await target.readNow();
  t.is(target.intervalSeconds, 15);
});
