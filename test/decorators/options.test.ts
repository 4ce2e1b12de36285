import test from 'ava';
import { ignoring } from '../../decorators/error-classes.js';
import { Counted, errorType, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const outcomes = label('success', 'failure', 'escalation');
const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { outcome: outcomes, error: label() },
});
const limits = defineCounter({ name: 'limits_total', help: 'Rate limits.' });
const sampled = defineHistogram({ name: 'sampled_seconds', help: 'Durations.' });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.', labels: { outcome: outcomes } });

class RateLimitError extends Error {}
class DailyLimitError extends RateLimitError {}
class NotFoundError extends Error {}

test('`errors` counts calls that ended with an error of these classes only', async (t) => {
  const registry = createTestRegistry();
  class Client {
    @Counted(limits, { registry, errors: [RateLimitError] })
    async send(error?: unknown): Promise<void> {
      if (error !== undefined) throw error;
    }
  }
  const client = new Client();
  await client.send();
  for (const error of [new RateLimitError(), new DailyLimitError(), new Error('other'), 'text'])
    await t.throwsAsync(client.send(error), { any: true });
  t.is(readValue(registry, limits), 2);
});

test('calls that end with an error in `ignore` are successes to that decorator', (t) => {
  const registry = createTestRegistry();
  class Client {
    @Counted(calls, { registry, ignore: [NotFoundError], labels: { outcome, error: errorType } })
    @Timed(seconds, { registry, labels: { outcome } })
    find(error: Error): void {
      throw error;
    }
  }
  const client = new Client();
  const missing = new NotFoundError('no such thing');
  t.throws(() => client.find(missing), { is: missing });
  t.throws(() => client.find(new RateLimitError('slow down')));
  t.is(readValue(registry, calls, { outcome: 'success', error: 'none' }), 1);
  t.is(readValue(registry, calls, { outcome: 'failure', error: 'RateLimitError' }), 1);
  t.is(
    readHistogram(registry, seconds, { outcome: 'failure' })?.count,
    2,
    'the other decorator sees failures',
  );
});

test('an observer that sees only starts has no end because of `ignore`', (t) => {
  const observer = { start: () => {} };
  t.is(ignoring(observer, [NotFoundError]), observer);
});

test('a class of `errors` or `ignore` is asked about errors only', (t) => {
  const registry = createTestRegistry();
  const asked: unknown[] = [];
  class Broad extends Error {
    static override [Symbol.hasInstance](value: unknown): boolean {
      asked.push(value);
      return true;
    }
  }
  class Client {
    @Counted(limits, { registry, errors: [Broad] })
    @Timed(seconds, { registry, ignore: [Broad], labels: { outcome } })
    send(error?: Error): void {
      if (error !== undefined) throw error;
    }
  }
  const client = new Client();
  client.send();
  t.deepEqual(asked, []);
  const error = new Error('no');
  t.throws(() => client.send(error));
  t.deepEqual(asked, [error, error]);
  t.is(readValue(registry, limits), 1);
  t.is(readHistogram(registry, seconds, { outcome: 'success' })?.count, 2);
});

test('options that are undefined are absent', (t) => {
  const absent = { name: undefined, ignore: undefined, failure: undefined, exemplar: undefined };
  for (const decorator of [Counted, Timed])
    t.notThrows(() => (decorator as (options: object) => unknown)({ ...absent, registry: undefined }));
});

for (const name of [5, '', null])
  test(`\`name\` may not be ${JSON.stringify(name)}`, (t) => {
    t.throws(() => Counted({ name } as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: `Invalid \`name\` of @Counted: expected \`Class.method\` or \`method\`, received ${JSON.stringify(name)}.`,
    });
  });

test.serial('the first call that `sample` times is a random one, so that methods do not keep step', (t) => {
  const { random } = Math;
  t.teardown(() => {
    Math.random = random;
  });
  const firstTimed = (chosen: number): number => {
    Math.random = () => chosen;
    const registry = createTestRegistry();
    class Worker {
      @Timed(sampled, { registry, sample: 10 })
      run(): void {}
    }
    const worker = new Worker();
    for (let call = 1; ; call++) {
      worker.run();
      if (readHistogram(registry, sampled)?.count === 10) return call;
    }
  };
  t.deepEqual([0, 0.5, 0.9, 0.99].map(firstTimed), [10, 5, 1, 1]);
});

