// In a process of its own: it records in the shared registry.
import * as prometheusClient from '@prometheus-io/client';
import test from 'ava';
import * as promClient from 'prom-client';
import { isClientMetric } from '../../decorators/client-metric.js';
import {
  Counted,
  errorType,
  getInstrumentation,
  Instrumented,
  instrument,
  outcome,
  Timed,
  TracksGauge,
} from '../../decorators/index.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

const libraries: Readonly<Record<string, typeof promClient>> = {
  'prom-client': promClient,
  '@prometheus-io/client': prometheusClient as unknown as typeof promClient,
};

for (const [library, client] of Object.entries(libraries)) {
  for (const enableExemplars of [false, true]) {
    test(`decorators record on ${library} metrics (exemplars: ${enableExemplars})`, async (t) => {
      const register = new client.Registry();
      register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
      const registers = [register];
      const common = { help: 'Help.', registers, enableExemplars };
      const calls = new client.Counter({
        ...common,
        name: 'calls_total',
        labelNames: ['model', 'outcome', 'error'] as const,
      });
      const tokens = new client.Counter({ ...common, name: 'tokens_total' });
      const seconds = new client.Histogram({
        ...common,
        name: 'call_seconds',
        labelNames: ['kind'] as const,
        buckets: [60],
      });
      const quantiles = new client.Summary({ help: 'Help.', registers, name: 'call_quantiles' });
      const running = new client.Gauge({
        ...common,
        name: 'running',
        labelNames: ['kind'] as const,
      });
      const seen: number[] = [];
      class Claude {
        @Counted(calls, {
          labels: { model: ({ args: [request] }) => request.model, outcome, error: errorType },
          ignore: [RangeError],
        })
        @Counted(tokens, { value: ({ args: [request] }) => request.tokens })
        @Timed(seconds, { labels: { kind: 'chat' }, sample: 1 })
        @Timed(quantiles)
        @TracksGauge(running, { labels: { kind: 'chat' } })
        async send(request: { model: string; tokens: number; error?: Error }): Promise<void> {
          const { values } = await running.get();
          seen.push(values[0]?.value ?? 0);
          if (request.error !== undefined) throw request.error;
        }
      }
      const claude = new Claude();
      await claude.send({ model: 'large', tokens: 3 });
      await t.throwsAsync(claude.send({ model: 'large', tokens: 4, error: new TypeError('no') }));
      await t.throwsAsync(claude.send({ model: 'small', tokens: 5, error: new RangeError('no') }));
      t.deepEqual(
        (await calls.get()).values.map(({ labels, value }) => [labels, value]),
        [
          [{ model: 'large', outcome: 'success', error: 'none' }, 1],
          [{ model: 'large', outcome: 'failure', error: 'TypeError' }, 1],
          [{ model: 'small', outcome: 'success', error: 'none' }, 1],
        ],
      );
      t.is((await tokens.get()).values[0]?.value, 12);
      const text = await register.metrics();
      t.regex(text, /^call_seconds_count\{kind="chat"\} 3$/m);
      t.regex(text, /^call_quantiles_count 3$/m);
      t.deepEqual(seen, [1, 1, 1]);
      t.is((await running.get()).values[0]?.value, 0);
      t.deepEqual(
        getInstrumentation(Claude).flatMap(({ metrics }) => metrics.map(({ definition }) => definition.name)),
        ['running', 'call_quantiles', 'call_seconds', 'tokens_total', 'calls_total'],
      );
    });
  }
}

const register = new promClient.Registry();
const registers = [register];
const counter = new promClient.Counter({
  name: 'jobs_total',
  help: 'Jobs.',
  labelNames: ['queue'],
  registers,
});
const gauge = new promClient.Gauge({ name: 'depth', help: 'Depth.', registers });
const histogram = new promClient.Histogram({ name: 'seconds', help: 'Seconds.', registers });

test('a sampled call is observed once for each call that it represents', async (t) => {
  const run = instrument(function run() {}, Timed(histogram, { sample: 5 }));
  for (let call = 0; call < 10; call += 1) run();
  const count = (await histogram.get()).values.find(({ metricName }) => metricName === 'seconds_count');
  t.is(count?.value, 10);
});

test('decorators and other code share the series of a prom-client metric, also after `reset`', async (t) => {
  class Worker {
    @Counted(counter, { labels: { queue: 'mail' } })
    run(): void {}
    @TracksGauge(gauge, { set: ({ result }) => result })
    size(): number {
      return 7;
    }
  }
  counter.inc({ queue: 'mail' });
  new Worker().run();
  new Worker().size();
  t.is((await counter.get()).values[0]?.value, 2);
  t.is((await gauge.get()).values[0]?.value, 7);
  counter.reset();
  new Worker().run();
  t.is((await counter.get()).values[0]?.value, 1);
});

test('a failed recording on a prom-client metric is counted in the registry of the class', (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Worker {
    @Counted(counter, {
      labels: {
        queue: () => {
          throw new Error('no queue');
        },
      },
    })
    @TracksGauge(gauge, { set: () => Number.NaN + ('x' as never) })
    run(): string {
      return 'done';
    }
  }
  t.is(new Worker().run(), 'done');
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'label' }), 1);
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'depth', reason: 'value' }), 1);
});

for (const [what, registry] of [
  ['returns no registry', () => 5],
  [
    'throws',
    () => {
      throw new Error('no registry');
    },
  ],
] as const)
  test(`a failed recording is counted in the shared registry if the registry function of the class ${what}`, (t) => {
    const errors = (): number =>
      readValue(sharedRegistry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'label' }) ?? 0;
    @Instrumented({ registry: registry as never })
    class Worker {
      @Counted(counter, {
        labels: {
          queue: () => {
            throw new Error('no label');
          },
        },
      })
      run(): string {
        return 'done';
      }
    }
    const before = errors();
    t.is(new Worker().run(), 'done');
    t.is(errors(), before + 1);
  });

