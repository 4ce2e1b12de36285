// In a process of its own: it records in the shared registry.
import test from 'ava';
import { contained, recording } from '../../decorators/contained-observer.js';
import { Counted, Timed, TracksGauge } from '../../decorators/index.js';
import { type CallObserver, ObservedCall } from '../../decorators/observed-call.js';
import { metricsRecordingErrors, metricsSeriesFolded } from '../../lib/catalogue/self.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readSamples, readValue } from '../../lib/testing.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const units = defineCounter({ name: 'units_total', help: 'Units.', labels: { queue: label() } });
const durations = defineHistogram({ name: 'job_seconds', help: 'Durations.', labels: { queue: label() } });
const running = defineGauge({ name: 'jobs_running', help: 'Jobs in progress.', labels: { queue: label() } });

for (const [what, source] of [
  [
    'throws',
    () => {
      throw new Error('broken source');
    },
  ],
  ['returns a symbol', () => Symbol('queue')],
  ['returns an object', () => ({ queue: 'mail' })],
] as const) {
  test.serial(
    `a label source that ${what} does not affect the call, is counted each time and warned about once`,
    (t) => {
      const registry = createTestRegistry();
      const queue = source as () => string;
      class Worker {
        @Timed(durations, { registry, labels: { queue } })
        @Counted(jobs, { registry, labels: { queue } })
        @TracksGauge(running, { registry, labels: { queue } })
        @Counted(units, { registry, labels: { queue }, value: () => 5 })
        run(): string {
          return 'done';
        }
      }
      const shared = { metric: 'decorated method', reason: 'recording' };
      const before = readValue(sharedRegistry, metricsRecordingErrors, shared);
      const worker = new Worker();
      t.is(worker.run(), 'done');
      t.is(worker.run(), 'done');
      t.is(readValue(sharedRegistry, metricsRecordingErrors, shared), before, 'and by its own metric only');
      t.is(
        readValue(registry, metricsRecordingErrors, { metric: 'units_total', reason: 'value' }),
        undefined,
      );
      for (const metric of ['jobs_total', 'job_seconds', 'jobs_running', 'units_total']) {
        t.is(readValue(registry, metricsRecordingErrors, { metric, reason: 'label' }), 2, metric);
        t.is(registry.warnings.filter(({ message }) => message.includes(`\`${metric}\``)).length, 1, metric);
      }
      t.is(registry.warnings[0]?.code, 'METRICS_RECORDING_FAILED');
    },
  );
}

test('an invalid value affects neither the call nor the total', async (t) => {
  const registry = createTestRegistry();
  const total = defineCounter({ name: 'units_total', help: 'Units.' });
  class Worker {
    @Counted(total, { registry, value: ({ args: [amount] }) => amount })
    async run(amount: number): Promise<number> {
      return amount;
    }
  }
  const worker = new Worker();
  for (const amount of [1, Number.NaN, -1, Number.POSITIVE_INFINITY, 2])
    t.is(await worker.run(amount), amount);
  t.is(readValue(registry, total), 3);
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'units_total', reason: 'value' }), 3);
  t.is(registry.warnings.length, 1);
});

test('an error thrown by a warning listener does not reach the caller', (t) => {
  const registry = createTestRegistry();
  Object.assign(registry.warnings, {
    push() {
      throw new Error('listener broke');
    },
  });
  class Worker {
    @Counted(jobs, {
      registry,
      labels: {
        queue: () => {
          throw new Error('broken source');
        },
      },
    })
    run(): string {
      return 'done';
    }
  }
  t.is(new Worker().run(), 'done');
});

test('a label source with a million values is folded, and the total stays exact', async (t) => {
  const registry = createTestRegistry({ maxSeries: 100 });
  let next = 0;
  class Worker {
    @Counted(jobs, { registry, labels: { queue: () => `queue-${next++}` } })
    run(): void {}
  }
  const worker = new Worker();
  for (let call = 0; call < 1_000_000; call++) worker.run();
  const samples = await readSamples(registry, jobs);
  t.true(samples.length <= 101);
  t.is(
    samples.reduce((sum, { value }) => sum + value, 0),
    1_000_000,
  );
  t.is(readValue(registry, jobs, { queue: 'other' }), 999_900);
  t.is(readValue(registry, metricsSeriesFolded, { metric: 'jobs_total', label: 'queue' }), 999_900);
  t.is(registry.warnings.length, 1);
  t.regex(
    registry.warnings[0]?.message ?? '',
    /`jobs_total` is past its budget of 100: new values of label `queue`/,
  );
});

/** An observer all of whose functions call `act`. */
const observing = (act: () => void): CallObserver => ({ start: act, firstItem: act, item: act, end: act });

/** Calls each function of an observer. */
function callAll({ start, firstItem, item, end }: CallObserver): readonly (() => unknown)[] {
  const call = new ObservedCall(undefined, [], { holder: undefined }, {});
  return [
    () => start?.(call),
    () => firstItem?.(call, undefined),
    () => item?.(call, undefined, 'item'),
    () => end?.(call, undefined),
  ];
}

test('what an observer throws does not reach the call, except the overflow of the stack', (t) => {
  const broken = contained(
    observing(() => {
      throw new TypeError('broken');
    }),
  );
  const overflowing = contained(
    observing(() => {
      throw new RangeError('Maximum call stack size exceeded');
    }),
  );
  const { depth } = recording;
  for (const call of callAll(broken)) t.is(call(), undefined);
  for (const call of callAll(overflowing)) t.throws(call, { instanceOf: RangeError });
  t.is(recording.depth, depth);
});

test('while an observer runs, the recordings that it is nested in are counted', (t) => {
  const { depth } = recording;
  const depths: number[] = [];
  for (const call of callAll(contained(observing(() => void depths.push(recording.depth))))) call();
  t.deepEqual(
    depths,
    [1, 1, 1, 1].map((more) => depth + more),
  );
  t.is(recording.depth, depth);
});

test('an observer has no more functions than before, and one that runs no user code stays as it is', (t) => {
  for (const name of ['start', 'firstItem', 'item', 'end'] as const) {
    const observer = { [name]: () => {} };
    t.deepEqual(Object.keys(contained(observer)), [name]);
  }
  const plain = { isPlain: true, end: () => {} };
  t.is(contained(plain), plain);
});

test('a function for the value that throws is counted, and the call counts nothing', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(jobs, {
      registry,
      labels: { queue: 'mail' },
      value: () => {
        throw new Error('broken');
      },
    })
    run(): string {
      return 'done';
    }
  }
  t.is(new Worker().run(), 'done');
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'value' }), 1);
  t.is(readValue(registry, jobs, { queue: 'mail' }), 0);
});
