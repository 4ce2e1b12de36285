// In a process of its own: it sets up OpenTelemetry.
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import promClient from 'prom-client';
import { Counted, instrument, outcome, Timed, withLabels } from '../../decorators/index.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';
import { readExemplars } from '../helpers/read-exemplars.js';
import { inSpan, startTracing } from '../helpers/tracing.js';

const runs = defineCounter({
  name: 'runs_total',
  help: 'Runs.',
  labels: { outcome: label('success', 'failure') },
});
const duration = defineHistogram({ name: 'run_seconds', help: 'Runs.', buckets: [60] });

startTracing();

test('the option `exemplar` gives labels of the call', async (t) => {
  const registry = createTestRegistry();
  class Runner {
    @Counted(runs, { registry, labels: { outcome }, exemplar: ({ args: [id], result }) => ({ id, result }) })
    @Timed(duration, { registry, exemplar: ({ instance, args: [id] }) => ({ id, runner: instance.name }) })
    async run(_id: string): Promise<number> {
      await turn();
      return 7;
    }
    readonly name = 'first';
  }
  t.is(await new Runner().run('r-1'), 7);
  t.deepEqual(
    (await readExemplars(t, registry))
      .map(({ sample, labels }) => ({ sample, labels }))
      .sort((one, other) => one.sample.localeCompare(other.sample)),
    [
      { sample: 'run_seconds_bucket{le="60.0"}', labels: { id: 'r-1', runner: 'first' } },
      { sample: 'runs_total{outcome="success"}', labels: { id: 'r-1', result: '7' } },
    ],
  );
});

test('a decorated call gets the span of its caller, beside its own labels and those of the context', async (t) => {
  const registry = createTestRegistry({ exemplars: { contextLabels: ['workflow_id'] } });
  class Runner {
    @Timed(duration, { registry, exemplar: ({ args: [id] }) => ({ id }) })
    async run(_id: string): Promise<void> {
      await turn();
      // A span within the method ends before the call does.
      inSpan(() => undefined);
    }
  }
  const ids = await inSpan(async (span) => {
    await withLabels({ workflow_id: 'w-1' }, () => new Runner().run('r-1'));
    return span;
  });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ ...ids, id: 'r-1', workflow_id: 'w-1' }],
  );
});

test('`exemplar` is called only if an exemplar is due', (t) => {
  const registry = createTestRegistry();
  let calls = 0;
  const plan = instrument(
    function plan() {},
    Counted(runs, {
      registry,
      labels: { outcome },
      exemplar: () => {
        calls += 1;
        return { id: 'a' };
      },
    }),
  );
  const before = Date.now();
  for (let count = 0; count < 1_000; count++) plan();
  const seconds = (Date.now() - before) / 1_000;
  t.true(calls >= 1 && calls <= 1 + seconds);
  t.is(readValue(registry, runs, { outcome: 'success' }), 1_000);
});

test('an `exemplar` that throws leaves the recording and the call as they are', (t) => {
  const registry = createTestRegistry();
  class Runner {
    @Timed(duration, {
      registry,
      exemplar: () => {
        throw new Error('no');
      },
    })
    run(): string {
      return 'done';
    }
  }
  t.is(new Runner().run(), 'done');
  t.is(readHistogram(registry, duration)?.count, 1);
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'run_seconds', reason: 'exemplar' }), 1);
});

test('`exemplar` must be a function', (t) => {
  for (const [decorate, name] of [
    [() => Timed(duration, { exemplar: { id: 'a' } as never }), 'Timed'],
    [() => Counted(runs, { labels: { outcome }, exemplar: 'a' as never }), 'Counted'],
  ] as const)
    t.throws(decorate, {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: new RegExp(`^Invalid \`exemplar\` of @${name}: expected a function of the call`),
    });
});

test('`exemplar` works on prom-client’s metrics with exemplars, and is ignored by those without', async (t) => {
  const registry = createTestRegistry();
  registry.prometheus.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE as never);
  const common = { help: 'Theirs.', registers: [registry.prometheus] };
  const counter = new promClient.Counter({ ...common, name: 'their_runs_total', enableExemplars: true });
  const timer = new promClient.Histogram({ ...common, name: 'their_seconds', enableExemplars: true });
  const plain = new promClient.Counter({ ...common, name: 'plain_runs_total' });
  const exemplar = (): { id: string } => ({ id: 'a' });
  const plan = instrument(
    function plan() {},
    Counted(counter, { exemplar }),
    Timed(timer, { exemplar }),
    Counted(plain, { exemplar }),
  );
  const tooLong = instrument(
    function tooLong() {},
    Counted(counter, { exemplar: () => ({ id: 'x'.repeat(200) }) }),
  );
  plan();
  tooLong();
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels }) => [sample.replace(/\{.*/, ''), labels]),
    [
      ['their_runs_total', { id: 'a' }],
      ['their_seconds_bucket', { id: 'a' }],
    ],
  );
  const { values } = await counter.get();
  t.is(values[0]?.value, 2);
});
