/** Results observed in place keep their behaviour, also if they cannot be observed. */
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { inProgress, once, recordedCalls } from './recorded-calls.js';

type Resolve = (value: number) => void;

/** Named once: a `then` in an object is what is tested here, and nothing that anyone should write. */
const then = 'then';
const query = () => ({ [then]: (resolve: Resolve) => resolve(1) });

const unobservable: Readonly<Record<string, () => object>> = {
  'with a fixed `then`': () => Object.defineProperty({}, then, { value: (resolve: Resolve) => resolve(1) }),
  'with a fixed `catch`': () => Object.defineProperty(query(), 'catch', { value() {} }),
  'with a getter that throws': () =>
    Object.defineProperty(query(), 'emit', {
      get() {
        throw new Error('do not look');
      },
    }),
};
for (const [name, make] of Object.entries(unobservable)) {
  test(`a thenable ${name} ends its call at the return and is recorded once`, async (t) => {
    const { api, recorded } = recordedCalls();
    const properties = Object.getOwnPropertyDescriptors(make());
    const value = api.count(make);
    t.deepEqual(Object.keys(Object.getOwnPropertyDescriptors(value)), Object.keys(properties));
    t.deepEqual(recorded(), once);
    t.is(await (value as unknown), 1);
    t.deepEqual(recorded(), once);
  });
}

test('the caller gets the results of all methods of a query, which is recorded when it is awaited', async (t) => {
  const { api, recorded } = recordedCalls();
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const frozen = Object.freeze(Promise.resolve(2));
  const guarded = {
    get [then]() {
      throw new Error('do not look');
    },
  };
  const value = api.run(() => ({
    ...query(),
    revoked: () => proxy,
    frozen: () => frozen,
    guarded: () => guarded,
    ready: () => {},
  }));
  t.is(value.revoked(), proxy);
  t.is(value.frozen(), frozen);
  t.is(value.guarded(), guarded);
  value.ready();
  t.deepEqual(recorded(), inProgress);
  t.is(await (value as unknown), 1);
  t.deepEqual(recorded(), once);
});

class SubPromise extends Promise<number> {}

const elsewhere = runInNewContext(`
  class SubPromise extends Promise {}
  ({ make: () => SubPromise.resolve(1), then: Promise.prototype.then })
`) as { make: () => Promise<number>; then: Promise<number>['then'] };

for (const [realm, make, nativeThen] of [
  ['this realm', () => SubPromise.resolve(1), Promise.prototype.then],
  ['another realm', elsewhere.make, elsewhere.then],
] as const) {
  test(`a promise of a subclass of ${realm} keeps the native \`then\`, and ends its call by it`, async (t) => {
    const { api, recorded } = recordedCalls();
    const promise = api.run(make);
    t.false(Object.hasOwn(promise, then));
    t.deepEqual(recorded(), inProgress);
    // Node's own functions call the native method, whatever `then` of the promise is.
    t.is(await new Promise((resolve) => Reflect.apply(nativeThen, promise, [resolve])), 1);
    t.deepEqual(recorded(), once);
  });
}

test('a promise that its caller freezes can be awaited', async (t) => {
  const { api, recorded } = recordedCalls();
  const promise = api.run(() => SubPromise.resolve(1));
  t.is(await Object.freeze(promise), 1);
  t.is(await promise, 1);
  t.deepEqual(recorded(), once);
});

test('a class stored in a query keeps its identity', (t) => {
  const { api } = recordedCalls();
  class Model {}
  t.is(api.run(() => ({ ...query(), model: Model })).model, Model);
});
