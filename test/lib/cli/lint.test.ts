/** What the lint finds in expositions of others, and what it must not find. */
import test from 'ava';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { endpointFindings } from '../../../lib/cli/lint.js';

async function rulesOf(text: string, maxSeries = 1_000): Promise<string[]> {
  return endpointFindings(await readExposition([text]), { maxSeries }).map(({ rule }) => rule);
}

test('a counter whose samples lack _total is found; a family of OpenMetrics, whose samples have it, is not', async (t) => {
  const about = '# HELP requests Requests.\n# TYPE requests counter\n';
  t.deepEqual(await rulesOf(`${about}requests{a="b"} 1\n`), ['counter-total']);
  t.deepEqual(await rulesOf(`${about}requests_total{a="b"} 1\n`), []);
  t.deepEqual(await rulesOf(about), [], 'without samples nobody can tell');
});

test('the labels of exemplars are no identifiers of series', async (t) => {
  const about = '# HELP c_total C.\n# TYPE c_total counter\n';
  t.deepEqual(await rulesOf(`${about}c_total{path="/"} 5 # {trace_id="x1"} 1\n`), []);
  t.deepEqual(await rulesOf(`${about}c_total{trace_id="x1"} 5\n`), ['identifier-label']);
});

test('a histogram has too many series by its label sets, not by its buckets', async (t) => {
  const histogram = (labelSets: number): string =>
    `# HELP h_seconds H.\n# TYPE h_seconds histogram\n${Array.from({ length: labelSets }, (_, index) =>
      ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '+Inf']
        .map((le) => `h_seconds_bucket{a="${index}",le="${le}"} 1\n`)
        .concat(`h_seconds_sum{a="${index}"} 1\n`, `h_seconds_count{a="${index}"} 1\n`)
        .join(''),
    ).join('')}`;
  t.deepEqual(await rulesOf(histogram(72), 72), []);
  t.deepEqual(await rulesOf(histogram(73), 72), ['cardinality']);
});

test('labels of a metric without a type are looked at all the same', async (t) => {
  t.deepEqual(await rulesOf('requests_total{user_id="1"} 1\n'), [
    'missing-type',
    'missing-help',
    'identifier-label',
  ]);
});

test('min is a minimum but where a unit stands', async (t) => {
  const gauge = (name: string): string => `# HELP ${name} Some.\n# TYPE ${name} gauge\n${name} 1\n`;
  t.deepEqual(await rulesOf(gauge('lag_min_seconds')), []);
  t.deepEqual(await rulesOf(gauge('uptime_min')), ['base-unit']);
  t.deepEqual(await rulesOf(gauge('lag_min_ms')), ['base-unit']);
});
