import test from 'ava';
import { freezeDate } from '../helpers/freeze-date.js';
import { differs, refused, refusedWith, same } from './contract.js';
import { lines, ourSide, promClientSide, type Side } from './sides.js';

const after =
  (labelNames: string[], act: (gauge: ReturnType<Side['gauge']>) => void) =>
  async (side: Side): Promise<string[]> => {
    act(side.gauge({ labelNames }));
    return lines(side);
  };

same(
  'a gauge without labels starts at 0',
  after([], () => {}),
  ['depth 0'],
);
same(
  'a gauge with labels has no series before the first recording',
  after(['a'], () => {}),
  [],
);
same(
  '`set` accepts a number, `inc` and `dec` an optional one',
  after([], (gauge) => {
    gauge.set(5);
    gauge.inc();
    gauge.inc(2.5);
    gauge.dec();
    gauge.dec(10);
  }),
  ['depth -2.5'],
);
same(
  'labels come first',
  after(['a'], (gauge) => {
    gauge.set({ a: 'x' }, 5);
    gauge.inc({ a: 'x' });
    gauge.dec({ a: 'x' }, 3);
    gauge.inc({ a: 'y' });
  }),
  ['depth{a="x"} 3', 'depth{a="y"} 1'],
);
for (const method of ['set', 'inc'] as const) {
  same(
    `\`${method}\` refuses text`,
    after([], (gauge) => gauge[method]('5' as never)),
    refused,
  );
}
same(
  '`set` refuses a missing number, and unknown labels are refused',
  async (side) => {
    const gauge = side.gauge({ labelNames: ['a'] });
    const calls = [() => gauge.set({ a: 'x' }, undefined as never), () => gauge.set({ z: 'x' }, 1)];
    for (const call of calls) {
      try {
        call();
        return 'recorded';
      } catch {
        // As it should.
      }
    }
    return lines(side);
  },
  [],
);
same(
  'the methods of the object that `labels` returns work detached',
  after(['a'], (gauge) => {
    const { set, inc, dec } = gauge.labels('x');
    set(5);
    inc(2);
    dec();
  }),
  ['depth{a="x"} 6'],
);
same(
  '`startTimer` sets and returns the elapsed seconds, with labels from its start and its end',
  async (side) => {
    const gauge = side.gauge({ labelNames: ['a', 'b'] });
    const seconds = gauge.startTimer({ a: 'x' })({ b: 'y' });
    gauge.labels('x', 'y').startTimer()({ b: 'z' });
    const [first, second] = await lines(side);
    return [first === `depth{a="x",b="y"} ${seconds}`, second?.startsWith('depth{a="x",b="z"} ')];
  },
  [true, true],
);
same(
  '`remove` and `reset` remove series',
  async (side) => {
    const gauge = side.gauge({ labelNames: ['a'] });
    for (const a of ['x', 'y']) gauge.set({ a }, 1);
    gauge.remove('x');
    const left = await lines(side);
    gauge.reset();
    return [left, await lines(side)];
  },
  [['depth{a="y"} 1'], []],
);

for (const [name, side] of [
  ['prom-client', promClientSide()],
  ['ours', ourSide()],
] as const) {
  test.serial(`\`setToCurrentTime\` sets the seconds since 1970 (${name})`, async (t) => {
    freezeDate(t, 1_700_000_000_000);
    side.gauge().setToCurrentTime();
    t.deepEqual(await lines(side), ['depth 1700000000']);
  });
}

differs(
  'NaN and infinite numbers',
  after([], (gauge) => gauge.set(Number.POSITIVE_INFINITY)),
  { theirs: ['depth Infinity'], ours: refusedWith('ERR_METRICS_INVALID_VALUE') },
);
differs(
  'A number after absent labels',
  after([], (gauge) => gauge.set(undefined as never, 5)),
  { theirs: refused, ours: ['depth 5'] },
);
differs(
  'Numeric strings',
  after([], (gauge) => gauge.dec('5' as never)),
  { theirs: ['depth -5'], ours: refusedWith('ERR_METRICS_INVALID_VALUE') },
);