test('a prom-client metric is recorded on although a registry is disabled', async (t) => {
  createTestRegistry({ enabled: false });
  const size = new promClient.Gauge({ name: 'size', help: 'Size.', registers: [] });
  instrument(function run() {}, TracksGauge(size, { set: () => 9 }))();
  t.is((await size.get()).values[0]?.value, 9);
});

test('what makes an exemplar invalid is counted in the shared registry, and the call is recorded without it', async (t) => {
  const registers = [new promClient.Registry()];
  registers[0]?.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE as never);
  const traced = new promClient.Counter({
    name: 'traced_total',
    help: 'T.',
    registers,
    enableExemplars: true,
  });
  const run = instrument(
    function run(_labels: object | undefined) {},
    Counted(traced, { exemplar: ({ args: [labels] }) => labels as never }),
  );
  const errors = (): number =>
    readValue(sharedRegistry, metricsRecordingErrors, { metric: 'traced_total', reason: 'exemplar' }) ?? 0;
  const before = errors();
  for (const labels of [{ run: '7' }, undefined, {}]) run(labels);
  instrument(function plain() {}, Counted(traced))();
  t.is(errors(), before);
  for (const labels of [{ 'no name': '7' }, 5]) run(labels as object);
  t.is(errors(), before + 2);
  t.is((await traced.get()).values[0]?.value, 6);
  t.regex((await registers[0]?.metrics()) ?? '', /^traced_total 6 # \{run="7"\} 1 /m);
});

test('what makes an exemplar invalid is counted in the registry of the class', (t) => {
  const registry = createTestRegistry();
  const traced = new promClient.Counter({
    name: 'own_traced_total',
    help: 'T.',
    registers: [],
    enableExemplars: true,
  });
  @Instrumented({ registry })
  class Worker {
    @Counted(traced, { exemplar: () => ({ 'no name': '7' }) as never })
    run(): void {}
  }
  new Worker().run();
  const failed = { metric: 'own_traced_total', reason: 'exemplar' };
  t.is(readValue(registry, metricsRecordingErrors, failed), 1);
});

test('a metric that throws affects no call, and is tried once for each', async (t) => {
  let tried = 0;
  const broken = {
    type: 'counter',
    name: 'broken_total',
    help: 'Broken.',
    labelNames: [],
    labels: () => ({
      inc() {
        tried += 1;
        throw new Error('broken');
      },
    }),
  };
  const run = instrument(() => 5, Counted(broken as never) as never);
  t.is(run(), 5);
  t.is(run(), 5);
  await new Promise(setImmediate);
  t.is(tried, 2);
});

test('a label that is no text is reported with its name', (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Worker {
    @Counted(counter, { labels: { queue: () => ({}) as never } })
    run(): void {}
  }
  new Worker().run();
  t.regex(registry.warnings.map(({ message }) => message).join(), /`queue`/);
});

type Loose = (...args: unknown[]) => unknown;
const [looseCounted, looseTimed, looseGauge] = [Counted, Timed, TracksGauge] as unknown as [
  Loose,
  Loose,
  Loose,
];
const refused: readonly [what: string, use: () => unknown, code: string, message: string][] = [
  [
    'a gauge for a counter',
    () => looseCounted(gauge),
    'ERR_METRICS_WRONG_TYPE',
    '@Counted cannot record on metric `depth`: expected a counter, received a gauge.',
  ],
  [
    'a counter for a histogram',
    () => looseTimed(counter, { labels: { queue: 'mail' } }),
    'ERR_METRICS_WRONG_TYPE',
    '@Timed cannot record on metric `jobs_total`: expected a histogram or summary, received a counter.',
  ],
  [
    'a histogram for a gauge',
    () => looseGauge(histogram),
    'ERR_METRICS_WRONG_TYPE',
    '@TracksGauge cannot record on metric `seconds`: expected a gauge, received a histogram.',
  ],
  [
    'a missing label',
    () => looseCounted(counter, {}),
    'ERR_METRICS_INVALID_OPTION',
    'Invalid `labels` of @Counted on metric `jobs_total`: expected a source for each of queue, received no source for `queue`.',
  ],
  [
    'a registry, since the metric has one already',
    () => looseCounted(counter, { labels: { queue: 'mail' }, registry: createTestRegistry() }),
    'ERR_METRICS_INVALID_OPTION',
    'Unknown option `registry` of @Counted: expected some of labels, ignore, failure, handlesRejections, when, value, errors, exemplar.',
  ],
  [
    'a metric of another library',
    () =>
      looseCounted(
        new (class Meter {
          inc(): void {}
        })(),
      ),
    'ERR_METRICS_INVALID_OPTION',
    'Invalid argument of @Counted: expected a definition or a prom-client metric, and options, received an object (Meter).',
  ],
];
test('an object that lacks a part of a prom-client metric is not a metric', (t) => {
  const whole = { type: 'counter', name: 'x_total', labelNames: [], labels() {} };
  t.true(isClientMetric(whole));
  for (const part of Object.keys(whole)) t.false(isClientMetric({ ...whole, [part]: 5 }), part);
  for (const value of [null, undefined, 'counter', () => {}]) t.false(isClientMetric(value));
});

for (const [what, use, code, message] of refused) {
  test(`a decorator rejects ${what}`, (t) => {
    t.throws(use, { code, message });
  });
}
