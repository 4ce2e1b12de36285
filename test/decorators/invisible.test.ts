// In a process of its own: reflect-metadata adds to Reflect.
import 'reflect-metadata';
import test from 'ava';
import fc from 'fast-check';
import { Counted, errorType, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { outcome: label('success', 'failure', 'escalation'), error: label() },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

/** The steps of a generated method, in order. */
interface Behaviour {
  readonly async: boolean;
  readonly ends: 'returns' | 'throws';
  readonly value: unknown;
}

/** One call, as seen from inside the method. */
interface Seen {
  readonly self: unknown;
  readonly args: readonly unknown[];
}

const anything = fc.oneof(
  fc.anything(),
  fc.constant(undefined),
  fc.constant(null),
  fc.constant(Symbol('unique')),
  fc.func(fc.integer()),
  fc.string().map((message) => new Error(message)),
);
const behaviours = fc.array(
  fc.record({
    async: fc.boolean(),
    ends: fc.constantFrom('returns' as const, 'throws' as const),
    value: anything,
    args: fc.array(anything, { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The same class twice, undecorated and decorated. Both log what their methods see. */
function subjects() {
  const registry = createTestRegistry();
  function behave(seen: Seen[], self: unknown, behaviour: Behaviour, args: readonly unknown[]): unknown {
    seen.push({ self, args });
    const end = (): unknown => {
      if (behaviour.ends === 'throws') throw behaviour.value;
      return behaviour.value;
    };
    return behaviour.async ? (async () => end())() : end();
  }
  class Undecorated {
    readonly seen: Seen[] = [];
    run(behaviour: Behaviour, ...args: unknown[]): unknown {
      return behave(this.seen, this, behaviour, args);
    }
  }
  class Decorated {
    readonly seen: Seen[] = [];
    @Timed(seconds, { registry })
    @Counted(calls, { registry, labels: { outcome, error: errorType } })
    @TracksGauge(running, { registry })
    run(behaviour: Behaviour, ...args: unknown[]): unknown {
      return behave(this.seen, this, behaviour, args);
    }
  }
  return { registry, undecorated: new Undecorated(), decorated: new Decorated() };
}

type Ending = { readonly how: 'returned' | 'threw' | 'fulfilled' | 'rejected'; readonly value: unknown };

async function ending(call: () => unknown): Promise<Ending> {
  let returned: unknown;
  try {
    returned = call();
  } catch (value) {
    return { how: 'threw', value };
  }
  if (!(returned instanceof Promise)) return { how: 'returned', value: returned };
  return returned.then(
    (value): Ending => ({ how: 'fulfilled', value }),
    (value): Ending => ({ how: 'rejected', value }),
  );
}

/** Compared by identity, to find a copied result or a wrapped error; NaN equals itself. */
function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

test('a decorated method runs and ends like the undecorated one (property)', async (t) => {
  const property = fc.asyncProperty(behaviours, async (plan) => {
    const { registry, undecorated, decorated } = subjects();
    for (const { args, ...behaviour } of plan) {
      const expected = await ending(() => undecorated.run(behaviour, ...args));
      const actual = await ending(() => decorated.run(behaviour, ...args));
      if (actual.how !== expected.how || !Object.is(actual.value, expected.value)) return false;
    }
    // Same number of calls, in the same order, each with its own arguments and `this`.
    if (undecorated.seen.length !== decorated.seen.length) return false;
    for (const [index, seen] of decorated.seen.entries()) {
      if (seen.self !== decorated || !same(seen.args, undecorated.seen[index]?.args ?? [])) return false;
    }
    // Each call was recorded exactly once, and none is in progress.
    const counted = (await readSamples(registry, calls)).reduce((sum, sample) => sum + sample.value, 0);
    return (
      counted === plan.length &&
      readHistogram(registry, seconds)?.count === plan.length &&
      readValue(registry, running) === 0
    );
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 300 }));
});

test('a synchronous throw stays synchronous, and the returned object is the original', (t) => {
  const { decorated } = subjects();
  const error = new Error('no');
  t.throws(() => decorated.run({ async: false, ends: 'throws', value: error }), { is: error });
  const value = {};
  t.is(decorated.run({ async: false, ends: 'returns', value }), value);
});

test('a thenable is returned unchanged, not started by the decorator, and counted when the caller subscribes', async (t) => {
  const registry = createTestRegistry();
  let ran = 0;
  const query = {
    // biome-ignore lint/suspicious/noThenProperty: a lazy query builder is what is tested.
    then(onFulfilled: (value: number) => void) {
      ran++;
      onFulfilled(1);
    },
  };
  class Database {
    @Counted(calls, { registry, labels: { outcome, error: errorType } })
    select(): unknown {
      return query;
    }
  }
  t.is(new Database().select(), query);
  t.is(ran, 0);
  t.is(readValue(registry, calls, { outcome: 'success', error: 'none' }) ?? 0, 0);
  t.is(await query, 1);
  t.is(ran, 1);
  t.is(readValue(registry, calls, { outcome: 'success', error: 'none' }), 1);
});

test('a decorated method keeps its name, length, own properties, kind and Reflect metadata', (t) => {
  const registry = createTestRegistry();
  const marker = Symbol('marker');
  const marked = (...at: unknown[]): void => {
    const method = at.length === 3 ? (at[2] as PropertyDescriptor).value : at[0];
    Object.assign(method, { note: 'kept', [marker]: 1 });
    Reflect.defineMetadata('role', 'admin', method);
  };
  class Worker {
    @Counted({ registry })
    @marked
    async run(_a: number, _b: string): Promise<void> {}
  }
  const method = Worker.prototype.run as unknown as Record<string | symbol, unknown> & {
    name: string;
    length: number;
  };
  t.is(method.name, 'run');
  t.is(method.length, 2);
  t.is(method.note, 'kept');
  t.is(method[marker], 1);
  t.is(Reflect.getMetadata('role', method), 'admin');
  t.is(method.constructor.name, 'AsyncFunction');
  t.false('prototype' in method, 'a method is not a constructor');
  t.false(Object.keys(Worker.prototype).includes('run'), 'still not enumerable');
});

test('a decorated method works on another `this` and when a subclass overrides it and calls super', (t) => {
  const registry = createTestRegistry();
  class Base {
    factor = 2;
    @Counted({ registry })
    times(n: number): number {
      return this.factor * n;
    }
  }
  class Sub extends Base {
    override times(n: number): number {
      return super.times(n) + 1;
    }
  }
  t.is(Base.prototype.times.call({ factor: 10 } as Base, 4), 40);
  t.is(new Sub().times(4), 9);
});

test('an unhandled rejection is still reported as unhandled', async (t) => {
  const { decorated } = subjects();
  const error = new Error('not handled');
  const surfaced = new Promise((resolve) => {
    const kept = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', (reason) => {
      for (const listener of kept) process.on('unhandledRejection', listener);
      resolve(reason);
    });
  });
  void decorated.run({ async: true, ends: 'throws', value: error });
  t.is(await surfaced, error);
});
