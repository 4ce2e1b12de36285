// In a process of its own: it records in the shared registry.
import { readFile } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import test from 'ava';
import { Counted, Timed } from '../../decorators/index.js';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { init } from '../../lib/cli/init.js';
import { paintFor } from '../../lib/cli/paint.js';
import { PrometheusMetricsCollector } from '../../lib/collector.js';
import { loadMetricsConfig } from '../../lib/config.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { errorCodes, MetricsError, metricsError, nearest, shown } from '../../lib/errors.js';
import { label } from '../../lib/label.js';
import { selector } from '../../lib/monitoring/promql/expression.js';
import { promqlParser } from '../../lib/monitoring/promql/promql.js';
import { writeBundle } from '../../lib/monitoring/write-bundle.js';
import { createTestRegistry, expectRecorded } from '../../lib/testing.js';
import { metricsRouter, startMetricsServer } from '../../middleware/index.js';
import { fromRoot } from '../helpers/package-root.js';

const documentation = await readFile(fromRoot('lib/errors.md'), 'utf8');
/** Code -> its section. */
const sections = new Map(
  documentation
    .split(/^# Warnings/m)[0]
    ?.split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);

test('lib/errors.md documents every code, and no other', (t) => {
  t.deepEqual([...sections.keys()], Object.keys(errorCodes));
});

/** For each code, calls that throw it with the messages of the documentation. */
const queue = { queue: label() };
const provoked: Readonly<Record<keyof typeof errorCodes, () => unknown>> = {
  ERR_METRICS_INVALID_NAME: () => defineCounter({ name: 'jobs done', help: 'Jobs.' }),
  ERR_METRICS_INVALID_HELP: () => defineCounter({ name: 'jobs_done_total' } as never),
  ERR_METRICS_INVALID_LABEL: () =>
    defineCounter({ name: 'jobs_done_total', help: 'Jobs.', labels: { queue: 'text' as never } }),
  ERR_METRICS_RESERVED_LABEL: () =>
    defineHistogram({ name: 'wait_seconds', help: 'Waiting.', labels: { le: label() } }),
  ERR_METRICS_INVALID_BUCKETS: () =>
    defineHistogram({ name: 'wait_seconds', help: 'Waiting.', buckets: [1, 5, 2] }),
  ERR_METRICS_INVALID_QUANTILES: () =>
    defineSummary({ name: 'wait_seconds', help: 'Waiting.', quantiles: [95] }),
  ERR_METRICS_INVALID_DEFINITION: () =>
    defineCounter({ name: 'jobs_done_total', help: 'Jobs.', labelNames: ['a'] } as never),
  ERR_METRICS_DEFINITION_CONFLICT: () => {
    const registry = createTestRegistry();
    registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: queue }));
    registry.gauge(
      defineGauge({
        name: 'jobs_total',
        help: 'Jobs.',
        labels: queue,
        lint: { allow: ['total-counter'], why: 'tested' },
      }),
    );
  },
  ERR_METRICS_ALREADY_REGISTERED: () => collector().registerGauge('queue_depth', 'Depth.'),
  ERR_METRICS_UNKNOWN_METRIC: () => collector().incrementCounter('issue_processed_total'),
  ERR_METRICS_WRONG_TYPE: () => Timed(defineCounter({ name: 'jobs_total', help: 'Jobs.' }) as never),
  ERR_METRICS_INVALID_VALUE: () =>
    createTestRegistry()
      .counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }))
      .inc(Number.NaN),
  ERR_METRICS_NEGATIVE_INCREMENT: () =>
    createTestRegistry()
      .counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }))
      .inc(-1),
  ERR_METRICS_UNKNOWN_LABEL: () => calls().inc({ a: '1', b: '2', c: '3' } as never),
  ERR_METRICS_LABEL_COUNT: () => calls().labels('1'),
  ERR_METRICS_INVALID_LABEL_VALUE: () => calls().inc({ a: '1', b: {} as never }),
  ERR_METRICS_INVALID_COLLECTOR: () =>
    createTestRegistry().gauge(defineGauge({ name: 'depth', help: 'Depth.' }), { collect: 5 as never }),
  ERR_METRICS_INVALID_OPTION: () =>
    Counted(defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: queue }), { labels: {} as never }),
  ERR_METRICS_INVALID_VIEW: () =>
    createTestRegistry({ views: { queue_depth: { dropLabels: ['queueName'] } } }).gauge(catalogue.queueDepth),
  ERR_METRICS_INVALID_CONFIG: () => loadMetricsConfig({ METRICS_PORT: 'x' }),
  ERR_METRICS_LISTEN: () =>
    startMetricsServer({ host: '192.0.2.1', port: 9090 }, { registry: createTestRegistry() }),
  ERR_METRICS_INVALID_DECORATION: () =>
    (Counted() as (...at: unknown[]) => void)(() => 1, { kind: 'getter', name: 'size' }),
  ERR_METRICS_INVALID_MONITORING: () => selector(catalogue.issuesProcessed, { outcom: 'failure' }),
  ERR_METRICS_NOT_KOA: async () =>
    metricsRouter().routes()(new IncomingMessage(new Socket()) as never, {} as never),
  ERR_METRICS_MISSING_PACKAGE: () => promqlParser(createRequire('/nowhere/packages.js')),
  ERR_METRICS_NOTHING_RECORDED: () =>
    expectRecorded(createTestRegistry(), defineCounter({ name: 'jobs_total', help: 'Jobs.' }), () => {}),
  ERR_METRICS_BUNDLE_FOLDER: () =>
    writeBundle({ files: [{ path: 'service/README.md', content: 'Generated.' }] }, 'examples'),
  ERR_METRICS_FILE_EXISTS: () =>
    init(
      { dir: fromRoot('test/fixtures/projects/two-bundles') },
      { paint: paintFor({}, {}), say: () => {}, ask: undefined },
    ),
};

