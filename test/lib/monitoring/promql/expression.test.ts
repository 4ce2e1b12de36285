/** PromQL built from definitions: labels, values and parts that a definition lacks are errors. */
import test from 'ava';
import { defineCounter, defineHistogram, defineSummary } from '../../../../lib/define.js';
import { MetricsError } from '../../../../lib/errors.js';
import { label } from '../../../../lib/label.js';
import {
  aggregate,
  boundTexts,
  bucketMatch,
  duration,
  ratio,
  selector,
} from '../../../../lib/monitoring/promql/expression.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label('success', 'failure') },
});
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waiting.',
  labels: { queue: label() },
  buckets: [0.5, 1, 1_000_000],
});

test('a selector has the name, the labels and the matchers', (t) => {
  t.is(selector(jobs), 'jobs_total');
  t.is(
    selector(jobs, {
      job: 'tamma',
      queue: { noneOf: ['a.b', 'c"d'] },
      outcome: { oneOf: ['failure', 'other'] },
    }),
    'jobs_total{job="tamma",queue!~"a\\\\.b|c\\"d",outcome=~"failure|other"}',
  );
  t.is(selector(wait, { queue: { raw: '=~"$queue"' } }, '_count'), 'wait_seconds_count{queue=~"$queue"}');
});

for (const [what, wrong, message] of [
  [
    'a label that the metric lacks',
    () => selector(jobs, { outcom: 'failure' }),
    /received "outcom"\. Did you mean `outcome`\?/,
  ],
  [
    'a value outside a closed set',
    () => selector(jobs, { outcome: 'failed' }),
    /expected one of success, failure, received "failed"/,
  ],
  [
    'a histogram without a part',
    () => selector(wait),
    /expected one of its parts \(_bucket, _sum, _count\), received undefined/,
  ],
  [
    'a part that a counter lacks',
    () => selector(jobs, {}, '_sum'),
    /expected no part, since it is a counter, received "_sum"/,
  ],
  [
    'a part that a summary lacks',
    () => selector(defineSummary({ name: 'x_seconds', help: 'X.' }), {}, '_bucket'),
    /expected one of its parts \(_sum, _count\), received "_bucket"/,
  ],
  [
    'a bound that the histogram lacks',
    () => bucketMatch(wait, 2),
    /expected one of its bounds \(0\.5, 1, 1000000\), received 2/,
  ],
] as const) {
  test(`${what} is an error that lists the valid choices`, (t) => {
    t.throws(wrong as () => unknown, {
      instanceOf: MetricsError,
      code: 'ERR_METRICS_INVALID_MONITORING',
      message,
    });
  });
}

test('a bucket bound is matched in the notations of both formats and both versions of Prometheus', (t) => {
  t.deepEqual(boundTexts(0.5), ['0.5']);
  t.deepEqual(boundTexts(1), ['1', '1.0']);
  t.deepEqual(boundTexts(100_000), ['100000', '100000.0']);
  t.deepEqual(boundTexts(1_000_000), ['1000000', '1000000.0', '1e+06']);
  t.deepEqual(boundTexts(1_048_576), ['1048576', '1048576.0', '1.048576e+06']);
  t.deepEqual(boundTexts(0.000_01), ['0.00001', '1e-05']);
  t.deepEqual(boundTexts(0), ['0', '0.0']);
  t.is(selector(wait, { le: bucketMatch(wait, 0.5) }, '_bucket'), 'wait_seconds_bucket{le="0.5"}');
  t.is(selector(wait, { le: bucketMatch(wait, 1) }, '_bucket'), 'wait_seconds_bucket{le=~"1|1\\\\.0"}');
  t.is(
    selector(wait, { le: bucketMatch(wait, 1_000_000) }, '_bucket'),
    'wait_seconds_bucket{le=~"1000000|1000000\\\\.0|1e\\\\+06"}',
  );
});

test('aggregations and ratios are written', (t) => {
  t.is(aggregate('sum', ['queue'], 'x'), 'sum by (queue) (x)');
  t.is(aggregate('sum', [], 'x'), 'sum(x)');
  t.is(ratio('a', 'b'), '(a or 0 * b) / (b > 0)');
});

for (const [seconds, expected] of [
  [15, '15s'],
  [90, '1m30s'],
  [300, '5m'],
  [86_400 * 3, '3d'],
  [0.25, '250ms'],
  [1.5, '1s500ms'],
  [0, '0s'],
] as const) {
  test(`${seconds} s is written as ${expected}`, (t) => t.is(duration(seconds), expected));
}
