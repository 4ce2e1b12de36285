import test from 'ava';
import { Counter as PromCounter } from 'prom-client';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { numberText } from '../../../lib/exposition/format.js';
import { scrapeChunks } from '../../../lib/exposition/scrape.js';
import { textContentType } from '../../../lib/exposition/text.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readText, readValue } from '../../../lib/testing.js';
import { parseText } from '../../helpers/parse-text.js';

test('labels are written in declaration order', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(
    defineCounter({
      name: 'calls_total',
      help: 'Calls.',
      labels: { zebra: label(), apple: label(), mango: label() },
    }),
  );
  counter.inc({ mango: 'm', apple: 'a', zebra: 'z' });
  t.regex(await readText(registry), /^calls_total\{zebra="z",apple="a",mango="m"\} 1$/m);
});

test('our and third-party families are written in registration order, with help and type', async (t) => {
  const registry = createTestRegistry();
  registry.counter(defineCounter({ name: 'first_total', help: 'The first.' }));
  new PromCounter({ name: 'second_total', help: 'Theirs.', registers: [registry.prometheus] });
  registry.gauge(defineGauge({ name: 'third', help: 'The third.' }));
  t.is(
    await readText(registry),
    `# HELP first_total The first.
# TYPE first_total counter
first_total 0
# HELP second_total Theirs.
# TYPE second_total counter
second_total 0
# HELP third The third.
# TYPE third gauge
third 0
`,
  );
});

test('backslashes, newlines and quotes are escaped in values, backslashes and newlines in help', async (t) => {
  const registry = createTestRegistry();
  const help = 'A \\ and a\nnewline.';
  registry
    .counter(
      defineCounter({
        name: 'odd_total',
        help,
        labels: { v: label() },
        lint: { allow: ['help'], why: 'tested' },
      }),
    )
    .inc({ v: 'a\\b"c\nd' });
  const text = await readText(registry);
  t.true(text.includes('# HELP odd_total A \\\\ and a\\nnewline.\n'));
  t.true(text.includes('odd_total{v="a\\\\b\\"c\\nd"} 1\n'));
  t.deepEqual({ ...parseText(text)[0]?.labels }, { v: 'a\\b"c\nd' });
});

test('numbers are written so that Prometheus reads them back exactly', (t) => {
  t.deepEqual([0, -0.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 0.1 + 0.2].map(numberText), [
    '0',
    '-0.5',
    '1e+21',
    '1e-7',
    '9007199254740991',
    '0.30000000000000004',
  ]);
  t.deepEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(numberText), [
    '+Inf',
    '-Inf',
    'NaN',
  ]);
});

test('a lone surrogate is written as the replacement character', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(
    defineCounter({ name: 'odd_total', help: 'Odd.', labels: { v: label() } }),
  );
  counter.inc({ v: 'a\ud800' });
  counter.inc({ v: 'a\udfff' });
  t.regex(await readText(registry), /^odd_total\{v="a\ufffd"\} 2$/m);
});

test('a failing collect function of any library drops only its metric, and is counted', async (t) => {
  const registry = createTestRegistry();
  const bad = defineGauge({ name: 'bad', help: 'Bad.' });
  registry.gauge(bad, {
    collect: () => {
      throw new Error('no database');
    },
  });
  registry.gauge(defineGauge({ name: 'worse', help: 'Worse.' }), {
    collect: async () => {
      throw new Error('no network');
    },
  });
  new PromCounter({
    name: 'theirs_total',
    help: 'Theirs.',
    registers: [registry.prometheus],
    collect: () => {
      throw new Error('no luck');
    },
  });
  registry.counter(defineCounter({ name: 'good_total', help: 'Good.' })).inc();
  for (let scrape = 1; scrape <= 2; scrape++) {
    t.deepEqual(
      parseText(await readText(registry))
        .filter(({ name }) => !name.startsWith('metrics_'))
        .map(({ name }) => name),
      ['good_total'],
    );
    for (const metric of ['bad', 'worse', 'theirs_total'])
      t.is(readValue(registry, metricsCollectorErrors, { metric }), scrape, metric);
  }
  t.is(registry.warnings.length, 3);
  t.regex(
    registry.warnings[0]?.message ?? '',
    /Collecting metric `bad` failed: no database\. The failed part is left out of the scrape/,
  );
});

test('an invalid third-party metric loses only its own lines', async (t) => {
  const registry = createTestRegistry();
  registry.prometheus.registerMetric({ name: 'odd', get: () => ({ name: 'odd', type: 'gauge' }) } as never);
  registry.prometheus.registerMetric({ name: 'none', get: () => undefined } as never);
  registry.counter(defineCounter({ name: 'good_total', help: 'Good.' })).inc();
  t.regex(await readText(registry), /^good_total 1$/m);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'odd' }), 1);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'none' }), 1);
});

test('labels named like properties of Object.prototype work', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(
    defineCounter({ name: 'odd_total', help: 'Odd.', labels: { constructor: label(), toString: label() } }),
  );
  counter.inc({ constructor: '', toString: 'x' });
  counter.labels({ toString: 'x' } as never).inc();
  t.regex(await readText(registry), /^odd_total\{toString="x"\} 2$/m);
});

test('a large scrape is split into chunks', async (t) => {
  const registry = createTestRegistry({ maxSeries: 10_000 });
  const counter = registry.counter(
    defineCounter({ name: 'calls_total', help: 'Calls.', labels: { user: label() } }),
  );
  for (let user = 0; user < 10_000; user++) counter.inc({ user });
  const chunks: string[] = [];
  for await (const chunk of scrapeChunks(registry)) chunks.push(chunk.toString());
  t.true(chunks.length > 5);
  t.true(Math.max(...chunks.map(({ length }) => length)) < 40_000);
  t.is(parseText(chunks.join('')).length, 10_000);
});

test('the content type matches the format', (t) => {
  t.is(textContentType, 'text/plain; version=0.0.4; charset=utf-8');
});
