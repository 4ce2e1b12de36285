import { differs, refused, refusedWith, same } from './contract.js';
import { lines, type Side } from './sides.js';

/** @returns a function that acts on a counter and returns its samples */
const after =
  (labelNames: string[], act: (counter: ReturnType<Side['counter']>) => void) =>
  async (side: Side): Promise<string[]> => {
    act(side.counter({ labelNames }));
    return lines(side);
  };

/** A counter with exemplars, for which prom-client has an option and we have none. */
function exemplarCounter(side: Side): ReturnType<Side['counter']> {
  try {
    return side.counter({ enableExemplars: true });
  } catch {
    return side.counter();
  }
}

same(
  'a counter without labels starts at 0',
  after([], () => {}),
  ['jobs_total 0'],
);
same(
  'a counter with labels has no series before the first recording',
  after(['a'], () => {}),
  [],
);
for (const [call, args, value] of [
  ['inc()', [], 1],
  ['inc(2.5)', [2.5], 2.5],
  ['inc(0)', [0], 0],
  ['inc(null)', [null], 1],
  ['inc({})', [{}], 1],
  ['inc({}, 3)', [{}, 3], 3],
  ['inc({}, undefined)', [{}, undefined], 1],
] as const) {
  same(
    `${call} adds ${value}`,
    after([], (counter) => counter.inc(...(args as readonly unknown[] as []))),
    [`jobs_total ${value}`],
  );
}
for (const [what, value] of [
  ['a negative number', -1],
  ['infinity', Number.POSITIVE_INFINITY],
  ['text', '5'],
] as const) {
  same(
    `${what} is refused`,
    after([], (counter) => counter.inc(value as number)),
    refused,
  );
}
same(
  'labels select the series, in any order, as strings or numbers',
  after(['a', 'b'], (counter) => {
    counter.inc({ a: 'x', b: 200 });
    counter.inc({ b: '200', a: 'x' }, 2);
    counter.inc({ a: 'y', b: 200 });
  }),
  ['jobs_total{a="x",b="200"} 3', 'jobs_total{a="y",b="200"} 1'],
);
same(
  'a missing label is not exposed',
  after(['a', 'b'], (counter) => counter.inc({ a: 'x' })),
  ['jobs_total{a="x"} 1'],
);
same(
  'an unknown label is refused',
  after(['a'], (counter) => counter.inc({ z: 'x' })),
  refused,
);
same(
  '`labels` accepts values in order, or an object',
  after(['a', 'b'], (counter) => {
    counter.labels('x', 'y').inc();
    counter.labels({ a: 'x', b: 'y' }).inc(2);
  }),
  ['jobs_total{a="x",b="y"} 3'],
);
same(
  'the wrong number of label values is refused',
  after(['a', 'b'], (counter) => counter.labels('x').inc()),
  refused,
);
same(
  'the method of the object that `labels` returns works detached',
  after(['a'], (counter) => {
    const { inc } = counter.labels('x');
    inc();
    inc(2);
  }),
  ['jobs_total{a="x"} 3'],
);
same(
  '`remove` removes one series, by values or an object, and ignores a missing one',
  after(['a'], (counter) => {
    for (const a of ['x', 'y', 'z']) counter.inc({ a });
    counter.remove('x');
    counter.remove({ a: 'y' });
    counter.remove('nothing');
  }),
  ['jobs_total{a="z"} 1'],
);
same(
  '`reset` sets a counter without labels to 0',
  after([], (counter) => {
    counter.inc(5);
    counter.reset();
  }),
  ['jobs_total 0'],
);
same(
  '`reset` of a counter with labels removes its series',
  after(['a'], (counter) => {
    counter.inc({ a: 'x' });
    counter.reset();
  }),
  [],
);
same(
  '`get` returns name, help, type, aggregator and values',
  async (side) => {
    const counter = side.counter({ labelNames: ['a'] });
    counter.inc({ a: 'x' }, 2);
    return counter.get();
  },
  {
    name: 'jobs_total',
    help: 'Help.',
    type: 'counter',
    aggregator: 'sum',
    values: [{ value: 2, labels: { a: 'x' } }],
  },
);
same(
  'a `collect` function runs at each scrape, with its metric as `this`, and is awaited',
  async (side) => {
    side.counter({
      async collect() {
        await Promise.resolve();
        (this as ReturnType<Side['counter']>).inc();
      },
    });
    await side.text();
    return lines(side);
  },
  ['jobs_total 2'],
);

