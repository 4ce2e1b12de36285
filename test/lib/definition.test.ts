import test from 'ava';
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  defineSummary,
  durationBuckets,
} from '../../lib/define.js';
import { lintDefinition, shapeOf } from '../../lib/definition.js';
import { label } from '../../lib/label.js';

const help = 'Jobs done.';

test('a definition is frozen and has all properties of a metric', (t) => {
  const done = defineCounter({
    name: 'jobs_done_total',
    help,
    labels: { queue: label(), outcome: label('success', 'failure'), model: label({ limit: 50 }) },
  });
  t.deepEqual(JSON.parse(JSON.stringify(done)), {
    type: 'counter',
    name: 'jobs_done_total',
    help,
    labels: { queue: {}, outcome: { values: ['success', 'failure'] }, model: { limit: 50 } },
    aggregator: 'sum',
  });
  t.deepEqual(Object.keys(done.labels), ['queue', 'outcome', 'model'], 'label order is declaration order');
  for (const part of [done, done.labels, done.labels.outcome, done.labels.outcome.values])
    t.true(Object.isFrozen(part));
  t.throws(() => Object.assign(done, { name: 'other' }), { instanceOf: TypeError });
});

test('a definition is independent of the options object', (t) => {
  const buckets = [1, 2];
  const labels = { queue: label() };
  const wait = defineHistogram({ name: 'wait_seconds', help, labels, buckets });
  buckets.push(3);
  Object.assign(labels, { other: label() });
  t.deepEqual(wait.buckets, [1, 2]);
  t.deepEqual(Object.keys(wait.labels), ['queue']);
});

test('defaults: duration buckets, no quantiles over ten minutes, sum, no labels', (t) => {
  t.deepEqual(defineHistogram({ name: 'wait_seconds', help }).buckets, durationBuckets);
  const { quantiles, maxAgeSeconds, ageBuckets } = defineSummary({ name: 'wait_seconds', help });
  t.deepEqual([quantiles, maxAgeSeconds, ageBuckets], [[], 600, 5]);
  t.is(defineGauge({ name: 'depth', help }).aggregator, 'sum');
  t.deepEqual(defineGauge({ name: 'depth', help }).labels, {});
});

test('the text of a definition lists all of its properties', (t) => {
  t.is(
    shapeOf(
      defineHistogram({
        name: 'wait_seconds',
        help,
        labels: { queue: label('a', 'b'), model: label({ limit: 5 }), any: label() },
        buckets: [1, 2],
        maxSeries: 10,
        aggregator: 'max',
      }),
    ),
    'histogram `wait_seconds` {queue(a|b), model(limit 5), any}, buckets [1, 2], aggregator max, maxSeries 10, help "Jobs done."',
  );
  t.is(
    shapeOf(defineSummary({ name: 'wait_seconds', help, quantiles: [0.5] })),
    'summary `wait_seconds` {}, quantiles [0.5], window 600 s in 5, help "Jobs done."',
  );
});

// ---- refused definitions ----------------------------------------------------------------------------------------------

