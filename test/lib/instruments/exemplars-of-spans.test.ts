// In a process of its own: it sets up OpenTelemetry, and makes metrics before that.
import { setImmediate as turn } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import test, { type ExecutionContext } from 'ava';
import { withLabels } from '../../../decorators/index.js';
import { metricsRecordingErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineHistogram } from '../../../lib/define.js';
import { bucketExemplarOf, exemplarOf } from '../../../lib/instruments/exemplars.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readText, readValue, type TestRegistry } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { readExemplars } from '../../helpers/read-exemplars.js';
import { inSpan, inUnsampledSpan, startTracing } from '../../helpers/tracing.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waits.',
  labels: { queue: label() },
  buckets: [1],
});

// Before OpenTelemetry is there, as in a service whose modules make their metrics when they are loaded.
const early = createTestRegistry();
const earlyCounter = early.counter(jobs).with({});
const earlySeries = early.histogram(wait).with({ queue: 'early' });
earlyCounter.inc();
earlySeries.observe(0.5);
startTracing();

test.serial('series that were made before OpenTelemetry was set up get exemplars', async (t) => {
  const ids = inSpan((span) => {
    earlyCounter.inc();
    earlySeries.observe(0.5);
    return span;
  });
  t.deepEqual(
    (await readExemplars(t, early)).map(({ sample, labels }) => [sample, labels]),
    [
      ['jobs_total', ids],
      ['wait_seconds_bucket{queue="early",le="1.0"}', ids],
    ],
  );
});

test.serial('a recording within an active span gets the ids of the span, through awaits', async (t) => {
  const registry = createTestRegistry();
  const recorded = inSpan(async (ids) => {
    await turn();
    registry.counter(jobs).inc(3);
    registry.histogram(wait).observe({ queue: 'mail' }, 0.5);
    return ids;
  });
  registry.counter(jobs).inc();
  const ids = await recorded;
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels, value }) => [sample, labels, value]),
    [
      ['jobs_total', ids, 3],
      ['wait_seconds_bucket{queue="mail",le="1.0"}', ids, 0.5],
    ],
  );
  t.notRegex(await readText(registry), /trace_id/);
});

test.serial('recordings outside a span and in spans that are not sampled get no exemplar', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  counter.inc();
  inUnsampledSpan(() => counter.inc());
  t.deepEqual(await readExemplars(t, registry), []);
  // Most recordings of such a loop do not look for a span, and a scrape ends that.
  for (let count = 0; count < 10_000; count++) counter.inc();
  t.deepEqual(await readExemplars(t, registry), []);
  inSpan(() => counter.inc());
  t.is((await readExemplars(t, registry)).length, 1);
});

test.serial('a series and its buckets keep nothing for exemplars before the first one', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs).with({});
  const series = registry.histogram(wait).with({ queue: 'mail' });
  const record = (): void => {
    counter.inc();
    for (const value of [0.5, 2]) series.observe(value);
  };
  for (let count = 0; count < 1_000; count++) record();
  inUnsampledSpan(record);
  t.not(typeof counter.exemplar, 'object');
  t.not(typeof series.exemplars, 'object');
  // A scrape ends the skipping of a loop.
  exemplarOf(counter);
  bucketExemplarOf(series, 0);
  inSpan(() => {
    counter.inc();
    series.observe(2);
  });
  t.is(typeof counter.exemplar, 'object');
  t.deepEqual(
    [0, 1].map((bucket) => bucketExemplarOf(series, bucket)?.value),
    [undefined, 2],
  );
});

test.serial('a counter and each bucket take the span of one recording a second', async (t) => {
  const advance = freezeDate(t);
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const series = registry.histogram(wait).with({ queue: 'mail' });
  const record = (): string =>
    inSpan(({ trace_id }) => {
      counter.inc();
      for (const value of [0.5, 2]) series.observe(value);
      return trace_id;
    });
  const ids = async (): Promise<(string | undefined)[]> =>
    (await readExemplars(t, registry)).map(({ labels }) => labels.trace_id);
  const one = record();
  record();
  advance(999);
  record();
  t.deepEqual(await ids(), [one, one, one]);
  advance(1);
  const next = record();
  t.deepEqual(await ids(), [next, next, next]);
});

