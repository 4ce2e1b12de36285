/** When the call that returned a result is over, by what the result is. */
import { EventEmitter } from 'node:events';
import test from 'ava';
import { failedOnce, inProgress, once, recordedCalls } from './recorded-calls.js';

/** Named once: a `then` in an object is what is tested here, and nothing that anyone should write. */
const then = 'then';

type Resolve = (value: number) => void;
type Emit = (event: string) => void;

const query = () => ({ [then]: (resolve: Resolve) => resolve(1), exec: async () => 1 });

/** A cursor of a database, which is read by `step`. */
function cursor<S extends object>(step: S) {
  return Object.assign(step, {
    async *[Symbol.asyncIterator]() {
      yield 1;
    },
  });
}

/** Something that goes on until it is iterated to its end. */
const iterable = () => ({
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    yield 1;
  },
});

async function iterate(value: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of value);
}

const nothing = (): void => {};

for (const methods of [
  ['on'],
  ['emit'],
  ['abort'],
  ['_emit'],
  ['on', 'abort'],
  ['on', '_emit'],
  ['abort', '_emit'],
]) {
  test(`an iterable with ${methods.join(' and ')} alone is no emitter, and ends when it is iterated`, async (t) => {
    const { api, recorded } = recordedCalls();
    const value = api.run(() =>
      Object.assign(iterable(), Object.fromEntries(methods.map((name) => [name, nothing]))),
    );
    for (const event of ['end', 'error'])
      for (const method of methods) Reflect.apply(Reflect.get(value, method) as Emit, value, [event]);
    t.deepEqual(recorded(), inProgress);
    await iterate(value);
    t.deepEqual(recorded(), once);
  });
}

for (const flag of ['destroyed', 'readableEnded', 'closed']) {
  test(`a stream that is ${flag} when it is returned ends its call at the return; a query does not`, async (t) => {
    const { api, recorded } = recordedCalls();
    api.run(() => ({ ...iterable(), [flag]: true }));
    t.deepEqual(recorded(), once);
    const value = api.run(() => ({ ...query(), [flag]: true }));
    t.deepEqual(recorded(), { ...once, running: 1 });
    await (value as unknown);
    t.deepEqual(recorded(), { ...once, success: 2 });
  });
}

test('a stream that an error destroyed before it is returned is a failure', (t) => {
  const { api, recorded } = recordedCalls();
  const errored = new Error('broke off');
  api.run(() => ({ ...iterable(), destroyed: true, errored }));
  t.deepEqual(recorded(), failedOnce);
});

test('the events of an event stream end its call', (t) => {
  const eventStream = () => ({
    ...iterable(),
    on: nothing,
    abort: nothing,
    _emit(_event: string, _first?: Error) {},
  });
  const ended = recordedCalls();
  const stream = ended.api.run(eventStream);
  stream._emit('connect');
  t.deepEqual(ended.recorded(), inProgress);
  stream._emit('end');
  t.deepEqual(ended.recorded(), once);

  const failed = recordedCalls();
  failed.api.run(eventStream)._emit('error', new Error('overloaded'));
  t.deepEqual(failed.recorded(), failedOnce);
});

/** A stream as some packages write their own, without Node's class. */
const userlandStream = () =>
  Object.assign(new EventEmitter(), iterable(), { pipe: nothing, read: () => null });

test('a stream of a package reports by events, and not by a `read` that has no data yet', (t) => {
  for (const event of ['end', 'close']) {
    const { api, recorded } = recordedCalls();
    const stream = api.run(userlandStream);
    t.is(stream.read(), null);
    stream.emit('finish');
    stream.emit('progress');
    EventEmitter.prototype.emit.call(stream, event);
    stream.emit.call(new EventEmitter(), event);
    t.deepEqual(recorded(), inProgress, 'its writable side alone has ended');
    stream.emit(event);
    t.deepEqual(recorded(), once);
    t.false(Object.hasOwn(stream, 'emit'), 'it is restored');
  }
});