const refused: readonly [what: string, define: () => unknown, code: string, message: string | RegExp][] = [
  [
    'a name with spaces',
    () => defineCounter({ name: 'jobs done', help }),
    'ERR_METRICS_INVALID_NAME',
    'Invalid metric name `jobs done`: expected letters, digits and `_` (not starting with a digit), received "jobs done". `jobs_done` would be valid.',
  ],
  [
    'a name that starts with a digit',
    () => defineCounter({ name: '5xx_total', help }),
    'ERR_METRICS_INVALID_NAME',
    /`_5xx_total` would be valid/,
  ],
  ['an empty name', () => defineGauge({ name: '', help }), 'ERR_METRICS_INVALID_NAME', /received ""/],
  [
    'a name that is no text',
    () => defineGauge({ name: undefined as never, help }),
    'ERR_METRICS_INVALID_NAME',
    /received undefined/,
  ],
  [
    'no help',
    () => defineCounter({ name: 'a_total', help: undefined as never }),
    'ERR_METRICS_INVALID_HELP',
    'Missing help of metric `a_total`: expected a sentence that says what is counted or measured, received undefined.',
  ],
  [
    'a blank help',
    () => defineCounter({ name: 'a_total', help: '  ' }),
    'ERR_METRICS_INVALID_HELP',
    /received " {2}"/,
  ],
  [
    'the label le',
    () => defineHistogram({ name: 'a_seconds', help, labels: { le: label() } }),
    'ERR_METRICS_RESERVED_LABEL',
    /Reserved label name `le` of metric `a_seconds`/,
  ],
  [
    'the label quantile',
    () => defineSummary({ name: 'a_seconds', help, labels: { quantile: label() } }),
    'ERR_METRICS_RESERVED_LABEL',
    /`quantile`/,
  ],
  [
    'a label that starts with __',
    () => defineCounter({ name: 'a_total', help, labels: { __name: label() } }),
    'ERR_METRICS_RESERVED_LABEL',
    /`__name`/,
  ],
  [
    'a label with a dash',
    () => defineCounter({ name: 'a_total', help, labels: { 'my-label': label() } }),
    'ERR_METRICS_INVALID_LABEL',
    /`my-label` of metric `a_total`.* `my_label` would be valid/,
  ],
  [
    'a label that is no specification',
    () => defineCounter({ name: 'a_total', help, labels: { queue: 'text' as never } }),
    'ERR_METRICS_INVALID_LABEL',
    /label `queue` of metric `a_total`: expected `label\(\)`.*received "text"/,
  ],
  [
    'labels as a list of names',
    () => defineCounter({ name: 'a_total', help, labels: ['queue'] as never }),
    'ERR_METRICS_INVALID_LABEL',
    /`labels` of metric `a_total`: expected an object.*received \["queue"\]/,
  ],
  [
    "prom-client's labelNames",
    () => defineCounter({ name: 'a_total', help, labelNames: ['queue'] } as never),
    'ERR_METRICS_INVALID_DEFINITION',
    /Unknown option `labelNames` of metric `a_total`.* Did you mean `labels`\?/,
  ],
  [
    'a misspelt option',
    () => defineHistogram({ name: 'a_seconds', help, bukets: [1] } as never),
    'ERR_METRICS_INVALID_DEFINITION',
    /`bukets`.* Did you mean `buckets`\?/,
  ],
  [
    'buckets on a counter',
    () => defineCounter({ name: 'a_total', help, buckets: [1] } as never),
    'ERR_METRICS_INVALID_DEFINITION',
    /Unknown option `buckets`/,
  ],
  [
    'no options',
    () => defineCounter(undefined as never),
    'ERR_METRICS_INVALID_DEFINITION',
    /argument of `defineCounter`.*received undefined/,
  ],
  [
    'an unknown aggregator',
    () => defineGauge({ name: 'a', help, aggregator: 'median' as never }),
    'ERR_METRICS_INVALID_DEFINITION',
    /`aggregator` of metric `a`: expected one of sum, .* received "median"/,
  ],
  [
    'a budget of 0',
    () => defineGauge({ name: 'a', help, maxSeries: 0 }),
    'ERR_METRICS_INVALID_DEFINITION',
    /`maxSeries` of metric `a`: expected a positive integer, received 0/,
  ],
  [
    'an exemption without a reason',
    () => defineGauge({ name: 'a_hours', help, lint: { allow: ['base-unit'] } as never }),
    'ERR_METRICS_INVALID_DEFINITION',
    /Missing `lint.why` of metric `a_hours`/,
  ],
  [
    'an exemption from an unknown rule',
    () => defineGauge({ name: 'a', help, lint: { allow: ['units' as never], why: 'x' } }),
    'ERR_METRICS_INVALID_DEFINITION',
    /`lint.allow` of metric `a`: expected some of counter-total.*received "units"/,
  ],
  [
    'unsorted buckets',
    () => defineHistogram({ name: 'a_seconds', help, buckets: [1, 5, 2] }),
    'ERR_METRICS_INVALID_BUCKETS',
    'Invalid buckets of histogram `a_seconds`: expected strictly ascending numbers, received 2 after 5 in [1, 5, 2].',
  ],
  [
    'duplicate buckets',
    () => defineHistogram({ name: 'a_seconds', help, buckets: [1, 1] }),
    'ERR_METRICS_INVALID_BUCKETS',
    /received 1 after 1 in \[1, 1\]/,
  ],
  [
    'an infinite bucket',
    () => defineHistogram({ name: 'a_seconds', help, buckets: [1, Number.POSITIVE_INFINITY] }),
    'ERR_METRICS_INVALID_BUCKETS',
    /finite numbers \(\+Inf is added automatically\), received Infinity at index 1/,
  ],
  [
    'a bucket that is NaN',
    () => defineHistogram({ name: 'a_seconds', help, buckets: [Number.NaN] }),
    'ERR_METRICS_INVALID_BUCKETS',
    /received NaN at index 0/,
  ],
  [
    'a bucket that is text',
    () => defineHistogram({ name: 'a_seconds', help, buckets: ['1' as never] }),
    'ERR_METRICS_INVALID_BUCKETS',
    /received "1" at index 0/,
  ],
  [
    'no buckets',
    () => defineHistogram({ name: 'a_seconds', help, buckets: [] }),
    'ERR_METRICS_INVALID_BUCKETS',
    /at least one upper bound, received \[\]/,
  ],
  [
    'buckets that are no list',
    () => defineHistogram({ name: 'a_seconds', help, buckets: 5 as never }),
    'ERR_METRICS_INVALID_BUCKETS',
    /an array of finite numbers.*received 5/,
  ],
  [
    'a quantile of 95',
    () => defineSummary({ name: 'a_seconds', help, quantiles: [95] }),
    'ERR_METRICS_INVALID_QUANTILES',
    /numbers within 0 to 1, received 95/,
  ],
  [
    'unsorted quantiles',
    () => defineSummary({ name: 'a_seconds', help, quantiles: [0.9, 0.5] }),
    'ERR_METRICS_INVALID_QUANTILES',
    /received 0.5 after 0.9/,
  ],
  [
    'a window of no length',
    () => defineSummary({ name: 'a_seconds', help, maxAgeSeconds: 0 }),
    'ERR_METRICS_INVALID_QUANTILES',
    /`maxAgeSeconds` of a positive number of seconds, received 0/,
  ],
  [
    'a window in 0 steps',
    () => defineSummary({ name: 'a_seconds', help, ageBuckets: 0 }),
    'ERR_METRICS_INVALID_QUANTILES',
    /`ageBuckets` of a positive integer, received 0/,
  ],
  [
    'a closed set with a number',
    () => label(5 as never),
    'ERR_METRICS_INVALID_LABEL',
    /Invalid value `5` in a closed label set/,
  ],
  [
    'a closed set with an empty value',
    () => label('a', ''),
    'ERR_METRICS_INVALID_LABEL',
    /Invalid value `""`/,
  ],
  [
    'a closed set with a duplicate value',
    () => label('a', 'a'),
    'ERR_METRICS_INVALID_LABEL',
    /Invalid value `"a"`.*received \["a", "a"\]/,
  ],
  [
    'a limit of 0',
    () => label({ limit: 0 }),
    'ERR_METRICS_INVALID_LABEL',
    /`limit` of a label: expected a positive integer, received 0/,
  ],
];
for (const [what, define, code, message] of refused) {
  test(`${what} is refused, with the received value, the expected one and a fix`, (t) => {
    t.throws(define, { code, message });
  });
}

