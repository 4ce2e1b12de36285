/** The functions for tests of users: what a call recorded, diffs of the text, and a shared registry that starts from 0. */
import test from 'ava';
import { Counted, Timed } from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { sharedRegistry } from '../../lib/registry.js';
import {
  createTestRegistry,
  expectRecorded,
  expositionDiff,
  isolateSharedRegistry,
  readValue,
} from '../../lib/testing.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { outcome: label('success', 'failure') },
});
const depth = defineGauge({ name: 'queue_depth', help: 'Waiting jobs.' });
const duration = defineHistogram({ name: 'job_duration_seconds', help: 'Durations.', buckets: [1, 10] });

test('expectRecorded returns the increase of a counter, whatever it counted before', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ outcome: 'success' }, 5);
  const recorded = await expectRecorded(registry, jobs, () =>
    registry.counter(jobs).inc({ outcome: 'success' }, 2),
  );
  t.deepEqual(recorded, [{ labels: { outcome: 'success' }, value: 2, count: undefined }]);
});

test('expectRecorded returns the new value of a gauge, and the count and sum of the observations of a histogram', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(duration).observe(3);
  const work = async (): Promise<void> => {
    registry.gauge(depth).set(7);
    registry.histogram(duration).observe(0.5);
    registry.histogram(duration).observe(4);
  };
  t.deepEqual(await expectRecorded(registry, depth, work), [{ labels: {}, value: 7, count: undefined }]);
  t.deepEqual(await expectRecorded(registry, duration, work), [{ labels: {}, value: 4.5, count: 2 }]);
});

test('expectRecorded returns a gauge whose new series has the value 0, and not one that keeps its value', async (t) => {
  const registry = createTestRegistry();
  const workers = defineGauge({ name: 'workers', help: 'Workers.', labels: { pool: label() } });
  const recorded = await expectRecorded(registry, workers, () =>
    registry.gauge(workers).set({ pool: 'a' }, 0),
  );
  t.deepEqual(recorded, [{ labels: { pool: 'a' }, value: 0, count: undefined }]);
  registry.gauge(workers).set({ pool: 'b' }, 3);
  t.deepEqual(await expectRecorded(registry, workers, () => registry.gauge(workers).set({ pool: 'b' }, 0)), [
    { labels: { pool: 'b' }, value: 0, count: undefined },
  ]);
  t.deepEqual(await expectRecorded(registry, depth, () => registry.gauge(depth).set(0)), [
    { labels: {}, value: 0, count: undefined },
  ]);
  await t.throwsAsync(
    () =>
      expectRecorded(registry, workers, () => {
        registry.gauge(workers).set({ pool: 'a' }, 0);
        registry.counter(defineCounter({ name: 'starts_total', help: 'Starts.' }));
      }),
    { code: 'ERR_METRICS_NOTHING_RECORDED', message: /It recorded nothing at all/ },
  );
});

test('expectRecorded awaits the function, and decorated methods are seen', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(jobs, { labels: { outcome: 'success' }, registry })
    @Timed(duration, { registry })
    async run(): Promise<void> {
      await Promise.resolve();
    }
  }
  const [recorded] = await expectRecorded(registry, jobs, () => new Worker().run());
  t.is(recorded.value, 1);
});

test('expectRecorded rejects if the metric did not change, and names the metrics that did', async (t) => {
  const registry = createTestRegistry();
  await t.throwsAsync(() => expectRecorded(registry, jobs, () => {}), {
    code: 'ERR_METRICS_NOTHING_RECORDED',
    message:
      'Nothing was recorded on metric `jobs_total`: expected the function to record on it, received no change. It recorded nothing at all: is it given this registry?',
  });
  await t.throwsAsync(() => expectRecorded(registry, jobs, () => registry.gauge(depth).set(3)), {
    code: 'ERR_METRICS_NOTHING_RECORDED',
    message: /It recorded on `queue_depth`\.$/,
  });
});

test('expectRecorded and expositionDiff name the argument that is missing or of another kind', async (t) => {
  const registry = createTestRegistry();
  const refused = (promise: Promise<unknown>, message: RegExp): Promise<unknown> =>
    t.throwsAsync(promise, { code: 'ERR_METRICS_INVALID_OPTION', message });
  const none = undefined as never;
  await refused(
    expectRecorded(none, jobs, () => {}),
    /`registry` of expectRecorded.*received undefined/,
  );
  await refused(
    expectRecorded(registry, 'jobs_total' as never, () => {}),
    /`definition` of expectRecorded/,
  );
  await refused(expectRecorded(registry, jobs, none), /`run` of expectRecorded: expected a function/);
  await refused(
    expositionDiff(none, () => {}),
    /`registry` of expositionDiff/,
  );
  await refused(expositionDiff(registry, none), /`run` of expositionDiff: expected a function/);
});

test('expectRecorded rejects with the error of the function', async (t) => {
  const failure = new Error('broken');
  const thrown = await t.throwsAsync(() =>
    expectRecorded(createTestRegistry(), jobs, () => Promise.reject(failure)),
  );
  t.is(thrown, failure);
});

test('expositionDiff returns the lines that were added, changed or removed', async (t) => {
  const registry = createTestRegistry();
  registry.gauge(depth).set(1);
  const diff = await expositionDiff(registry, () => {
    registry.gauge(depth).set(2);
    registry.counter(jobs).inc({ outcome: 'failure' });
  });
  t.deepEqual(diff.split('\n').sort(), [
    '+ # HELP jobs_total Jobs.',
    '+ # TYPE jobs_total counter',
    '+ jobs_total{outcome="failure"} 1',
    '+ queue_depth 2',
    '- queue_depth 1',
  ]);
  t.is(await expositionDiff(registry, () => {}), '');
});

test.serial('isolateSharedRegistry resets the shared registry before and after a test', (t) => {
  const counter = sharedRegistry.counter(jobs);
  t.teardown(() => sharedRegistry.remove(jobs.name));
  counter.inc({ outcome: 'success' });
  const after = isolateSharedRegistry();
  t.is(readValue(sharedRegistry, jobs, { outcome: 'success' }), undefined);
  counter.inc({ outcome: 'success' });
  t.is(readValue(sharedRegistry, jobs, { outcome: 'success' }), 1);
  after();
  t.is(readValue(sharedRegistry, jobs, { outcome: 'success' }), undefined);
});