test('an emitter that cannot be piped also ends with `finish`, or by its other methods', async (t) => {
  const finished = recordedCalls();
  const emitter = finished.api.run(() => Object.assign(new EventEmitter(), iterable()));
  emitter.emit('progress');
  t.deepEqual(finished.recorded(), inProgress);
  emitter.emit('finish');
  t.deepEqual(finished.recorded(), once);

  const read = recordedCalls();
  await read.api.run(() => Object.assign(new EventEmitter(), cursor({ next: async () => null }))).next();
  t.deepEqual(read.recorded(), once);
});

test('an emitter whose class has an `emit` of its own ends by its events too, and is restored', (t) => {
  class Emitting extends EventEmitter {
    readonly emitted: string[] = [];
    override emit(event: string): boolean {
      this.emitted.push(event);
      return super.emit(event);
    }
    [Symbol.asyncIterator](): AsyncGenerator<number> {
      return iterable()[Symbol.asyncIterator]();
    }
  }
  const { api, recorded } = recordedCalls();
  const emitter = api.run(() => new Emitting());
  emitter.emit('progress');
  t.deepEqual(recorded(), inProgress);
  emitter.emit('close');
  t.deepEqual(recorded(), once);
  t.deepEqual(emitter.emitted, ['progress', 'close']);
  t.false(Object.hasOwn(emitter, 'emit'));
});

test('a query that is an emitter and can be piped ends by each of its ways', async (t) => {
  const pipeable = () => Object.assign(new EventEmitter(), query(), { pipe: nothing });
  const executed = recordedCalls();
  await executed.api.run(pipeable).exec();
  t.deepEqual(executed.recorded(), once);

  const failed = recordedCalls();
  const value = failed.api.run(pipeable);
  value.on('error', nothing);
  value.emit('error', new Error('connection lost'));
  t.deepEqual(failed.recorded(), failedOnce);
});

test('once a query is awaited, its events no longer end the call', async (t) => {
  const { api, recorded } = recordedCalls();
  let finish: Resolve = nothing;
  const value = api.run(() =>
    Object.assign(new EventEmitter(), {
      [then]: (resolve: Resolve) => {
        finish = resolve;
      },
    }),
  );
  const awaited = Promise.resolve(value as unknown);
  await null;
  value.on('error', nothing);
  value.emit('error', new Error('one of three attempts'));
  t.deepEqual(recorded(), inProgress);
  finish(3);
  t.is(await awaited, 3);
  t.deepEqual(recorded(), once);
});

test('a query that is fulfilled with a stream is in progress until the stream ends', async (t) => {
  const { api, recorded } = recordedCalls();
  const rows = iterable();
  const value = await (api.run(() => ({
    [then]: (resolve: (value: unknown) => void) => resolve(rows),
  })) as unknown);
  t.is(value, rows);
  t.deepEqual(recorded(), inProgress);
  await iterate(rows);
  t.deepEqual(recorded(), once);
});

for (const result of [null, undefined, 5, { rows: [] }]) {
  test(`a query that is fulfilled with ${JSON.stringify(result)} ends its call`, async (t) => {
    const { api, recorded } = recordedCalls();
    const value = api.run(() => ({ [then]: (resolve: (value: unknown) => void) => resolve(result) }));
    t.is(await (value as unknown), result);
    t.deepEqual(recorded(), once);
  });
}

test('a query that is fulfilled with a function ends its call, also if the function can be iterated', async (t) => {
  const { api, recorded } = recordedCalls();
  const result = Object.assign(nothing, iterable());
  const value = api.run(() => ({ [then]: (resolve: (value: unknown) => void) => resolve(result) }));
  t.is(await (value as unknown), result);
  t.deepEqual(recorded(), once);
});

test('a function ends the call that returns it, or a promise of it, also if it can be iterated', async (t) => {
  const { api, recorded } = recordedCalls();
  const result = Object.assign(() => {}, iterable());
  t.is(
    api.run(() => result),
    result,
  );
  t.deepEqual(recorded(), once);
  t.is(await api.run(async () => result), result);
  t.deepEqual(recorded(), { ...once, success: 2 });
});

