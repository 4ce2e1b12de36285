// In a process of its own: it measures the heap.
/** Results that are never consumed: their calls end when they are garbage collected. */
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as elapsed } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import knexFactory from 'knex';
import { until } from '../../helpers/until.js';
import { recordedCalls } from './recorded-calls.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

class SubPromise<T> extends Promise<T> {}
const knex = knexFactory({ client: 'pg' });

const results: Readonly<Record<string, () => unknown>> = {
  'a subclass of Promise': () => SubPromise.resolve(1),
  'a promise with methods of its own': () => Object.assign(Promise.resolve(1), { cancel: () => {} }),
  'a promise of another realm': () => runInNewContext('Promise.resolve(1)'),
  'a query': () => knex('users').where('active', true),
  'an async generator': async function* () {
    yield 1;
  },
  "Node's stream": () => new PassThrough(),
  "Node's stream of an iterable": () => Readable.from(['a']),
  "the web's stream": () => new ReadableStream(),
};
for (const [name, make] of Object.entries(results)) {
  test(`${name} that is never consumed ends its call when it is garbage collected`, async (t) => {
    const { api, recorded } = recordedCalls();
    await collected(t, recorded, 20, () => api.run(make));
  });
  test(`${name} that is also an argument of its method can be collected, as without decorators`, async (t) => {
    const { api, recorded } = recordedCalls();
    await collected(t, recorded, 20, () => api.pass(typeof make === 'function' ? make() : make));
  });
}

test('a builder whose methods return it can be collected, as without decorators', async (t) => {
  const { Builder, recorded } = recordedCalls();
  await collected(t, recorded, 20, () => new Builder().where());
});

/** @param call is repeated, since the last result may stay in a processor register */
async function collected(
  t: ExecutionContext,
  recorded: () => { success: number; failure: number; running: number },
  count: number,
  call: () => unknown,
): Promise<void> {
  for (let made = 0; made < count; made++) call();
  t.is(recorded().running, count);
  const left = await until(
    'the results are garbage',
    async () => {
      collectGarbage();
      await elapsed();
      return recorded().running <= 1 ? recorded() : undefined;
    },
    undefined,
    1,
  );
  t.deepEqual(left, { success: count - left.running, failure: 0, running: left.running });
}