test.serial('`sample: N` times one call in N with weight N; the other calls read no clock', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Timed(sampled, { registry, sample: 10 })
    run(): void {}
  }
  const worker = new Worker();
  const counts: number[] = [];
  for (let call = 0; call < 1000; call++) {
    worker.run();
    counts.push(readHistogram(registry, sampled)?.count ?? 0);
  }
  t.is(counts.at(-1), 1000);
  t.is(new Set(counts.filter((count) => count > 0)).size, 100, 'a hundred observations of weight 10');
});

test('with `handlesRejections` of one of two decorators, the caller gets the promise of the method itself', async (t) => {
  const registry = createTestRegistry();
  const made = Promise.resolve('done');
  class Poller {
    @Counted({ registry })
    @Timed({ registry, handlesRejections: true })
    poll(): Promise<string> {
      return made;
    }
  }
  t.is(new Poller().poll(), made);
  await made;
  await new Promise(setImmediate);
  t.is(readValue(registry, methodCalls, { class: 'Poller', method: 'poll', outcome: 'success' }), 1);
});

test('`name` sets the labels class and method, or method alone', async (t) => {
  const registry = createTestRegistry();
  class a {
    @Counted({ registry, name: 'Greeter.greet' })
    b(): void {}
    @Counted({ registry, name: 'part' })
    c(): void {}
  }
  const minified = new a();
  minified.b();
  minified.c();
  const samples = await readSamples(registry, methodCalls);
  t.deepEqual(
    samples.map(({ labels }) => [labels.class, labels.method]),
    [
      ['Greeter', 'greet'],
      ['a', 'part'],
    ],
  );
});

test('`set` and `value` may return undefined', (t) => {
  const registry = createTestRegistry();
  const depth = defineGauge({ name: 'depth', help: 'Depth.' });
  class Queue {
    @TracksGauge(depth, { registry, set: ({ result }) => (result === 0 ? undefined : result) })
    size(jobs: number): number {
      return jobs;
    }
  }
  const queue = new Queue();
  queue.size(4);
  queue.size(0);
  t.is(readValue(registry, depth), 4);
  t.deepEqual(registry.get(metricsRecordingErrors.name), undefined);
});

type Loose = (...args: unknown[]) => unknown;
const [LooseCounted, LooseTimed] = [Counted, Timed] as unknown as [Loose, Loose];
for (const [what, use, message] of [
  [
    '`errors` that are not classes',
    () => LooseCounted(limits, { errors: ['RateLimitError'] }),
    /Invalid `errors` of @Counted: expected a list of error classes such as \[RateLimitError\], received "RateLimitError"/,
  ],
  [
    '`errors` that is not a list',
    () => LooseCounted(limits, { errors: RateLimitError }),
    /received function RateLimitError/,
  ],
  [
    '`errors` of calls that succeeded',
    () => LooseCounted(limits, { errors: [Error], when: 'success' }),
    /`when` of @Counted with `errors`: expected "failure" or nothing, received "success"/,
  ],
  [
    '`ignore` that is not a list',
    () => LooseTimed(seconds, { ignore: 5, labels: { outcome: 'success' } }),
    /Invalid `ignore` of @Timed: .* received 5/,
  ],
  [
    '`sample` of 0',
    () => LooseTimed(seconds, { sample: 0, labels: { outcome: 'success' } }),
    /Invalid `sample` of @Timed: expected a positive integer, received 0/,
  ],
  [
    'an unknown `until`',
    () => LooseTimed(seconds, { until: 'second-item', labels: { outcome: 'success' } }),
    /Invalid `until` of @Timed: expected "end" or "first-item", received "second-item"/,
  ],
  [
    'an empty `name`',
    () => LooseCounted({ name: '' }),
    /Invalid `name` of @Counted: expected `Class.method` or `method`, received ""/,
  ],
  [
    'an invalid `registry`',
    () => LooseCounted(limits, { registry: {} }),
    /Invalid `registry` of @Counted: expected a MetricsRegistry or a function of the instance that returns one, received an object/,
  ],
] as const) {
  test(`${what} is an error at class definition`, (t) => {
    t.throws(use, { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}
