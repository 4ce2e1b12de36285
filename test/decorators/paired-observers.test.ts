/** Several observers of one method as one. */
import test from 'ava';
import { type CallObserver, ObservedCall } from '../../decorators/observed-call.js';
import { combined } from '../../decorators/paired-observers.js';

const callOf = (observer: CallObserver): ObservedCall =>
  new ObservedCall(undefined, [], { holder: undefined }, observer);

/** An observer that notes in `log` when which of its functions is called, and with what. */
function logging(name: string, log: unknown[][]): CallObserver {
  return {
    start: () => name,
    firstItem: (_call, started) => void log.push([name, 'first item', started]),
    item: (_call, started, item) => void log.push([name, item, started]),
    around: (_call, started, run) => {
      log.push([name, 'around', started]);
      return run();
    },
    end: (_call, started) => void log.push([name, 'end', started]),
  };
}

/** Runs a call to its end. */
function run(observer: CallObserver): unknown {
  const call = callOf(observer);
  const started = observer.start?.(call);
  const result = observer.around?.(call, started, () => 'result');
  observer.firstItem?.(call, started);
  observer.item?.(call, started, 'item');
  observer.end?.(call, started);
  return result;
}

test('each observer is called for each event, with what its own start returned; the first one is outermost', (t) => {
  for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    const log: unknown[][] = [];
    t.is(run(combined(names.map((name) => logging(name, log)))), 'result');
    t.deepEqual(
      log,
      ['around', 'first item', 'item', 'end'].flatMap((event) => names.map((name) => [name, event, name])),
    );
  }
});

test('an observer without a start leaves that of the others as it is', (t) => {
  for (const place of [0, 1, 2]) {
    const log: unknown[][] = [];
    const observers = ['a', 'b'].map((name) => logging(name, log));
    observers.splice(place, 0, {});
    t.is(run(combined(observers)), 'result');
    t.deepEqual(
      log,
      ['around', 'first item', 'item', 'end'].flatMap((event) => [
        ['a', event, 'a'],
        ['b', event, 'b'],
      ]),
    );
  }
});

test('observers together have only the functions that one of them has', (t) => {
  const log: unknown[][] = [];
  const whole = logging('a', log);
  t.deepEqual(combined([]), {});
  for (const name of ['start', 'firstItem', 'item', 'around', 'end'] as const) {
    for (const observers of [
      [{ [name]: whole[name] }, {}],
      [{}, { [name]: whole[name] }],
    ]) {
      const { isPlain, ...functions } = combined(observers);
      t.false(isPlain);
      t.deepEqual(Object.keys(functions), [name]);
    }
  }
});

test('observers together are plain if each of them is', (t) => {
  const [plain, other] = [{ isPlain: true }, {}];
  t.true(combined([plain]).isPlain);
  t.true(combined([plain, plain]).isPlain);
  t.not(combined([plain, other]).isPlain, true);
  t.not(combined([other, plain]).isPlain, true);
});

test('of two observers, one may have only a start and the other only an end', (t) => {
  const log: unknown[][] = [];
  const { start, end } = logging('a', log);
  const [ending, starting] = [{ start, end }, { start: () => 'b' }] as CallObserver[] as [
    CallObserver,
    CallObserver,
  ];
  run(combined([ending, starting]));
  run(combined([starting, ending]));
  t.deepEqual(log, [
    ['a', 'end', 'a'],
    ['a', 'end', 'a'],
  ]);
});

const overflow = (): never => {
  throw new RangeError('Maximum call stack size exceeded');
};

test('if the start of an observer overflows the stack, those that have started before end', (t) => {
  const log: unknown[][] = [];
  const observer = combined([logging('a', log), { ...logging('b', log), start: overflow }]);
  run(observer);
  t.deepEqual(log.slice(-2), [
    ['a', 'end', 'a'],
    ['b', 'end', undefined],
  ]);
});

test('if nothing could be started, nothing ends, and an item has no start', (t) => {
  const log: unknown[][] = [];
  const observer = combined([logging('a', log), logging('b', log)]);
  const call = callOf(observer);
  observer.item?.(call, undefined, 'item');
  observer.end?.(call, undefined);
  t.deepEqual(log, [
    ['a', 'item', undefined],
    ['b', 'item', undefined],
  ]);
});

for (const overflowing of [['a'], ['b'], ['c'], ['a', 'b'], ['b', 'c'], ['a', 'c'], ['a', 'b', 'c']]) {
  test(`after the ends of ${overflowing.join(', ')} overflowed the stack, they are retried, and no other ends twice`, (t) => {
    const ended: string[] = [];
    let isFull = true;
    const observers = ['a', 'b', 'c'].map(
      (name): CallObserver => ({
        isPlain: true,
        end: () => {
          if (isFull && overflowing.includes(name)) overflow();
          ended.push(name);
        },
      }),
    );
    const observer = combined(observers);
    const call = callOf(observer);
    t.throws(() => observer.end?.(call, undefined), { instanceOf: RangeError });
    isFull = false;
    observer.end?.(call, undefined);
    t.deepEqual([...new Set(ended)].sort(), ['a', 'b', 'c']);
    if (overflowing.length === 1) t.is(ended.length, 3);
  });
}