for (const [code, meaning] of Object.entries(errorCodes)) {
  test(`the documentation of ${code} explains it and shows a real message`, async (t) => {
    const section = sections.get(code) ?? '';
    t.is(section.split('\n')[2], meaning);
    const error = await t.throwsAsync(async () => provoked[code as keyof typeof errorCodes](), {
      instanceOf: MetricsError,
      code,
    });
    t.true(section.includes(`    ${error?.message}\n`), error?.message);
  });
}

test('an error has its name, its code and a stack that starts at the caller', (t) => {
  function thrower(): never {
    throw metricsError('ERR_METRICS_INVALID_VALUE', 'no', { cause: 5 });
  }
  const error = t.throws(thrower, { instanceOf: MetricsError });
  t.is(error?.name, 'MetricsError');
  t.is(error?.cause, 5);
  t.regex(error?.stack ?? '', /^MetricsError: no\n\s+at thrower /);
});

for (const [value, expected] of [
  ['text', '"text"'],
  ['a"b', '"a\\"b"'],
  ['x'.repeat(100), `"${'x'.repeat(77)}..."`],
  [5, '5'],
  [Number.NaN, 'NaN'],
  [5n, '5n'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('s'), 'Symbol(s)'],
  [[1, 'a'], '[1, "a"]'],
  [{}, 'an object'],
  [new Map(), 'an object (Map)'],
  [function run() {}, 'function run'],
  [() => 1, 'function (anonymous)'],
] as const) {
  test(`a received value is shown as ${expected}`, (t) => t.is(shown(value), expected));
}

test('`nearest` suggests a name with up to two fifths of its letters changed', (t) => {
  t.is(nearest('lables', ['labels', 'registry']), 'labels');
  t.is(nearest('labels', ['registry', 'value']), undefined);
  t.is(nearest('x', []), undefined);
});

function collector(): PrometheusMetricsCollector {
  return new PrometheusMetricsCollector({ registry: createTestRegistry() });
}

function calls() {
  return createTestRegistry().counter(
    defineCounter({ name: 'calls_total', help: 'Calls.', labels: { a: label(), b: label() } }),
  );
}
