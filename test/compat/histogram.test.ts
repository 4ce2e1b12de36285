import { differs, refused, refusedWith, same } from './contract.js';
import { lines, type Side } from './sides.js';

const after =
  (labelNames: string[], act: (histogram: ReturnType<Side['histogram']>) => void) =>
  async (side: Side): Promise<string[]> => {
    act(side.histogram({ labelNames, buckets: [1, 5] }));
    return lines(side);
  };
const counts =
  (labelNames: string[], act: (histogram: ReturnType<Side['histogram']>) => void) =>
  async (side: Side): Promise<string[]> =>
    (await after(labelNames, act)(side)).filter((line) => line.startsWith('wait_seconds_count'));
const zeros = [
  'wait_seconds_bucket{le="1"} 0',
  'wait_seconds_bucket{le="5"} 0',
  'wait_seconds_bucket{le="+Inf"} 0',
  'wait_seconds_sum 0',
  'wait_seconds_count 0',
];

same(
  'a histogram without labels starts at 0',
  after([], () => {}),
  zeros,
);
same(
  'a histogram with labels has no series before the first observation',
  after(['a'], () => {}),
  [],
);
same(
  'buckets are cumulative and include their bound, and +Inf is the count',
  after(['a'], (histogram) => {
    for (const value of [0, 1, 1.5, 5, 7]) histogram.observe({ a: 'x' }, value);
  }),
  [
    'wait_seconds_bucket{a="x",le="1"} 2',
    'wait_seconds_bucket{a="x",le="5"} 4',
    'wait_seconds_bucket{a="x",le="+Inf"} 5',
    'wait_seconds_sum{a="x"} 14.5',
    'wait_seconds_count{a="x"} 5',
  ],
);
for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '5', undefined, null]) {
  same(
    `an observation of ${value} (${typeof value}) is refused`,
    after([], (histogram) => histogram.observe(value as number)),
    refused,
  );
}
same(
  'an absent label is not exposed',
  counts([], (histogram) => histogram.observe(undefined as never, 0.5)),
  ['wait_seconds_count 1'],
);
same(
  'an unknown label is refused',
  after(['a'], (histogram) => histogram.observe({ z: 'x' }, 1)),
  refused,
);
same('a label `le` is refused', (side) => side.histogram({ labelNames: ['le'] }), refused);
same(
  '`zero` creates a series with the value 0',
  counts(['a'], (histogram) => histogram.zero({ a: 'x' })),
  ['wait_seconds_count{a="x"} 0'],
);
same(
  'the methods of the object that `labels` returns work detached',
  counts(['a'], (histogram) => {
    const { observe, startTimer } = histogram.labels('x');
    observe(0.5);
    startTimer()();
  }),
  ['wait_seconds_count{a="x"} 2'],
);
same(
  'timers accept labels at their start and at their end',
  counts(['a', 'b'], (histogram) => {
    histogram.startTimer({ a: 'x' })({ b: 'y' });
    histogram.labels('x', 'y').startTimer()({ b: 'z' });
  }),
  ['wait_seconds_count{a="x",b="y"} 1', 'wait_seconds_count{a="x",b="z"} 1'],
);
same(
  'a timer takes exemplar labels, which the text format does not show',
  counts(['a'], (histogram) => {
    const end = Reflect.apply(histogram.startTimer, histogram, [{ a: 'x' }, { trace_id: '1' }]);
    Reflect.apply(end, undefined, [{}, { trace_id: '2' }]);
  }),
  ['wait_seconds_count{a="x"} 1'],
);
same(
  '`remove` removes one series',
  counts(['a'], (histogram) => {
    for (const a of ['x', 'y']) histogram.observe({ a }, 1);
    histogram.remove({ a: 'x' });
  }),
  ['wait_seconds_count{a="y"} 1'],
);

differs(
  'Default buckets',
  async (side) => {
    side.histogram();
    return (await lines(side)).flatMap((line) => /le="(.+)"/.exec(line)?.[1] ?? []);
  },
  {
    theirs: ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'],
    ours: [
      ...['0.001', '0.005', '0.01', '0.05', '0.1', '0.5', '1', '2', '5', '10', '30', '60'],
      ...['300', '600', '1800', '3600', '+Inf'],
    ],
  },
);
differs(
  'Buckets out of order',
  (side) => {
    side.histogram({ buckets: [5, 1] });
    return 'made';
  },
  { theirs: 'made', ours: refusedWith('ERR_METRICS_INVALID_BUCKETS') },
);
differs(
  'Weights',
  counts([], (histogram) => (histogram.observe as (value: number, weight: number) => void)(0.5, 10)),
  { theirs: ['wait_seconds_count 1'], ours: ['wait_seconds_count 10'] },
);
differs(
  'Resetting a histogram without labels',
  after([], (histogram) => {
    histogram.observe(0.5);
    histogram.reset();
  }),
  { theirs: [], ours: zeros },
);
differs(
  'Order of labels',
  async (side) => {
    side.histogram({ labelNames: ['a'], buckets: [1] }).observe({ a: 'x' }, 0.5);
    return /\{.*\}/.exec(await side.text())?.[0];
  },
  { theirs: '{le="1",a="x"}', ours: '{a="x",le="1"}' },
);
differs(
  'Bounds in OpenMetrics',
  async (side) => {
    side.histogram({ buckets: [1] });
    return /le="[^"]+"/.exec(await side.text('openmetrics'))?.[0];
  },
  { theirs: 'le="1"', ours: 'le="1.0"' },
);
