// In a process of its own: it sets up OpenTelemetry.
/** Prometheus stores the exemplars of a scrape, and finds the traces that were active. */
import Koa from 'koa';
import promClient from 'prom-client';
import { Timed } from '../../../decorators/index.js';
import { defineCounter, defineHistogram } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { metricsRouter } from '../../../middleware/index.js';
import { serve } from '../../helpers/koa-server.js';
import { testWithBoth } from '../../helpers/programs.js';
import { startPrometheus } from '../../helpers/prometheus.js';
import { inSpan, inUnsampledSpan, startTracing } from '../../helpers/tracing.js';
import { until } from '../../helpers/until.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const wait = defineHistogram({ name: 'wait_seconds', help: 'Waits.', buckets: [1, 5] });
const duration = defineHistogram({ name: 'run_seconds', help: 'Runs.', buckets: [60] });

interface StoredExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
  readonly timestamp: number;
}

interface ExemplarsOfSeries {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly StoredExemplar[];
}

async function queryExemplars(url: string, query: string): Promise<ExemplarsOfSeries[]> {
  const now = Date.now() / 1_000;
  const parameters = new URLSearchParams({ query, start: `${now - 3_600}`, end: `${now + 60}` });
  const response = await fetch(`${url}/api/v1/query_exemplars?${parameters}`);
  return ((await response.json()) as { data: ExemplarsOfSeries[] }).data;
}

startTracing();

testWithBoth(
  ['prometheus'],
  '`query_exemplars` of Prometheus returns the traces that were active',
  async (t, { prometheus: program }) => {
    const registry = createTestRegistry();
    const counter = registry.counter(jobs);
    const histogram = registry.histogram(wait);
    class Runner {
      @Timed(duration, { registry, exemplar: ({ args: [id] }) => ({ id }) })
      run(_id: string): void {}
    }
    const theirs = new promClient.Counter({
      name: 'plain_total',
      help: 'Theirs.',
      registers: [registry.prometheus],
    });
    theirs.inc();
    /** Trace id -> the sample that was recorded within it. */
    const expected = new Map<string, string>();
    const recorded = (sample: string, record: () => void): void =>
      inSpan(({ trace_id }) => {
        record();
        expected.set(trace_id, sample);
      });
    for (const queue of ['a', 'quo"te', '🙂'])
      recorded(`jobs_total ${queue} 2`, () => counter.inc({ queue }, 2));
    for (const [value, le] of [
      [0.5, '1.0'],
      [3, '5.0'],
      [100, '+Inf'],
    ] as const)
      recorded(`wait_seconds_bucket ${le} ${value}`, () => histogram.observe(value));
    inUnsampledSpan(() => counter.inc({ queue: 'not sampled' }));
    counter.inc({ queue: 'no span' });
    inSpan(() => new Runner().run('r-1'));

    const server = await serve(new Koa().use(metricsRouter({ registry }).routes()));
    t.teardown(() => server.close());
    const prometheus = await startPrometheus({
      program,
      target: `${server.url}/metrics`,
      scrapeIntervalSeconds: 1,
      args: ['--enable-feature=exemplar-storage'],
    });
    t.teardown(() => prometheus.stop());

    const found = await until('exemplars', async () => {
      const series = await queryExemplars(prometheus.url, '{__name__=~"jobs_total|wait_seconds_bucket"}');
      return series.length >= expected.size ? series : undefined;
    });
    const traces = found.flatMap(({ seriesLabels: { __name__: name, queue, le }, exemplars }) =>
      exemplars.map(
        ({ labels, value }) => [labels.trace_id ?? '', `${name} ${queue ?? le} ${value}`] as const,
      ),
    );
    // Prometheus 3 writes the bound +Inf and others as it normalizes them.
    const normalized = (entries: Iterable<readonly [string, string]>): Record<string, string> =>
      Object.fromEntries([...entries].map(([id, sample]) => [id, sample.replace(/(\d)\.0 /, '$1 ')]));
    t.deepEqual(normalized(traces), normalized(expected));

    const [runs] = await queryExemplars(prometheus.url, 'run_seconds_bucket');
    t.is(runs?.exemplars[0]?.labels.id, 'r-1');

    // A later trace follows in the same series, once a second has passed.
    const later = await until('a second exemplar', async () => {
      recorded('later', () => counter.inc({ queue: 'a' }));
      const [series] = await queryExemplars(prometheus.url, 'jobs_total{queue="a"}');
      return (series?.exemplars.length ?? 0) >= 2 ? series?.exemplars : undefined;
    });
    for (const { labels, timestamp } of later ?? []) {
      t.true(expected.has(labels.trace_id ?? ''));
      t.true(Math.abs(Date.now() / 1_000 - timestamp) < 600);
    }
  },
);
