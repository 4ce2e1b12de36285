/** Methods that consume a result without `then` or iteration: `exec()` of a query, `next()` and `close()` of a cursor. */
import test from 'ava';
import { failedOnce, inProgress, once, recordedCalls } from './recorded-calls.js';

/** Named once: a `then` in an object is what is tested here, and nothing that anyone should write. */
const then = 'then';

type Resolve = (value: number) => void;

const query = () => ({ [then]: (resolve: Resolve) => resolve(1), exec: async () => 1 });

/** A cursor of a database, which is read by `step`. */
function cursor<S extends object>(step: S) {
  return Object.assign(step, {
    close: async () => {},
    async *[Symbol.asyncIterator]() {
      yield 1;
    },
  });
}

for (const nothing of [null, undefined]) {
  const steps: Readonly<Record<string, (left: unknown[]) => Record<string, () => unknown>>> = {
    next: (left) => ({ next: async () => left.shift() }),
    tryNext: (left) => ({ tryNext: async () => left.shift() }),
    readSync: (left) => ({ readSync: () => left.shift() }),
  };
  for (const [method, make] of Object.entries(steps)) {
    test(`a cursor read by \`${method}\` is in progress until it returns ${nothing}`, async (t) => {
      const { api, recorded } = recordedCalls();
      const value = api.run(() => cursor(make([{ id: 1 }, 2, nothing])));
      const read = (): unknown => value[method]?.();
      t.deepEqual(await read(), { id: 1 });
      t.is(await read(), 2);
      t.deepEqual(recorded(), inProgress);
      t.is(await read(), nothing);
      t.deepEqual(recorded(), once);
    });
  }
}

test('a cursor whose step is rejected is a failure, and its reader gets the error', async (t) => {
  const { api, recorded } = recordedCalls();
  const error = new Error('connection lost');
  const value = api.run(() =>
    cursor({
      next: async () => {
        throw error;
      },
    }),
  );
  await t.throwsAsync(value.next(), { is: error });
  t.deepEqual(recorded(), failedOnce);
});

test('a cursor that is closed is over', async (t) => {
  const { api, recorded } = recordedCalls();
  const value = api.run(() => cursor({ next: async () => 1 }));
  await value.next();
  t.deepEqual(recorded(), inProgress);
  await value.close();
  t.deepEqual(recorded(), once);
});

for (const method of ['close', 'closeSync', 'destroy']) {
  test(`a cursor is over once its \`${method}\` is called, which may return nothing`, (t) => {
    const { api, recorded } = recordedCalls();
    const value = api.run(() => Object.assign(cursor({ next: async () => 1 }), { [method]: () => {} }));
    t.is(Reflect.apply(Reflect.get(value, method) as () => void, value, []), undefined);
    t.deepEqual(recorded(), once);
  });
}

test('a method of a result that is called on another object does not end the call', async (t) => {
  const { api, recorded } = recordedCalls();
  const value = api.run(() => cursor({ next: async () => null }));
  await value.close.call({});
  await value.next.call({});
  t.deepEqual(recorded(), inProgress);
});

test('a query that is awaited ends when it settles, also if another of its promises is ready before', async (t) => {
  const { api, recorded } = recordedCalls();
  let finish: Resolve = () => {};
  const later = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const value = api.run(() => ({
    [then]: (resolve: Resolve) => void later.then(resolve),
    exec: async () => 1,
  }));
  const awaited = Promise.resolve(value as unknown);
  await null;
  t.is(await value.exec(), 1);
  t.deepEqual(recorded(), inProgress);
  finish(2);
  t.is(await awaited, 2);
  t.deepEqual(recorded(), once);
});

test('a query without a prototype is in progress until it is awaited', async (t) => {
  const { api, recorded } = recordedCalls();
  const value = api.run(() => Object.assign(Object.create(null) as object, query()));
  t.deepEqual(recorded(), inProgress);
  t.is(await (value as unknown), 1);
  t.deepEqual(recorded(), once);
});

test('a proxy of a query may list properties that it does not have', async (t) => {
  const { api, recorded } = recordedCalls();
  const value = api.run(() => new Proxy(query(), { ownKeys: () => ['missing', then, 'exec'] }));
  t.deepEqual(recorded(), inProgress);
  t.is(await value.exec(), 1);
  t.deepEqual(recorded(), once);
});

test('of a result with more than 64 methods, only the usual ones end the call', async (t) => {
  const first = async () => 0;
  // Beside `exec`; `then` does not count.
  const builder = (methods: number) => {
    const others = Array.from({ length: methods - 1 }, (_, index) => [`method${index + 1}`, first] as const);
    return Object.assign(query(), { first }, Object.fromEntries(others));
  };
  const small = recordedCalls();
  await small.api.run(() => builder(63)).first();
  t.deepEqual(small.recorded(), once);

  const large = recordedCalls();
  const value = large.api.run(() => builder(64));
  await value.first();
  t.deepEqual(large.recorded(), inProgress);
  await value.exec();
  t.deepEqual(large.recorded(), once);
});
