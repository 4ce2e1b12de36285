// In a process of its own: Bluebird changes Error when it is loaded.
/** Any result, consumed in any way, behaves the same with and without decorators. */
import test from 'ava';
import { Counted, outcome, TracksGauge } from '../../../decorators/index.js';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';
import { type Ending, type Kind, kinds } from './kinds.js';
import { seen, ways } from './ways.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

const settling = [
  'await',
  'then with handlers',
  'then without handlers',
  'Promise.all',
  'Promise.allSettled',
  'Promise.race',
  'returned from an async function',
];

/** The ways of consuming after which a call is over. */
const ending: Readonly<Record<Ending, readonly string[]>> = {
  'at the return': [...ways.keys()],
  settled: settling,
  stepped: ['for of', 'next by hand'],
  iterated: ['for await', 'for await, left early', 'next by hand'],
  'node stream': ['for await', 'toArray', 'pipe', "on('data')", "on('close')"],
  'web stream': ['for await', 'getReader', 'tee', 'pipeTo', 'cancel'],
  closed: ["on('close')"],
};

function handled(promise: unknown): void {
  Promise.resolve(promise).catch(() => {});
}

test('the table has at least sixty kinds', (t) => {
  t.true(kinds.size >= 60, `${kinds.size}`);
});

for (const [name, kind] of kinds) {
  test(`${name}: consuming it gives the same with decorators, and the call is recorded once`, async (t) => {
    for (const [way, use] of ways) {
      const registry = createTestRegistry();
      class Decorated {
        @Counted(calls, { registry, labels: { outcome } })
        @TracksGauge(running, { registry })
        run(make: Kind['make']): unknown {
          return make();
        }
      }
      // A rejection that the caller did not handle is handled here, or it would end the process.
      const after = kind.fails === true && !settling.includes(way) ? handled : () => {};
      const expected = await seen(use, kind.make(), after);
      const actual = await seen(use, new Decorated().run(kind.make), after);
      t.is(actual, expected, way);

      const [succeeded, failed] = (['success', 'failure'] as const).map(
        (value) => readValue(registry, calls, { outcome: value }) ?? 0,
      ) as [number, number];
      const count = succeeded + failed;
      t.is(count + (readValue(registry, running) ?? 0), 1, `${way}: either in progress or recorded, once`);
      const cannot =
        actual.startsWith('threw TypeError') ||
        actual === 'undefined' ||
        actual === '[undefined, undefined, undefined, undefined]';
      if (!ending[kind.ends].includes(way) || (cannot && kind.ends !== 'at the return')) continue;
      t.is(count, 1, `${way}: over`);
      t.is(failed, kind.fails === true ? 1 : 0, way);
    }
  });
}
