/** Prometheus scrapes both formats, and its HTTP API returns the values of the registry. */
import Koa from 'koa';
import promClient from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { boundTexts } from '../../lib/monitoring/promql/expression.js';
import { createTestRegistry, type TestRegistry } from '../../lib/testing.js';
import { metricsRouter } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { testWithBoth } from '../helpers/programs.js';
import { startPrometheus } from '../helpers/prometheus.js';
import { until } from '../helpers/until.js';

/** Label values that need escaping, contain separators, or have several code units per character. */
const hostile = [
  'plain',
  'new\nline',
  'quo"te',
  'back\\slash',
  '\\n',
  'ü🙂漢',
  'a,b="c"}',
  '{',
  ' # EOF',
  '\u2028',
  '\t',
];

function filled(): TestRegistry {
  const registry = createTestRegistry();
  const labels = { value: label() };
  const counter = registry.counter(
    defineCounter({ name: 'hostile_total', help: 'Hostile "values"\\.', labels }),
  );
  const gauge = registry.gauge(defineGauge({ name: 'hostile_level', help: 'Levels.', labels }));
  for (const [index, value] of hostile.entries()) {
    counter.inc({ value }, index + 0.5);
    gauge.set({ value }, -(index + 1) * 1e10);
  }
  const histogram = registry.histogram(
    defineHistogram({ name: 'hostile_seconds', help: 'Durations.', labels, buckets: [0.5, 1, 1e6] }),
  );
  for (const seconds of [0.1, 0.75, 3, 1e7]) histogram.observe({ value: 'quo"te' }, seconds);
  const summary = registry.summary(
    defineSummary({ name: 'hostile_bytes', help: 'Sizes.', labels, quantiles: [0.5, 1] }),
  );
  for (const bytes of [1, 2, 3]) summary.observe({ value: 'new\nline' }, bytes);
  const registers = [registry.prometheus];
  new promClient.Counter({
    name: 'third_party_total',
    help: 'Third-party.',
    labelNames: ['value'],
    registers,
  }).inc({ value: 'quo"te' }, 3);
  new promClient.Histogram({
    name: 'third_party_seconds',
    help: 'Third-party.',
    buckets: [1, 2],
    registers,
  }).observe(1.5);
  new promClient.Summary({
    name: 'third_party_bytes',
    help: 'Third-party.',
    percentiles: [0.5],
    registers,
  }).observe(8);
  return registry;
}

for (const format of ['openmetrics', 'text'] as const) {
  testWithBoth(
    ['prometheus'],
    `Prometheus scrapes ${format} and stores every sample of the registry`,
    async (t, { prometheus: program }) => {
      const registry = filled();
      const asked = new Set<string>();
      const app = new Koa();
      app.use((ctx, next) => {
        // Prometheus prefers OpenMetrics; the rest of its Accept header prefers the text format.
        if (format === 'text')
          ctx.req.headers.accept = (ctx.req.headers.accept ?? '').replaceAll(
            /application\/openmetrics-text[^,]*,?/g,
            '',
          );
        return next();
      });
      app.use(async (ctx, next) => {
        await next();
        asked.add(ctx.response.get('Content-Type').split(';')[0] ?? '');
      });
      const server = await serve(app.use(metricsRouter({ registry }).routes()));
      t.teardown(() => server.close());
      const prometheus = await startPrometheus({
        program,
        target: `${server.url}/metrics`,
        // Also the timeout of a scrape: no scrape may fail on a busy machine.
        scrapeIntervalSeconds: 5,
      });
      t.teardown(() => prometheus.stop());
      const isNormalising = (await prometheus.majorVersion()) >= 3;
      // Prometheus 2 stores a bound as the format writes it; Prometheus 3 normalizes it.
      const storedBound = (bound: string | number): string | undefined => {
        if (!Number.isFinite(Number(bound))) return String(bound);
        const [inText, inOpenMetrics = inText, ...others] = boundTexts(Number(bound));
        if (isNormalising) return others.at(-1) ?? inOpenMetrics;
        return format === 'text' ? inText : inOpenMetrics;
      };
      await until('up', async () =>
        (await prometheus.query('up{job="tamma"}'))[0]?.value === 1 ? true : undefined,
      );

      const canonical = (labels: Readonly<Record<string, string | number>>): string =>
        JSON.stringify(
          Object.entries(labels)
            .map(([name, value]) => [name, String(value)])
            .sort(),
        );
      for (const { name, values } of (await registry.prometheus.getMetricsAsJSON()) as unknown as readonly {
        name: string;
        values: readonly { value: number; labels: Record<string, string | number>; metricName?: string }[];
      }[]) {
        if (!/^(hostile|third_party)_/.test(name)) continue;
        const samples = new Map<string, Map<string, number>>();
        for (const { metricName = name, labels, value } of values) {
          const bounds = Object.entries(labels)
            .filter(([label]) => label === 'le' || label === 'quantile')
            .map(([label, bound]) => [label, storedBound(bound)]);
          const all = { ...labels, ...Object.fromEntries(bounds) } as Record<string, string>;
          const ofName = samples.get(metricName) ?? new Map<string, number>();
          samples.set(metricName, ofName.set(canonical(all), value));
        }
        for (const [sampleName, expected] of samples) {
          const results = await until(`${sampleName}`, async () => {
            const found = await prometheus.query(sampleName);
            return found.length >= expected.size ? found : undefined;
          });
          const read = new Map(
            results.map(({ metric: { __name__, instance, job, ...labels }, value }) => [
              canonical(labels),
              value,
            ]),
          );
          t.deepEqual(
            new Map([...read].sort()),
            new Map([...expected].sort()),
            `${sampleName} from ${format}`,
          );
        }
      }
      t.is((await prometheus.query('sum(changes(up{job="tamma"}[1m]))'))[0]?.value, 0, 'no scrape failed');
      t.deepEqual([...asked], [format === 'text' ? 'text/plain' : 'application/openmetrics-text']);
    },
  );
}
