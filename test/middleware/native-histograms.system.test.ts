/** Prometheus scrapes native histograms by protobuf, and its quantiles are right within the width of a bucket. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Koa from 'koa';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram } from '../../lib/testing.js';
import { metricsRouter } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { testWith, testWithBoth } from '../helpers/programs.js';
import { queryPrometheus, startPrometheus } from '../helpers/prometheus.js';
import { startServiceProcess } from '../helpers/service-process.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';
import { startVictoria } from '../helpers/victoria-metrics.js';

const schemas = [-1, 0, 3, 5, 8];
const zeroThreshold = 1e-6;
const histograms = schemas.map((schema) => ({
  schema,
  definition: defineHistogram({
    name: `wait_${schema === -1 ? 'coarse' : schema}_seconds`,
    help: 'Wait.',
    labels: { distribution: label() },
    native: { schema, zeroThreshold, maxBuckets: 10_000 },
  }),
}));

/** Numbers from 0 to 1 that are the same in each run. */
function randomNumbers(): () => number {
  let state = 12_345;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

const random = randomNumbers();
const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
const distributions: Readonly<Record<string, () => number>> = {
  uniform: () => random() * 10,
  lognormal: () => Math.exp(normal() * 2 - 3),
  bimodal: () => (random() < 0.4 ? 0.02 + 0.002 * normal() : 3 + 0.3 * normal()),
  negative: () => -Math.exp(normal()),
  'zero-heavy': () => (random() < 0.6 ? 0 : normal()),
};

/** So that no quantile asked for is between two observations. */
const observations = 5_003;
const quantiles = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999];

testWithBoth(
  ['prometheus'],
  'native histograms come with exemplars, equal counts and sums, and quantiles within a bucket of the true ones',
  async (t, { prometheus: program }) => {
    const registry = createTestRegistry();
    const observed = new Map<string, number[]>();
    for (const [distribution, draw] of Object.entries(distributions)) {
      const values = Array.from({ length: observations }, draw);
      for (const { definition } of histograms)
        for (const value of values) registry.histogram(definition).observe({ distribution }, value);
      observed.set(
        distribution,
        values.sort((a, b) => a - b),
      );
    }
    const both = defineHistogram({ name: 'run_seconds', help: 'Run.', buckets: [1], native: {} });
    registry.histogram(both).with({}).observe(3, 1, { trace_id: 'of-a-run' });
    registry
      .counter(defineCounter({ name: 'runs_total', help: 'Runs.' }))
      .with({})
      .inc(1, { trace_id: 'of-a-count' });
    const contentTypes = new Set<string>();
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      contentTypes.add(ctx.response.get('Content-Type'));
    });
    const server = await serve(app.use(metricsRouter({ registry }).routes()));
    t.teardown(() => server.close());
    const prometheus = await startPrometheus({
      program,
      target: `${server.url}/metrics`,
      scrapeIntervalSeconds: 5,
      args: ['--enable-feature=native-histograms,exemplar-storage'],
    });
    t.teardown(() => prometheus.stop());
    await until('up', async () =>
      (await prometheus.query('up{job="tamma"}'))[0]?.value === 1 ? true : undefined,
    );
    t.deepEqual(
      [...contentTypes],
      ['application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'],
    );

    const traces = await until('exemplars', async () => {
      const query = encodeURIComponent('{__name__=~"run_.*|runs_total"}');
      const response = await fetch(
        `${prometheus.url}/api/v1/query_exemplars?query=${query}&start=0&end=9999999999`,
      );
      const { data } = (await response.json()) as {
        data: { exemplars: { labels: { trace_id: string } }[] }[];
      };
      const found = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id)).sort();
      return found.length < 2 ? undefined : found;
    });
    t.deepEqual(traces, ['of-a-count', 'of-a-run']);

    for (const { schema, definition } of histograms) {
      const { name } = definition;
      const growth = 2 ** (2 ** -schema);
      for (const [distribution, values] of observed) {
        const where = `${distribution}, schema ${schema}`;
        const series = `${name}{distribution="${distribution}"}`;
        const reading = readHistogram(registry, definition, { distribution });
        t.is(reading?.native?.schema, schema, where);
        const [count, sum] = await Promise.all(
          ['count', 'sum'].map(
            async (part) => (await prometheus.query(`histogram_${part}(${series})`))[0]?.value,
          ),
        );
        t.is(count, observations, where);
        t.is(sum, reading?.sum, where);
        for (const quantile of quantiles) {
          const [result] = await prometheus.query(`histogram_quantile(${quantile}, ${series})`);
          const expected = values[Math.ceil(quantile * observations) - 1] ?? Number.NaN;
          const received = result?.value ?? Number.NaN;
          // In the bucket of the true value, whose bounds differ by the growth factor, or in the zero bucket.
          const isClose =
            Math.abs(expected) <= zeroThreshold
              ? Math.abs(received) <= zeroThreshold
              : received / expected <= growth * (1 + 1e-9) && expected / received <= growth * (1 + 1e-9);
          t.true(isClose, `${where}, quantile ${quantile}: expected ${expected}, received ${received}`);
        }
      }
    }
  },
);

