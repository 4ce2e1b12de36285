import test from 'ava';
import type { MetricMeta } from '../../../../lib/history/feed.js';
import { promqlOf } from '../../../../middleware/dashboard/page/explorer/promql.js';
import { searched } from '../../../../middleware/dashboard/page/explorer/search.js';

const meta = (name: string, type: MetricMeta['type'], others: Partial<MetricMeta> = {}): MetricMeta => ({
  name,
  type,
  help: '',
  unit: 'none',
  labels: [],
  series: 1,
  methods: [],
  promql: [],
  ...others,
});

test('the expression has the filters and the groups of the view', (t) => {
  t.is(promqlOf(meta('a_total', 'counter'), {}, undefined), 'rate(a_total[5m])');
  t.is(promqlOf(meta('a_total', 'counter'), {}, []), 'sum (rate(a_total[5m]))');
  t.is(
    promqlOf(meta('a_total', 'counter'), { b: 'c' }, ['d', 'e']),
    'sum by (d, e) (rate(a_total{b="c"}[5m]))',
  );
  t.is(promqlOf(meta('a', 'gauge'), { b: 'c' }, undefined), 'a{b="c"}');
  t.is(
    promqlOf(meta('a_seconds', 'histogram'), {}, ['b']),
    'histogram_quantile(0.95, sum by (le, b) (rate(a_seconds_bucket[5m])))',
  );
  const native = meta('a_seconds', 'histogram', { isNative: true });
  t.is(promqlOf(native, {}, undefined), 'histogram_quantile(0.95, sum (rate(a_seconds[5m])))');
  t.is(
    promqlOf(native, { b: 'c' }, ['d']),
    'histogram_quantile(0.95, sum by (d) (rate(a_seconds{b="c"}[5m])))',
  );
});

test('quotes, backslashes and line breaks of label values are escaped', (t) => {
  t.is(promqlOf(meta('a', 'gauge'), { b: '"\\\n' }, undefined), 'a{b="\\"\\\\\\n"}');
});

test('a search finds names, help, labels and methods, names first', (t) => {
  const metrics = [
    meta('a_total', 'counter', { help: 'Imports of files.' }),
    meta('import_seconds', 'histogram'),
    meta('c', 'gauge', { methods: [{ method: 'Imports.run', decorator: 'Timed' }] }),
    meta('d', 'gauge'),
  ];
  t.deepEqual(
    searched(metrics, 'IMPORT').map(({ name }) => name),
    ['import_seconds', 'a_total', 'c'],
  );
  t.deepEqual(
    searched(metrics, 'imports files').map(({ name }) => name),
    ['a_total'],
  );
  t.is(searched(metrics, ' '), metrics);
});