test.serial(
  'a series that is recorded in a loop without spans looks for them again after a scrape, and when it slows down',
  async (t) => {
    const advance = freezeDate(t);
    const counter = createTestRegistry().counter(jobs).with({});
    const loop = (): void => {
      for (let count = 0; count < 1_000; count++) counter.inc();
    };
    loop();
    exemplarOf(counter);
    inSpan(() => counter.inc());
    t.not(exemplarOf(counter), undefined);
    const slower = createTestRegistry().counter(jobs).with({});
    for (let count = 0; count < 10_000; count++) {
      slower.inc();
      advance(1);
    }
    inSpan(() => slower.inc());
    t.not(exemplarOf(slower), undefined, 'a recording a millisecond is no loop');
  },
);

test.serial('given labels are added to those of the span, and replace them', async (t) => {
  const registry = createTestRegistry({ exemplars: { contextLabels: ['workflow_id'] } });
  const ids = inSpan((span) => {
    registry.counter(jobs).inc({ exemplarLabels: { trace_id: 'mine', step: 'plan' } });
    withLabels({ workflow_id: 'w-1' }, () => registry.histogram(wait).observe({ queue: 'a' }, 0.5));
    return span;
  });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [
      { ...ids, trace_id: 'mine', step: 'plan' },
      { ...ids, workflow_id: 'w-1' },
    ],
  );
});

test.serial('labels that are too long beside those of the span are left out and counted', async (t) => {
  const registry = createTestRegistry();
  // The ids of a span and their names have 63 code points.
  const ids = inSpan((span) => {
    registry
      .histogram(wait)
      .with({ queue: 'fits' })
      .observe(0.5, 1, { id: '🙂'.repeat(63) });
    registry
      .histogram(wait)
      .with({ queue: 'too long' })
      .observe(0.5, 1, { id: '🙂'.repeat(64) });
    return span;
  });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ ...ids, id: '🙂'.repeat(63) }, ids],
  );
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'wait_seconds', reason: 'exemplar' }), 1);
});

test.serial('`exemplars: false` ignores spans', async (t) => {
  const registry = createTestRegistry({ exemplars: false });
  inSpan(() => registry.counter(jobs).inc());
  t.deepEqual(await readExemplars(t, registry), []);
});

test.serial('a context manager that throws does not disturb recordings', async (t) => {
  const registry = createTestRegistry();
  const api = (globalThis as { [key: symbol]: { context: unknown } })[
    Symbol.for('opentelemetry.js.api.1')
  ] as { context: unknown };
  const manager = api.context;
  t.teardown(() => {
    api.context = manager;
  });
  const broken: unknown[] = [
    {
      active: () => ({
        getValue: () => ({ spanContext: () => ({ traceId: {}, spanId: [], traceFlags: 1 }) }),
      }),
    },
    { active: () => undefined },
    { active: () => ({ getValue: () => ({ spanContext: 1 }) }) },
    {
      active: () => {
        throw new Error('no');
      },
    },
  ];
  for (const [index, context] of broken.entries()) {
    api.context = context;
    registry.histogram(wait).observe({ queue: `${index}` }, 0.5);
  }
  api.context = undefined;
  registry.counter(jobs).inc();
  api.context = manager;
  t.deepEqual(await readExemplars(t, registry), []);
  t.is(registry.histogram(wait).series.size, broken.length);
  t.is(readValue(registry, jobs), 1);
  t.is(
    readValue(registry, metricsRecordingErrors, { metric: 'wait_seconds', reason: 'exemplar' }),
    broken.length,
  );
});

/** Replaces OpenTelemetry's context manager until the end of a test. */
function replaceManager(t: ExecutionContext, manager: { active(): unknown }): void {
  const api = (globalThis as { [key: symbol]: { context: unknown } })[
    Symbol.for('opentelemetry.js.api.1')
  ] as { context: unknown };
  const before = api.context;
  api.context = manager;
  t.teardown(() => {
    api.context = before;
  });
}

