import { mock } from 'node:test';
import test from 'ava';
import { defineSummary } from '../../../lib/define.js';
import { QuantileWindow } from '../../../lib/instruments/quantile-window.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readSamples, readText } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';

const plain = defineSummary({ name: 'plain_seconds', help: 'Plain.' });
const labelled = defineSummary({
  name: 'labelled_seconds',
  help: 'Labelled.',
  labels: { kind: label() },
  quantiles: [0.5, 0.9, 0.99],
});

test('by default a summary has a sum and a count, and no quantiles', async (t) => {
  const registry = createTestRegistry();
  registry.summary(plain).observe(2);
  registry.summary(plain).observe(3);
  t.is(
    await readText(registry),
    '# HELP plain_seconds Plain.\n# TYPE plain_seconds summary\nplain_seconds_sum 5\nplain_seconds_count 2\n',
  );
});

test('quantiles are exposed with `quantile` as the last label', async (t) => {
  const registry = createTestRegistry();
  const bound = registry.summary(labelled).with({ kind: 'a' });
  for (let value = 1; value <= 1000; value++) bound.observe(value);
  const samples = await readSamples(registry, labelled);
  t.deepEqual(
    samples.map(({ labels, metricName }) => [metricName, Object.entries(labels)]),
    [
      [
        undefined,
        [
          ['kind', 'a'],
          ['quantile', 0.5],
        ],
      ],
      [
        undefined,
        [
          ['kind', 'a'],
          ['quantile', 0.9],
        ],
      ],
      [
        undefined,
        [
          ['kind', 'a'],
          ['quantile', 0.99],
        ],
      ],
      ['labelled_seconds_sum', [['kind', 'a']]],
      ['labelled_seconds_count', [['kind', 'a']]],
    ],
  );
  for (const [index, exact] of [500, 900, 990].entries()) {
    t.true(Math.abs((samples[index]?.value ?? 0) - exact) <= 5, `${samples[index]?.value} is near ${exact}`);
  }
  t.is(samples[3]?.value, 500_500);
  t.is(samples[4]?.value, 1000);
});

test('quantiles of an empty window are NaN, sum and count stay', async (t) => {
  const registry = createTestRegistry();
  registry.summary(labelled).with({ kind: 'a' });
  const text = await readText(registry);
  t.regex(text, /labelled_seconds\{kind="a",quantile="0.5"\} NaN/);
  t.regex(text, /labelled_seconds_count\{kind="a"\} 0/);
});

test.serial('values older than the window no longer count', (t) => {
  const now = Date.now;
  let time = 1_000_000;
  Date.now = () => time;
  try {
    const window = new QuantileWindow(60, 3);
    for (let value = 0; value < 100; value++) window.add(1);
    time += 25_000;
    for (let value = 0; value < 100; value++) window.add(9);
    t.deepEqual(window.quantiles([0.25, 0.75]), [1, 9], 'both ages count');
    time += 40_000;
    t.deepEqual(window.quantiles([0.25, 0.75]), [9, 9], 'the older has slid out');
    time += 600_000;
    t.deepEqual(window.quantiles([0.5]), [Number.NaN], 'all has');
    window.add(5);
    t.deepEqual(window.quantiles([0.5]), [5]);
    window.clear();
    t.deepEqual(window.quantiles([0.5]), [Number.NaN]);
  } finally {
    Date.now = now;
  }
});

test.serial('after the clock was set back, a value stays in the window for its whole time', (t) => {
  const start = Date.UTC(2024, 0, 1);
  freezeDate(t, start);
  const window = new QuantileWindow(60, 3);
  window.add(1);
  const quantilesAt = (seconds: number): readonly number[] => {
    mock.timers.setTime(start + seconds * 1_000);
    return window.quantiles([0.5]);
  };
  t.deepEqual([-1, 58, 59].map(quantilesAt), [[1], [1], [Number.NaN]]);
});

test('a removed bound summary is exposed again, from 0', async (t) => {
  const registry = createTestRegistry();
  const summary = registry.summary(labelled);
  const bound = summary.with({ kind: 'a' });
  bound.observe(5);
  summary.remove({ kind: 'a' });
  t.deepEqual(await readSamples(registry, labelled), []);
  bound.observe(2);
  t.deepEqual(
    (await readSamples(registry, labelled)).map(({ value }) => value),
    [2, 2, 2, 2, 1],
  );
});

test('timers and labels work as on a histogram, and invalid values are errors', async (t) => {
  const registry = createTestRegistry();
  const summary = registry.summary(labelled);
  summary.startTimer({ kind: 'a' })();
  summary.startTimer()({ kind: 'a' });
  summary.with({ kind: 'a' }).startTimer()();
  t.is((await readSamples(registry, labelled)).at(-1)?.value, 3);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 'x' as never]) {
    t.throws(() => summary.observe({ kind: 'new' }, value), {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: /observation of summary `labelled_seconds`/,
    });
    t.throws(() => summary.with({ kind: 'a' }).observe(value), { code: 'ERR_METRICS_INVALID_VALUE' });
  }
  t.is(summary.series.size, 1);
});

test('a summary without quantiles keeps no values, and can be reset', (t) => {
  const summary = createTestRegistry().summary(plain);
  summary.observe(5);
  const [series] = summary.series;
  t.is(series?.window, undefined);
  summary.reset();
  t.deepEqual(
    summary.samples().map(({ value }) => value),
    [0, 0],
  );
});