differs(
  'NaN and infinite numbers',
  after([], (counter) => counter.inc(Number.NaN)),
  { theirs: ['jobs_total NaN'], ours: refusedWith('ERR_METRICS_INVALID_VALUE') },
);
differs(
  'Two numbers',
  after([], (counter) => counter.inc(...([5, 10] as never[] as [never]))),
  { theirs: ['jobs_total 5'], ours: refusedWith('ERR_METRICS_INVALID_VALUE') },
);
differs(
  'A number after absent labels',
  after([], (counter) => counter.inc(undefined as never, 5)),
  { theirs: ['jobs_total 1'], ours: ['jobs_total 5'] },
);
differs(
  'Methods of an instrument',
  after([], (counter) => {
    const { inc } = counter;
    inc();
  }),
  { theirs: refused, ours: ['jobs_total 1'] },
);
differs(
  'Empty label values',
  (side) => {
    side.counter({ labelNames: ['a'] }).inc({ a: '' });
    // The text itself: an empty value and an absent label read as one.
    return side.text();
  },
  {
    theirs: '# HELP jobs_total Help.\n# TYPE jobs_total counter\njobs_total{a=""} 1\n',
    ours: '# HELP jobs_total Help.\n# TYPE jobs_total counter\njobs_total 1\n',
  },
);
differs(
  'Label values with commas and colons',
  after(['a', 'b'], (counter) => {
    counter.inc({ a: '1,b:2' });
    counter.inc({ a: '1', b: '2,b:undefined' });
    counter.inc({ a: '1', b: '2' });
  }),
  {
    theirs: ['jobs_total{a="1,b:2"} 2', 'jobs_total{a="1",b="2,b:undefined"} 1'],
    ours: ['jobs_total{a="1,b:2"} 1', 'jobs_total{a="1",b="2,b:undefined"} 1', 'jobs_total{a="1",b="2"} 1'],
  },
);
differs(
  'Objects as label values',
  after(['a'], (counter) => counter.inc({ a: {} as string })),
  { theirs: ['jobs_total{a="[object Object]"} 1'], ours: refusedWith('ERR_METRICS_INVALID_LABEL_VALUE') },
);
differs(
  'Label objects that change later',
  after(['a'], (counter) => {
    const labels = { a: 'x' };
    counter.inc(labels);
    labels.a = 'y';
  }),
  { theirs: ['jobs_total{a="y"} 1'], ours: ['jobs_total{a="x"} 1'] },
);
differs(
  'Bound series',
  after(['a'], (counter) => void counter.labels('x')),
  { theirs: [], ours: ['jobs_total{a="x"} 0'] },
);
differs(
  'Removing the only series of a metric without labels',
  after([], (counter) => {
    counter.inc();
    counter.remove();
  }),
  { theirs: [], ours: ['jobs_total 0'] },
);
differs(
  'The same metric twice',
  (side) => {
    side.counter().inc();
    side.counter().inc();
    return lines(side);
  },
  { theirs: refused, ours: ['jobs_total 2'] },
);
differs(
  'Series beyond the budget',
  async (side) => {
    const counter = side.counter({ labelNames: ['a'] });
    for (let number = 0; number < 2_000; number++) counter.inc({ a: number });
    return (await lines(side)).filter((line) => line.startsWith('jobs_total')).length;
  },
  { theirs: 2_000, ours: 1_001 },
);
differs(
  'Exemplars',
  (side) => {
    side.registry.setContentType('application/openmetrics-text; version=1.0.0; charset=utf-8' as never);
    side.counter({ enableExemplars: true }).inc({ value: 2, exemplarLabels: { trace_id: 'a' } });
    return 'kept';
  },
  { theirs: 'kept', ours: refusedWith('ERR_METRICS_INVALID_DEFINITION') },
);
differs(
  'Exemplars within a second',
  async (side) => {
    side.registry.setContentType('application/openmetrics-text; version=1.0.0; charset=utf-8' as never);
    const counter = exemplarCounter(side);
    for (const trace_id of ['a', 'b']) counter.inc({ value: 2, exemplarLabels: { trace_id } as never });
    const text = await side.registry.metrics();
    return [...(/^jobs_total 4 # (\{.*\} 2) \d+/m.exec(text)?.slice(1) ?? [])];
  },
  { theirs: ['{trace_id="b"} 2'], ours: ['{trace_id="a"} 2'] },
);
differs(
  'Exemplars that are too long',
  async (side) => {
    side.registry.setContentType('application/openmetrics-text; version=1.0.0; charset=utf-8' as never);
    const exemplarLabels = { trace_id: 'x'.repeat(200) } as never;
    exemplarCounter(side).inc({ value: 2, exemplarLabels });
    return /^jobs_total 2$/m.test(await side.registry.metrics());
  },
  { theirs: refused, ours: true },
);
differs(
  'Errors',
  (side) => {
    try {
      side.counter({ labelNames: ['a'] }).inc({ z: 'x' });
      return 'recorded';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  },
  { theirs: undefined, ours: 'ERR_METRICS_UNKNOWN_LABEL' },
);