const span = { spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }) };

for (const [content, values] of [
  ['other values', new Map([['baggage', {}]])],
  ['a content that cannot be read', undefined],
] as const)
  test.serial(`a context with ${content} is asked for its span each time`, async (t) => {
    const registry = createTestRegistry();
    let active: unknown;
    const context = { _currentContext: values, getValue: () => active };
    replaceManager(t, { active: () => context });
    registry.histogram(wait).observe({ queue: 'before' }, 0.5);
    active = span;
    registry.histogram(wait).observe({ queue: 'within' }, 0.5);
    t.deepEqual(
      (await readExemplars(t, registry)).map(({ sample }) => sample),
      ['wait_seconds_bucket{queue="within",le="1.0"}'],
    );
  });

test.serial('the context that holds nothing is asked for its span once', async (t) => {
  const registry = createTestRegistry();
  let asked = 0;
  const context = {
    _currentContext: new Map(),
    getValue: () => {
      asked += 1;
    },
  };
  replaceManager(t, { active: () => context });
  for (const queue of ['a', 'b', 'c']) registry.histogram(wait).observe({ queue }, 0.5);
  t.deepEqual(await readExemplars(t, registry), []);
  t.is(asked, 1);
});

test.serial('a value in the place of a span that has no context is no span, and no error', async (t) => {
  const registry = createTestRegistry();
  for (const [index, value] of [{}, null, { spanContext: () => undefined }].entries()) {
    replaceManager(t, { active: () => ({ getValue: () => value }) });
    registry.histogram(wait).observe({ queue: `${index}` }, 0.5);
  }
  t.deepEqual(await readExemplars(t, registry), []);
  t.deepEqual(registry.warnings, []);
});

test.serial('a series may be removed while its span is read', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(wait);
  replaceManager(t, {
    active: () => {
      histogram.remove({ queue: 'a' });
      return { getValue: () => span };
    },
  });
  t.notThrows(() => histogram.observe({ queue: 'a' }, 0.5));
  t.deepEqual(await readExemplars(t, registry), []);
});

for (const [name, record] of [
  ['a counter', (registry: TestRegistry) => registry.counter(jobs).inc()],
  ['a bucket', (registry: TestRegistry) => registry.histogram(wait).observe({ queue: 'a' }, 2)],
] as const)
  test.serial(`in a loop, few recordings of ${name} look for a span, until a scrape`, async (t) => {
    freezeDate(t);
    const registry = createTestRegistry();
    // Of another bucket, so that the buckets have places.
    registry.histogram(wait).with({ queue: 'a' }).observe(0.5, 1, { id: 'other' });
    let looks = 0;
    let active: unknown;
    replaceManager(t, {
      active: () => {
        looks += 1;
        return { getValue: () => active };
      },
    });
    for (let count = 0; count < 10_000; count++) record(registry);
    t.true(looks < 200, `${looks} looks`);
    active = span;
    record(registry);
    const ofSpans = async () =>
      (await readExemplars(t, registry)).filter(({ labels }) => labels.trace_id !== undefined).length;
    t.is(await ofSpans(), 0, 'the recording after the loop is one of it');
    record(registry);
    t.is(await ofSpans(), 1);
  });

test.serial('labels that are given with a recording of a loop are taken', async (t) => {
  freezeDate(t);
  const registry = createTestRegistry();
  const series = registry.histogram(wait).with({ queue: 'a' });
  series.observe(0.5, 1, { id: 'other bucket' });
  for (let count = 0; count < 1_000; count++) series.observe(2);
  series.observe(2, 1, { id: 'given' });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ id: 'other bucket' }, { id: 'given' }],
  );
});

test.serial('OpenTelemetry may be shut down', async (t) => {
  context.disable();
  const registry = createTestRegistry();
  registry.counter(jobs).inc();
  t.deepEqual(await readExemplars(t, registry), []);
});