/** Durations of which the example has observations within seconds. */
const durations = [
  catalogue.aiRequestDuration,
  catalogue.apiRequestDuration,
  catalogue.httpServerRequestDuration,
  catalogue.issueCompletionDuration,
  catalogue.workflowStepDuration,
].map(({ name }) => name);

testWithBoth(
  ['prometheus'],
  'the durations of the example have native histograms with METRICS_NATIVE_HISTOGRAMS=on, whose quantiles Prometheus computes',
  async (t, { prometheus: program }) => {
    const service = await startServiceProcess({ REPLAY_PACE: '100', METRICS_NATIVE_HISTOGRAMS: 'on' });
    t.teardown(() => service.stop());
    const prometheus = await startPrometheus({
      program,
      target: `${service.url}/metrics`,
      scrapeIntervalSeconds: 1,
      args: ['--enable-feature=native-histograms'],
    });
    t.teardown(() => prometheus.stop());
    const one = async (expression: string): Promise<number | undefined> =>
      (await prometheus.query(expression))[0]?.value;
    for (const name of durations) {
      const counted = await until(`observations of ${name}`, async () => {
        const count = await one(`histogram_count(sum(${name}))`);
        return count !== undefined && count > 0 ? count : undefined;
      });
      t.true(Number.isInteger(counted), `${name} has ${counted} observations`);
      const quantile = (share: number): string => `histogram_quantile(${share}, sum(${name}))`;
      const mean = `histogram_sum(sum(${name})) / histogram_count(sum(${name}))`;
      // In one query, since the example goes on recording.
      const facts = [
        `${quantile(0.01)} > bool 0`,
        `${quantile(0.01)} <= bool ${quantile(0.5)}`,
        `${quantile(0.5)} <= bool ${quantile(0.99)}`,
        `${quantile(0.99)} < bool 120`,
        `${quantile(0)} <= bool ${mean}`,
        `${mean} <= bool ${quantile(1)}`,
      ];
      t.is(await one(facts.map((fact) => `(${fact})`).join(' + ')), facts.length, name);
      const rate = await until(`a rate of ${name}`, async () => {
        const value = await one(`histogram_quantile(0.95, sum(rate(${name}[30s])))`);
        return value !== undefined && Number.isFinite(value) ? value : undefined;
      });
      t.true(rate > 0 && rate < 120, `${name}: ${rate} s`);
    }
    const text = await (await fetch(`${service.url}/metrics`)).text();
    t.regex(text, /^metrics_scrape_duration_seconds_count\{format="protobuf"\} [1-9]/m);
    t.notRegex(text, /^metrics_scrape_duration_seconds_count\{format="openmetrics"\} [1-9]/m);
  },
);

testWith(
  ['victoria-metrics'],
  'VictoriaMetrics scrapes text, with the sum and the count of native histograms',
  async (t, { 'victoria-metrics': program }) => {
    const registry = createTestRegistry();
    const wait = defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: {} });
    for (const value of [1, 2, 3]) registry.histogram(wait).observe(value);
    const contentTypes = new Set<string>();
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      contentTypes.add(ctx.response.get('Content-Type'));
    });
    const server = await serve(app.use(metricsRouter({ registry }).routes()));
    t.teardown(() => server.close());
    const config = join(await temporaryFolder(t), 'scrape.yml');
    const { host } = new URL(server.url);
    await writeFile(
      config,
      `scrape_configs:\n  - job_name: tamma\n    scrape_interval: 5s\n    static_configs:\n      - targets: ['${host}']\n`,
    );
    const victoria = await startVictoria(program, [
      `-promscrape.config=${config}`,
      // Recent samples are not hidden.
      '-search.latencyOffset=0s',
      `-storageDataPath=${await temporaryFolder(t)}`,
    ]);
    t.teardown(() => victoria.stop());
    const value = async (expression: string): Promise<number | undefined> =>
      (await queryPrometheus(victoria.url, expression))[0]?.value;
    await until('a sample', async () => {
      await fetch(`${victoria.url}/internal/force_flush`);
      return (await value('wait_seconds_count')) === undefined ? undefined : true;
    });
    t.is(await value('wait_seconds_count'), 3);
    t.is(await value('wait_seconds_sum'), 6);
    t.is(await value('wait_seconds_bucket{le="+Inf"}'), 3);
    for (const contentType of contentTypes) t.regex(contentType, /^text\/plain; version=0\.0\.4/);
  },
  'newer',
);
