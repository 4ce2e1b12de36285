import { mock } from 'node:test';
import { differs, refused, same } from './contract.js';
import { lines, type Side } from './sides.js';

const after =
  (labelNames: string[], act: (summary: ReturnType<Side['summary']>) => void) =>
  async (side: Side): Promise<string[]> => {
    act(side.summary({ labelNames, quantiles: [0.5] }));
    return lines(side);
  };
const counts =
  (labelNames: string[], act: (summary: ReturnType<Side['summary']>) => void) =>
  async (side: Side): Promise<string[]> =>
    (await after(labelNames, act)(side)).filter((line) => line.startsWith('size_bytes_count'));

same(
  'quantiles, sum and count of the observed values',
  after(['a'], (summary) => {
    for (const value of [10, 20, 30]) summary.observe({ a: 'x' }, value);
  }),
  ['size_bytes{a="x",quantile="0.5"} 20', 'size_bytes_sum{a="x"} 60', 'size_bytes_count{a="x"} 3'],
);
same(
  'a summary without labels starts at 0, and accepts a number alone',
  async (side) => {
    const summary = side.summary();
    const before = (await lines(side)).filter((line) => line.startsWith('size_bytes_count'));
    summary.observe(0);
    return [...before, ...(await lines(side)).filter((line) => line.startsWith('size_bytes_count'))];
  },
  ['size_bytes_count 0', 'size_bytes_count 1'],
);
for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '5']) {
  same(
    `an observation of ${value} (${typeof value}) is refused`,
    after([], (summary) => summary.observe(value as number)),
    refused,
  );
}
same(
  'an unknown label is refused',
  after(['a'], (summary) => summary.observe({ z: 'x' }, 1)),
  refused,
);
same('a label `quantile` is refused', (side) => side.summary({ labelNames: ['quantile'] }), refused);
same(
  'the methods of the object that `labels` returns work detached',
  counts(['a'], (summary) => {
    const { observe, startTimer } = summary.labels('x');
    observe(1);
    startTimer()();
  }),
  ['size_bytes_count{a="x"} 2'],
);
same(
  'timers accept labels at their start and at their end',
  counts(['a', 'b'], (summary) => void summary.startTimer({ a: 'x' })({ b: 'y' })),
  ['size_bytes_count{a="x",b="y"} 1'],
);
same(
  '`remove` removes one series',
  counts(['a'], (summary) => {
    for (const a of ['x', 'y']) summary.observe({ a }, 1);
    summary.remove('x');
  }),
  ['size_bytes_count{a="y"} 1'],
);

differs(
  'Default quantiles',
  async (side) => {
    side.summary().observe(1);
    return (await lines(side)).flatMap((line) => /quantile="(.+)"/.exec(line)?.[1] ?? []);
  },
  { theirs: ['0.01', '0.05', '0.5', '0.9', '0.95', '0.99', '0.999'], ours: [] },
);
differs(
  'Window of quantiles',
  async (side) => {
    mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    try {
      side.summary({ quantiles: [0.5] }).observe(10);
      mock.timers.tick(601_000);
      return (await lines(side))[0];
    } finally {
      mock.timers.reset();
    }
  },
  { theirs: 'size_bytes{quantile="0.5"} 10', ours: 'size_bytes{quantile="0.5"} NaN' },
);
differs('Quantiles of an empty window', async (side) => (await after([], () => {})(side))[0], {
  theirs: 'size_bytes{quantile="0.5"} 0',
  ours: 'size_bytes{quantile="0.5"} NaN',
});
differs(
  'Resetting a summary with labels',
  counts(['a'], (summary) => {
    summary.observe({ a: 'x' }, 1);
    summary.reset();
  }),
  { theirs: ['size_bytes_count{a="x"} 0'], ours: [] },
);