test('a query that iterates itself ends when it is iterated, and is restored', async (t) => {
  const { api, recorded } = recordedCalls();
  const rows = [1, 2];
  const next = async () => ({ done: rows.length === 0, value: rows.shift() });
  const value = api.run(() => ({
    ...query(),
    next,
    [Symbol.asyncIterator]() {
      return this;
    },
  }));
  const seen: unknown[] = [];
  for await (const row of value as AsyncIterable<unknown>) seen.push(row);
  t.deepEqual(seen, [1, 2]);
  t.deepEqual(recorded(), once);
  t.is(value.next, next);
});

test('a query whose method always returns the same stream observes that stream once', async (t) => {
  const { api, recorded } = recordedCalls();
  const rows = iterable();
  const value = api.run(() => ({ ...query(), stream: () => rows }));
  for (let time = 0; time < 20_000; time++) value.stream();
  await iterate(rows);
  t.deepEqual(recorded(), once);
});

test('a query is also read by the stream that one of its methods returns', async (t) => {
  const { api, recorded } = recordedCalls();
  const value = api.run(() => ({
    ...query(),
    stream: iterable,
    config: () => ({ ready: async () => true }),
  }));
  t.true(await value.config().ready());
  t.deepEqual(recorded(), inProgress, 'an object that cannot be consumed is no result');
  await iterate(value.stream());
  t.deepEqual(recorded(), once);
});

test('a page is complete, but not the query that leads to it, and a field is no method', async (t) => {
  const page = { ...iterable(), hasNextPage: () => true };
  const complete = recordedCalls();
  complete.api.run(() => page);
  t.deepEqual(complete.recorded(), once);

  const pages = recordedCalls();
  const value = pages.api.run(() => ({ ...page, ...query() }));
  t.deepEqual(pages.recorded(), inProgress);
  await (value as unknown);
  t.deepEqual(pages.recorded(), once);

  const stream = recordedCalls();
  stream.api.run(() => ({ ...iterable(), hasNextPage: true }));
  t.deepEqual(stream.recorded(), inProgress);
});

test('up to 100 calls share a query; for the others, it is over when it is returned', async (t) => {
  const { api, recorded } = recordedCalls();
  const shared = query();
  for (let call = 0; call < 150; call++) api.pass(shared);
  t.deepEqual(recorded(), { success: 50, failure: 0, running: 100 });
  await (shared as unknown);
  t.deepEqual(recorded(), { success: 150, failure: 0, running: 0 });
});

test('a call that started before a stream was returned shares it, even if it returns it later', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = iterable();
  let later: Promise<unknown> = Promise.resolve();
  api.run(() => {
    later = api.pass(Promise.resolve(stream));
    return stream;
  });
  await later;
  t.deepEqual(recorded(), { ...inProgress, running: 2 });
  await iterate(stream);
  t.deepEqual(recorded(), { ...once, success: 2 });
});

test('a second end of a result does not end the call that has returned it since', async (t) => {
  const { api, recorded } = recordedCalls();
  let finish = (_end: null): void => {};
  const late = new Promise<null>((resolve) => {
    finish = resolve;
  });
  const steps = [Promise.resolve(null), late];
  const value = cursor({ next: () => steps.shift() });
  api.pass(value);
  const [first, second] = [value.next(), value.next()];
  await first;
  t.deepEqual(recorded(), once);

  api.pass(value);
  finish(null);
  await second;
  t.deepEqual(recorded(), { ...once, running: 1 });
  api.pass(value);
  t.deepEqual(recorded(), { success: 2, failure: 0, running: 1 }, 'only the first call observes it');
  t.is(value.next(), undefined);
  t.deepEqual(recorded(), { success: 3, failure: 0, running: 0 });
});

test('a method that the caller took before the end of a result observes nothing after it', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(iterable);
  const taken = stream[Symbol.asyncIterator];
  await iterate(stream);
  t.deepEqual(recorded(), once);
  const iterator = taken.call(stream);
  t.false(Object.hasOwn(iterator, 'next'));
  t.deepEqual(await iterator.next(), { done: false, value: 1 });
});

test('what the caller replaces on a result meanwhile stays replaced', async (t) => {
  const { api, recorded } = recordedCalls();
  const own = async (): Promise<void> => {};
  const value: Partial<ReturnType<typeof query>> & { close: () => Promise<void>; find?: () => void } =
    api.run(() => ({
      ...query(),
      close: async () => {},
      find: () => {},
    }));
  value.close = own;
  delete value.find;
  await value.exec?.();
  t.deepEqual(recorded(), once);
  t.is(value.close, own);
  t.false('find' in value);
});

