/** Exemplars of third-party metrics: which are written in OpenMetrics, and which are left out, with or without being counted. */
import test from 'ava';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

/** What is written after the value of a sample with an exemplar, and whether a problem is counted. */
async function written(exemplar: unknown, type = 'counter') {
  const registry = createTestRegistry();
  const name = 'theirs_total';
  const values = [{ labels: {}, value: 1, exemplar }];
  registry.prometheus.registerMetric({
    name,
    get: async () => ({ name, help: 'Theirs.', type, values }),
  } as never);
  const text = await scrapeToString(registry, { format: openMetricsFormat });
  return {
    text: /^theirs_total 1(.*)$/m.exec(text)?.[1],
    isCounted: readValue(registry, metricsCollectorErrors, { metric: name }) === 1,
  };
}

const whole = { labelSet: { trace_id: 'x' }, value: 0.5, timestamp: 1.5 };

for (const [what, exemplar, expected, isCounted = false] of [
  ['labels, value and timestamp', whole, ' # {trace_id="x"} 0.5 1.5'],
  ['two labels', { ...whole, labelSet: { a: 'x', b: 1 } }, ' # {a="x",b="1"} 0.5 1.5'],
  ['no timestamp', { ...whole, timestamp: undefined }, ' # {trace_id="x"} 0.5'],
  ['a timestamp that is no number', { ...whole, timestamp: 'now' }, ' # {trace_id="x"} 0.5'],
  ['an infinite timestamp', { ...whole, timestamp: Number.POSITIVE_INFINITY }, ' # {trace_id="x"} 0.5'],
  ['an infinite value', { ...whole, value: Number.POSITIVE_INFINITY }, ' # {trace_id="x"} +Inf 1.5'],
  ['128 characters', { ...whole, labelSet: { ab: 'x'.repeat(126) } }, ` # {ab="${'x'.repeat(126)}"} 0.5 1.5`],
  ['129 characters', { ...whole, labelSet: { ab: 'x'.repeat(127) } }, '', true],
  ['a value that is no number', { ...whole, value: '1' }, '', true],
  ['an invalid label name beside a valid one', { ...whole, labelSet: { a: 'x', 'a-b': 'x' } }, '', true],
  ['no labels', { ...whole, labelSet: {} }, ''],
  ['no set of labels', { value: 1 }, ''],
] as const)
  test(`an exemplar with ${what} is ${expected === '' ? 'left out' : 'written'}${isCounted ? ', and counted' : ''}`, async (t) => {
    t.deepEqual(await written(exemplar), { text: expected, isCounted });
  });

for (const [what, exemplar] of [
  ['null', null],
  ['text', 'x'],
  ['undefined', undefined],
] as const)
  test(`${what} is no exemplar`, async (t) => {
    t.deepEqual(await written(exemplar), { text: '', isCounted: false });
  });

test('a gauge has no exemplars in OpenMetrics', async (t) => {
  t.deepEqual(await written(whole, 'gauge'), { text: '', isCounted: false });
});