// ---- lint -----------------------------------------------------------------------------------------------

test.serial(
  'a name that breaks an important convention works, and is reported once; matters of style are not reported',
  async (t) => {
    const warnings: (Error & { code?: string })[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', listen);
    const jobs = defineCounter({ name: 'jobs_done', help });
    const ofTaste = defineGauge({ name: 'queueLag_ms', help: 'the lag' });
    await new Promise(setImmediate);
    process.off('warning', listen);
    t.is(jobs.name, 'jobs_done');
    t.deepEqual(
      lintDefinition(ofTaste).map(({ rule }) => rule),
      ['base-unit', 'snake-case', 'help'],
      'in the list only',
    );
    t.deepEqual(
      warnings.map(({ name, code }) => [name, code]),
      [['MetricsLintWarning', 'METRICS_LINT_COUNTER_TOTAL']],
    );
    t.regex(
      warnings[0]?.message ?? '',
      /Metric `jobs_done`: a counter ends in `_total`\. Rename it, or allow it with `lint: \{ allow: \['counter-total'\], why/,
    );
  },
);

test('an exemption silences only the rules it names', (t) => {
  const life = defineHistogram({
    name: 'life_hours',
    help,
    lint: { allow: ['base-unit'], why: 'People think in hours.' },
  });
  t.deepEqual(lintDefinition(life), []);
  t.is(life.lint?.why, 'People think in hours.');
});