test('a property `constructor` that the caller defines on a promise meanwhile stays', async (t) => {
  const { api, recorded } = recordedCalls();
  class Special extends Promise<number> {}
  const promise = api.run(() => Object.assign(Promise.resolve(5), { exec: async () => 6 }));
  Object.defineProperty(promise, 'constructor', { configurable: true, get: () => Special });
  t.is(await promise.exec(), 6);
  t.deepEqual(recorded(), once);
  t.is(promise.constructor, Special);
});

test('a promise with methods of its own is restored once one of these has ended the call', async (t) => {
  const { api, recorded } = recordedCalls();
  const promise = api.run(() => Object.assign(Promise.resolve(5), { exec: async () => 6 }));
  t.true(Object.hasOwn(promise, 'constructor'));
  t.is(await promise.exec(), 6);
  t.deepEqual(recorded(), once);
  t.false(Object.hasOwn(promise, 'constructor'));
});

test('a promise whose own `then` is passed over by `await` ends when it is awaited', async (t) => {
  const { api, recorded } = recordedCalls();
  const promise = api.run(() => Object.assign(Promise.resolve(5), { [then]: nothing }));
  t.is(await promise, 5);
  t.deepEqual(recorded(), once);
});

test('the constructor of a promise can be replaced', async (t) => {
  const { api, recorded } = recordedCalls();
  class Special extends Promise<number> {}
  const promise = api.run(() => Special.resolve(5));
  promise.constructor = Promise;
  t.is(promise.constructor, Promise);
  t.is(await promise, 5);
  t.deepEqual(recorded(), inProgress, 'it is no longer observed');
});

test('a `then` that is called on another object gets all its arguments, and ends no call', (t) => {
  const { api, recorded } = recordedCalls();
  const seen: unknown[] = [];
  const value = api.run(() => ({
    [then](...handlers: unknown[]) {
      seen.push(this, ...handlers);
    },
  }));
  const other = {};
  value[then].call(other, nothing, undefined, 'third');
  t.deepEqual(seen, [other, nothing, undefined, 'third']);
  t.deepEqual(recorded(), inProgress);
});

for (const made of [undefined, null, 5]) {
  test(`an iterator that is ${made} is passed on, and does not end the call`, (t) => {
    const { api, recorded } = recordedCalls();
    const value = api.run(() => ({ [Symbol.asyncIterator]: () => made }));
    t.is(value[Symbol.asyncIterator](), made);
    t.deepEqual(recorded(), inProgress);
  });
  test(`a step of an iterator that is ${made} is passed on, and does not end the call`, async (t) => {
    const { api, recorded } = recordedCalls();
    const value = api.run(() => ({
      next: () => made,
      later: 0,
      [Symbol.asyncIterator]() {
        return this;
      },
    }));
    t.is(value.next(), made);
    t.deepEqual(recorded(), inProgress);
  });
}

test('an iterator that is made for another object does not end the call', async (t) => {
  const { api, recorded } = recordedCalls();
  const value = api.run(iterable);
  const other = { [Symbol.asyncIterator]: () => value[Symbol.asyncIterator].call({}) };
  await iterate(other as AsyncIterable<number>);
  t.deepEqual(recorded(), inProgress);
});

test('an object with `next` that returns another iterator is a cursor: its rows may have a field `done`', async (t) => {
  const { api, recorded } = recordedCalls();
  const rows = [{ id: 1, done: true }, null];
  const asked: unknown[] = [];
  const value = api.run(() => ({
    next: async () => rows.shift(),
    [Symbol.asyncIterator](...args: unknown[]) {
      asked.push(args);
      return iterable()[Symbol.asyncIterator]();
    },
  }));
  t.deepEqual(asked, [[]]);
  t.deepEqual(await value.next(), { id: 1, done: true });
  t.deepEqual(recorded(), inProgress);
  await value.next();
  t.deepEqual(recorded(), once);
});
