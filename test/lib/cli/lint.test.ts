/** Findings of the lint in third-party expositions, and cases without a finding. */
import test from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { endpointFindings, type LintOptions } from '../../../lib/cli/lint.js';
import { openMetricsFormat, openMetricsWithCreated } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { Counter } from '../../../lib/instruments/counter.js';
import { Gauge } from '../../../lib/instruments/gauge.js';
import { createTestRegistry } from '../../../lib/testing.js';

async function rulesOf(
  text: string,
  maxSeries = 1_000,
  options: Partial<LintOptions> = {},
): Promise<string[]> {
  return endpointFindings(await readExposition([text]), { maxSeries, ...options }).map(({ rule }) => rule);
}

test('a counter whose samples lack _total is reported, but not an OpenMetrics family whose samples have it', async (t) => {
  const about = '# HELP requests Requests.\n# TYPE requests counter\n';
  t.deepEqual(await rulesOf(`${about}requests{a="b"} 1\n`), ['counter-total']);
  t.deepEqual(await rulesOf(`${about}requests_total{a="b"} 1\n`), []);
  t.deepEqual(await rulesOf(about), [], 'without samples it is undecidable');
});

test('labels of exemplars do not count as labels of series', async (t) => {
  t.deepEqual(await rulesOf(`${about('c', 'counter')}c_total{path="/"} 5 # {trace_id="x1"} 1\n# EOF\n`), []);
  t.deepEqual(await rulesOf(`${about('c_total', 'counter')}c_total{trace_id="x1"} 5\n`), [
    'identifier-label',
  ]);
});

test('the limit on series counts the label sets of a histogram, not its buckets', async (t) => {
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

test('labels of a metric without a type are checked as well', async (t) => {
  t.deepEqual(await rulesOf('requests_total{user_id="1"} 1\n'), [
    'missing-type',
    'missing-help',
    'identifier-label',
  ]);
});

function about(name: string, type: string, help = 'Some.'): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

for (const [what, text, expected] of [
  ['the end _min', `${about('lag_min', 'gauge')}lag_min 1\n`, []],
  ['the unit ms', `${about('lag_min_ms', 'gauge')}lag_min_ms 1\n`, ['base-unit']],
  ['untyped', `${about('lag', 'untyped')}lag 1\n`, []],
  ['unknown of OpenMetrics', `${about('lag', 'unknown')}lag 1\n# EOF\n`, []],
  ['no TYPE line', '# HELP lag Some.\nlag 1\n', ['missing-type']],
  ['a help text without full stop', `${about('lag', 'gauge', 'the lag')}lag 1\n`, []],
  [
    'identifiers on an info metric',
    `${about('node_info', 'gauge')}${[1, 2, 3].map((id) => `node_info{user_id="${id}0000000"} 1\n`).join('')}`,
    [],
  ],
  [
    'a series twice',
    `${about('lag', 'gauge')}lag{a="1",b="2"} 1\nlag{b="2",a="1"} 2\n`,
    ['duplicate-series'],
  ],
  ['a series at two times', `${about('lag', 'gauge')}lag 1 1\nlag 2 2\n`, []],
  ['a family twice', `${about('lag', 'gauge')}lag 1\n# TYPE lag gauge\nlag{a="b"} 1\n`, ['duplicate-family']],
  ['a help text twice', `# HELP lag One.\n${about('lag', 'gauge')}lag 1\n`, ['duplicate-family']],
  ['an escape of nothing', `${about('lag', 'gauge')}lag{a="\\d"} 1\n`, ['escape']],
  ['escapes', `${about('lag', 'gauge', 'A\\\\d\\n.')}lag{a="\\\\d\\"\\n"} 1\n`, []],
  ['no newline at the end', `${about('lag', 'gauge')}lag 1`, ['end-of-line']],
  ['a quantile that is a word', `${about('lag', 'summary')}lag{quantile="p9"} 1\n`, ['reserved-label']],
  ['a type behind its samples', '# HELP lag Some.\nlag 1\n# TYPE lag gauge\n', ['duplicate-family']],
  ['a gauge that ends in _count', `${about('lag_count', 'gauge')}lag_count 1\n`, ['reserved-suffix']],
  ['a gauge that ends in _created', `${about('lag_created', 'gauge')}lag_created 1\n`, []],
  ['le on a gauge', `${about('lag', 'gauge')}lag{le="1"} 1\n`, ['reserved-label']],
  ['quantile on a summary', `${about('lag', 'summary')}lag{quantile="0.5"} 1\nlag_sum 1\nlag_count 1\n`, []],
  [
    'a histogram without +Inf',
    `${about('lag', 'histogram')}lag_bucket{a="b",le="1"} 1\nlag_bucket{a="c",le="+Inf"} 1\n`,
    ['bucket-inf'],
  ],
  [
    'buckets that are not cumulative',
    `${about('lag', 'histogram')}lag_bucket{le="+Inf"} 1\nlag_bucket{le="1"} 2\n`,
    ['bucket-order'],
  ],
] as const) {
  test(`${what}: ${expected.length === 0 ? 'no finding' : expected.join()}`, async (t) => {
    t.deepEqual(await rulesOf(text), [...expected]);
  });
}

test('help texts that are not sentences are reported only with `style`', async (t) => {
  t.deepEqual(await rulesOf(`${about('lag', 'gauge', 'the lag')}lag 1\n`, 1_000, { style: true }), ['help']);
});

test('a rule can be ignored, for all metrics or for one', async (t) => {
  const text = `${about('lag_ms', 'gauge')}lag_ms 1\n${about('wait_ms', 'gauge')}wait_ms 1\n`;
  t.deepEqual(await rulesOf(text, 1_000, { ignore: ['base-unit'] }), []);
  t.deepEqual(await rulesOf(text, 1_000, { ignore: ['base-unit:lag_ms'] }), ['base-unit']);
  await t.throwsAsync(rulesOf(text, 1_000, { ignore: ['base-units'] }), {
    message:
      /^Invalid rule `base-units` to ignore: expected one of missing-type, .* Did you mean base-unit\?$/,
  });
  await t.throwsAsync(rulesOf(text, 1_000, { ignore: ['refused'] }), { message: /^Invalid rule `refused`/ });
});

test('a name with many units has one short finding', async (t) => {
  const name = `lag${'_ms'.repeat(100_000)}`;
  const findings = endpointFindings(await readExposition([`${about(name, 'gauge')}${name} 1\n`]), {
    maxSeries: 1_000,
  });
  t.deepEqual(
    findings.map(({ rule }) => rule),
    ['base-unit'],
  );
  t.true((findings[0]?.message.length ?? 0) < 300);
});

test('the metrics of this package have no findings, in either format, with `style`', async (t) => {
  const registry = createTestRegistry();
  for (const definition of Object.values(catalogue)) {
    const instrument = registry.instrument(definition);
    const labels = Object.fromEntries(
      Object.entries(definition.labels).map(([name, { values }]) => [name, values?.[0] ?? 'x']),
    );
    if (instrument instanceof Counter) instrument.inc(labels);
    else if (instrument instanceof Gauge) instrument.set(labels, 1);
    else instrument.observe(labels, 1);
  }
  for (const format of [textFormat, openMetricsFormat, openMetricsWithCreated]) {
    const exposition = await readExposition([await scrapeToString(registry, { format })], format.contentType);
    t.true(exposition.series > 100);
    t.deepEqual(endpointFindings(exposition, { maxSeries: 1_000, style: true }), []);
  }
});
