import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import test from 'ava';
import { Counted, outcome, Timed, TracksGauge } from '../../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readHistogram, readValue, type TestRegistry } from '../../../lib/testing.js';
import { stopTimers } from '../../helpers/manual-stopwatch.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const first = defineHistogram({ name: 'first_item_seconds', help: 'Times to the first item.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

/** The values recorded so far. */
function recorded(registry: TestRegistry) {
  return {
    running: readValue(registry, running),
    success: readValue(registry, calls, { outcome: 'success' }) ?? 0,
    failure: readValue(registry, calls, { outcome: 'failure' }) ?? 0,
    timed: readHistogram(registry, seconds)?.count,
    first: readHistogram(registry, first)?.count,
  };
}

/** The stream of an SDK: an async iterable with methods and private state of its own. */
class SdkStream implements AsyncIterable<number> {
  readonly #items: number[];
  closed = false;
  constructor(items: number[]) {
    this.#items = items;
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (const item of this.#items) yield item;
  }
  total(): number {
    return this.#items.reduce((sum, item) => sum + item, 0);
  }
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

function subject() {
  const registry = createTestRegistry();
  class Source {
    @Timed(seconds, { registry })
    @Timed(first, { registry, until: 'first-item' })
    @Counted(calls, { registry, labels: { outcome } })
    @TracksGauge(running, { registry })
    read<T>(make: () => T): T {
      return make();
    }
    @Timed(seconds, { registry })
    @Timed(first, { registry, until: 'first-item' })
    @Counted(calls, { registry, labels: { outcome } })
    @TracksGauge(running, { registry })
    *count(to: number, error?: Error): Generator<number, string, string | undefined> {
      for (let n = 0; n < to; n++) if ((yield n) === 'stop') return 'stopped';
      if (error !== undefined) throw error;
      return 'done';
    }
    @Timed(seconds, { registry })
    @Timed(first, { registry, until: 'first-item' })
    @Counted(calls, { registry, labels: { outcome } })
    @TracksGauge(running, { registry })
    async *stream(to: number, error?: Error): AsyncGenerator<number, string, undefined> {
      for (let n = 0; n < to; n++) yield n;
      if (error !== undefined) throw error;
      return 'done';
    }
  }
  return { registry, source: new Source() };
}

/** Named once: a `then` in an object is what is tested here, and nothing that anyone should write. */
const then = 'then';

const inProgress = { running: 1, success: 0, failure: 0, timed: 0, first: 0 };
const ended = { running: 0, success: 1, failure: 0, timed: 1, first: 1 };
const failed = { running: 0, success: 0, failure: 1, timed: 1, first: 1 };

test('a generator is in progress until it completes', (t) => {
  const { registry, source } = subject();
  const generator = source.count(2);
  t.deepEqual(recorded(registry), inProgress);
  t.deepEqual(generator.next(), { done: false, value: 0 });
  t.deepEqual(recorded(registry), { ...inProgress, first: 1 });
  generator.next();
  t.deepEqual(recorded(registry), { ...inProgress, first: 1 });
  t.deepEqual(generator.next(), { done: true, value: 'done' });
  t.deepEqual(recorded(registry), ended);
  t.deepEqual(generator.next(), { done: true, value: undefined });
  t.deepEqual(recorded(registry), ended, 'further calls of next record nothing');
});

test('an observed generator receives sent values and stays a generator', (t) => {
  const { registry, source } = subject();
  const generator = source.count(5);
  generator.next();
  t.deepEqual(generator.next('stop'), { done: true, value: 'stopped' });
  t.deepEqual(recorded(registry), ended);
  t.is(generator[Symbol.iterator](), generator);
  t.is(Object.prototype.toString.call(generator), '[object Generator]');
  t.deepEqual(Object.keys(generator), []);
  t.deepEqual([...source.count(3)], [0, 1, 2]);
});

test('a generator that throws is a failure; one that is left early is not', (t) => {
  const broken = subject();
  const error = new Error('no');
  t.throws(() => [...broken.source.count(1, error)], { is: error });
  t.deepEqual(recorded(broken.registry), failed);

  const left = subject();
  for (const n of left.source.count(9)) if (n === 3) break;
  t.deepEqual(recorded(left.registry), ended);

  const thrown = subject();
  const generator = thrown.source.count(9);
  generator.next();
  t.throws(() => generator.throw(error), { is: error });
  t.deepEqual(recorded(thrown.registry), failed);

  const unread = subject();
  unread.source.count(9).return('never');
  t.deepEqual(recorded(unread.registry), { ...ended, first: 0 });
});

test('an async generator ends its call by completion, throw and early break', async (t) => {
  const complete = subject();
  const generator = complete.source.stream(2);
  t.deepEqual(recorded(complete.registry), inProgress);
  const seen: number[] = [];
  for await (const n of generator) seen.push(n);
  t.deepEqual(seen, [0, 1]);
  t.deepEqual(recorded(complete.registry), ended);

  const broken = subject();
  const error = new Error('no');
  await t.throwsAsync(
    async () => {
      for await (const _ of broken.source.stream(1, error));
    },
    { is: error },
  );
  t.deepEqual(recorded(broken.registry), failed);

  const left = subject();
  for await (const n of left.source.stream(9)) if (n === 3) break;
  t.deepEqual(recorded(left.registry), ended);
});

test('concurrent `next` calls of an async generator work', async (t) => {
  const { registry, source } = subject();
  const generator = source.stream(2);
  t.deepEqual(await Promise.all([generator.next(), generator.next(), generator.next(), generator.next()]), [
    { done: false, value: 0 },
    { done: false, value: 1 },
    { done: true, value: 'done' },
    { done: true, value: undefined },
  ]);
  t.deepEqual(recorded(registry), ended);
});

test('the stream object of an SDK is returned itself, and its other members work', async (t) => {
  const { registry, source } = subject();
  const original = new SdkStream([1, 2, 3]);
  const stream = await source.read(async () => original);
  t.is(stream, original);
  t.is(stream.total(), 6);
  t.true(stream instanceof SdkStream);
  t.deepEqual(Object.keys(stream), ['closed']);
  t.deepEqual(recorded(registry), inProgress);
  let sum = 0;
  for await (const item of stream) sum += item;
  t.is(sum, 6);
  t.deepEqual(recorded(registry), ended);
});

test.serial(
  'the time to the first item starts at the call, also if a promise resolves to the stream',
  async (t) => {
    const advance = stopTimers(t);
    const { registry, source } = subject();
    const stream = await source.read(async () => {
      advance(2);
      return (async function* () {
        advance(3);
        yield 'first';
        advance(5);
        yield 'last';
      })();
    });
    for await (const _ of stream);
    t.is(readHistogram(registry, first)?.sum, 5);
    t.is(readHistogram(registry, seconds)?.sum, 10);
  },
);

test('without a stream, the first item is the return; a failure has none', async (t) => {
  const { registry, source } = subject();
  source.read(() => 5);
  await source.read(async () => 'text');
  t.throws(() =>
    source.read(() => {
      throw new Error('no');
    }),
  );
  t.deepEqual(recorded(registry), { running: 0, success: 2, failure: 1, timed: 3, first: 2 });
});

test('a readable stream of Node ends its call when read, destroyed or failed', async (t) => {
  const complete = subject();
  const chunks: string[] = [];
  const stream = complete.source.read(() => Readable.from(['a', 'b']));
  t.deepEqual(recorded(complete.registry), inProgress);
  for await (const chunk of stream) chunks.push(String(chunk));
  t.deepEqual(chunks, ['a', 'b']);
  t.deepEqual(recorded(complete.registry), ended);

  const destroyed = subject();
  const passing = destroyed.source.read(() => new PassThrough());
  passing.write('data');
  passing.destroy();
  await new Promise((resolve) => passing.once('close', resolve));
  t.deepEqual(recorded(destroyed.registry), ended);

  const broken = subject();
  const breaking = broken.source.read(() => new PassThrough());
  const error = new Error('no');
  const seen = new Promise((resolve) => breaking.once('error', resolve));
  breaking.destroy(error);
  t.is(await seen, error);
  t.deepEqual(recorded(broken.registry), { ...failed, first: 0 });
});

test('observing a Node stream neither starts its flow nor handles its errors', async (t) => {
  const { source } = subject();
  const stream = source.read(() => new PassThrough());
  t.is(stream.readableFlowing, null);
  t.is(stream.listenerCount('data'), 0);
  t.is(stream.listenerCount('error'), 0);
  stream.on('error', () => {});
  stream.destroy(new Error('seen'));
  await new Promise((resolve) => stream.once('close', resolve));
});

test('a web stream ends its call when iterated, read, piped, teed or cancelled', async (t) => {
  const make = (): ReadableStream<string> => ReadableStream.from(['a', 'b']) as ReadableStream<string>;
  const ways: Record<string, (stream: ReadableStream<string>) => Promise<unknown>> = {
    iterated: async (stream) => all(stream),
    'read by a reader': async (stream) => {
      const reader = stream.getReader();
      const chunks: unknown[] = [];
      for (let step = await reader.read(); !step.done; step = await reader.read()) chunks.push(step.value);
      return chunks;
    },
    piped: async (stream) => {
      const chunks: unknown[] = [];
      await stream.pipeTo(new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
      return chunks;
    },
    'piped through': async (stream) => all(stream.pipeThrough(new TransformStream<string, string>())),
    teed: async (stream) => {
      const [one, other] = stream.tee();
      const [read] = await Promise.all([all(one), all(other)]);
      return read;
    },
    'read through Node': async (stream) => (await all(Readable.fromWeb(stream as never))).map(String),
  };
  for (const [way, read] of Object.entries(ways)) {
    const { registry, source } = subject();
    const original = make();
    const stream = source.read(() => original);
    t.is(stream, original);
    t.deepEqual(recorded(registry), inProgress, way);
    t.deepEqual(await read(stream), ['a', 'b'], way);
    t.deepEqual(recorded(registry), ended, way);
  }
  const { registry, source } = subject();
  await source.read(make).cancel();
  t.deepEqual(recorded(registry), { ...ended, first: 0 });

  const broken = subject();
  const error = new Error('no');
  const stream = broken.source.read(
    () => new ReadableStream({ pull: (controller) => controller.error(error) }),
  );
  await t.throwsAsync(stream.getReader().read(), { is: error });
  t.deepEqual(recorded(broken.registry), { ...failed, first: 0 });
});

test('arrays, maps, frozen objects and throwing proxies end their call at the return', (t) => {
  const { registry, source } = subject();
  const proxy = new Proxy(
    {},
    {
      get() {
        throw new Error('do not look');
      },
    },
  );
  const values = [
    [1, 2],
    new Map(),
    Object.freeze({ [Symbol.asyncIterator]: () => ({}) }),
    proxy,
    { next: () => ({}) },
  ];
  for (const value of values)
    t.is(
      source.read<unknown>(() => value),
      value,
    );
  t.deepEqual(recorded(registry), {
    running: 0,
    success: values.length,
    failure: 0,
    timed: values.length,
    first: values.length,
  });
});

test('a stream returned by several calls belongs to the first; the others end at the return', async (t) => {
  const { registry, source } = subject();
  const shared = new SdkStream([1]);
  source.read(() => shared);
  for (let call = 0; call < 1000; call++) source.read(() => shared);
  t.deepEqual(recorded(registry), { running: 1, success: 1000, failure: 0, timed: 1000, first: 1000 });
  for await (const _ of shared);
  t.deepEqual(recorded(registry), { running: 0, success: 1001, failure: 0, timed: 1001, first: 1001 });
});

test('after its end a stream is restored, and can be returned again any number of times', async (t) => {
  const { registry, source } = subject();
  const shared = new SdkStream([1, 2]);
  for (let call = 0; call < 2000; call++) {
    const stream = source.read(() => shared);
    for await (const _ of stream);
  }
  t.deepEqual(Reflect.ownKeys(shared), ['closed']);
  t.deepEqual(recorded(registry), { running: 0, success: 2000, failure: 0, timed: 2000, first: 2000 });
});

test('a stream that always returns the same iterator is observed once', async (t) => {
  const { registry, source } = subject();
  const iterator = (async function* () {
    yield 1;
  })();
  const stream = source.read(() => ({ [Symbol.asyncIterator]: () => iterator }));
  for (let time = 0; time < 20_000; time++) stream[Symbol.asyncIterator]();
  for await (const _ of stream);
  t.deepEqual(recorded(registry), ended);
});

for (const event of ['streamEvent', 'chunk', 'event']) {
  test(`the first \`${event}\` of an event stream of an SDK is its first item`, (t) => {
    const { registry, source } = subject();
    const stream = source.read(() =>
      Object.assign(new SdkStream([]), { on() {}, abort() {}, _emit(_event: string) {} }),
    );
    stream._emit('connect');
    t.deepEqual(recorded(registry), inProgress);
    stream._emit(event);
    stream._emit(event);
    t.deepEqual(recorded(registry), { ...inProgress, first: 1 });
    stream._emit('end');
    t.deepEqual(recorded(registry), ended);
  });
}

test('a chunk that is pushed into another stream is no item', (t) => {
  const { registry, source } = subject();
  const [stream, other] = [source.read(() => new PassThrough()), new PassThrough()];
  stream.push.call(other, 'a');
  t.deepEqual(recorded(registry), inProgress);
  stream.push('a');
  t.deepEqual(recorded(registry), { ...inProgress, first: 1 });
});

test('a query that reports data, and is then fulfilled with a stream, has one first item', async (t) => {
  const { registry, source } = subject();
  const rows = new SdkStream([1, 2]);
  const query = source.read(() =>
    Object.assign(new EventEmitter(), { [then]: (resolve: (value: unknown) => void) => resolve(rows) }),
  );
  query.emit('data', 'a row');
  t.deepEqual(recorded(registry), { ...inProgress, first: 1 });
  t.is(await (query as unknown), rows);
  t.deepEqual(await all(rows), [1, 2]);
  t.deepEqual(recorded(registry), ended);
});

test('a stream without items has no first item', async (t) => {
  const empty = subject();
  for await (const _ of empty.source.read(() => Readable.from([])));
  t.deepEqual(recorded(empty.registry), { ...ended, first: 0 });
});

test('the data event of a stream without Node’s class is its first item', (t) => {
  const { registry, source } = subject();
  const stream = source.read(() =>
    Object.assign(new EventEmitter(), { async *[Symbol.asyncIterator]() {}, pipe() {} }),
  );
  stream.emit('progress');
  t.deepEqual(recorded(registry), inProgress);
  stream.emit('data', 'a');
  stream.emit('data', 'b');
  t.deepEqual(recorded(registry), { ...inProgress, first: 1 });
  stream.emit('end');
  t.deepEqual(recorded(registry), ended);
});
