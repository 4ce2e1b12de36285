import test from 'ava';
import fc from 'fast-check';
import { Counted, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

/** A generated method: its kind, its steps, and what its caller does with the result. */
const methods = fc.record({
  kind: fc.constantFrom('sync' as const, 'async' as const, 'generator' as const, 'async generator' as const),
  items: fc.array(fc.integer(), { maxLength: 5 }),
  end: fc.constantFrom('return' as const, 'throw' as const),
  value: fc.oneof(
    fc.integer(),
    fc.constant(undefined),
    fc.string().map((message) => new Error(message)),
  ),
  /** The number of items after which the caller leaves a generator; if greater than their number, it reads to the end. */
  breakAfter: fc.integer({ min: 0, max: 7 }),
});
type Method = typeof methods extends fc.Arbitrary<infer M> ? M : never;

/** Runs a method as its caller does, and logs everything that is observable. */
async function observed(method: Method, call: () => unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    const result = call();
    seen.push(Object.prototype.toString.call(result));
    if (method.kind === 'sync') seen.push(result);
    if (method.kind === 'async') seen.push(await result);
    let left = method.breakAfter;
    if (method.kind === 'generator') {
      for (const item of result as Generator<number>) {
        seen.push(item);
        if (left-- === 0) break;
      }
    }
    if (method.kind === 'async generator') {
      for await (const item of result as AsyncGenerator<number>) {
        seen.push(item);
        if (left-- === 0) break;
      }
    }
    seen.push('ended');
  } catch (error) {
    seen.push('threw', error);
  }
  return seen;
}

function behaviour(method: Method, log: unknown[]): Record<Method['kind'], () => unknown> {
  const end = (): unknown => {
    log.push('end');
    if (method.end === 'throw') throw method.value;
    return method.value;
  };
  return {
    sync: end,
    async: async () => end(),
    generator: function* () {
      try {
        yield* method.items;
        return end();
      } finally {
        log.push('finally');
      }
    },
    'async generator': async function* () {
      try {
        yield* method.items;
        return end();
      } finally {
        log.push('finally');
      }
    },
  };
}

for (const stacked of [false, true]) {
  test(`a generated method ${stacked ? 'with stacked decorators' : 'with one decorator'} behaves as undecorated and is recorded exactly once`, async (t) => {
    const property = fc.asyncProperty(fc.array(methods, { minLength: 1, maxLength: 8 }), async (plan) => {
      const registry = createTestRegistry();
      class Alone {
        @Counted(calls, { registry, labels: { outcome } })
        run(make: () => unknown): unknown {
          return make();
        }
      }
      class Stacked {
        @Timed(seconds, { registry })
        @Counted(calls, { registry, labels: { outcome } })
        @TracksGauge(running, { registry })
        run(make: () => unknown): unknown {
          return make();
        }
      }
      const subject = stacked ? new Stacked() : new Alone();
      let failures = 0;
      for (const method of plan) {
        const [bareLog, log]: [unknown[], unknown[]] = [[], []];
        const expected = await observed(method, () => behaviour(method, bareLog)[method.kind]());
        const actual = await observed(method, () => subject.run(behaviour(method, log)[method.kind]));
        t.deepEqual(actual, expected);
        t.true(
          actual.every((seen, index) => Object.is(seen, expected[index])),
          'the same objects',
        );
        t.deepEqual(log, bareLog);
        if (expected.includes('threw')) failures += 1;
      }
      const counted = await readSamples(registry, calls);
      t.is(
        counted.reduce((sum, { value }) => sum + value, 0),
        plan.length,
      );
      t.is(readValue(registry, calls, { outcome: 'failure' }) ?? 0, failures);
      if (!stacked) return;
      t.is(readHistogram(registry, seconds)?.count, plan.length);
      t.is(readValue(registry, running), 0);
    });
    await t.notThrowsAsync(fc.assert(property, { numRuns: 150 }));
  });
}
