/** Our instruments in prom-client and @prometheus-io/client: all of their functions work on `registry.prometheus`. */

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as prometheusIo from '@prometheus-io/client';
import test from 'ava';
import * as promClient from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import type { StructuralRegistry } from '../../lib/structural-registry.js';
import { createTestRegistry, readText } from '../../lib/testing.js';
import { parseText } from '../helpers/parse-text.js';

const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels: { a: label(), b: label() } });
const depth = defineGauge({ name: 'depth', help: 'Depth.', aggregator: 'max' });
const seconds = defineHistogram({
  name: 'call_seconds',
  help: 'Durations.',
  labels: { a: label() },
  buckets: [0.1, 1],
});
const sizes = defineSummary({ name: 'size_bytes', help: 'Sizes.', quantiles: [0.5] });

function fill(registry: MetricsRegistry<StructuralRegistry>): void {
  registry.counter(calls).inc({ a: 'x', b: 'y' }, 2);
  registry.gauge(depth).set(3);
  registry.histogram(seconds).observe({ a: 'x' }, 0.5);
  registry.summary(sizes).observe(10);
}

/** Samples in sorted order, with sorted labels, because theirs writes default labels after `le`. */
const lines = (text: string): string[] =>
  parseText(text)
    .map(({ name, labels, value }) => JSON.stringify([name, Object.entries(labels).sort(), value]))
    .sort();

for (const [name, client] of [
  ['prom-client', promClient],
  ['@prometheus-io/client', prometheusIo],
] as const) {
  const newRegistry = () => new MetricsRegistry({ prometheus: new client.Registry() as promClient.Registry });

  test(`${name}: its text output of our instruments equals ours`, async (t) => {
    const registry = newRegistry();
    fill(registry);
    t.deepEqual(lines(await registry.prometheus.metrics()), lines(await readText(registry)));
  });

  test(`${name}: its OpenMetrics output names our counters as the format requires, without renaming the instruments`, async (t) => {
    const registry = newRegistry();
    fill(registry);
    const { prometheus } = registry;
    for (let time = 0; time < 3; time++) {
      prometheus.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
      const openMetrics = await prometheus.metrics();
      t.regex(openMetrics, /^# TYPE calls counter$/m);
      t.regex(openMetrics, /^calls_total\{a="x",b="y"\} 2$/m);
      prometheus.setContentType(client.Registry.PROMETHEUS_CONTENT_TYPE as never);
      t.regex(await prometheus.metrics(), /^calls_total\{a="x",b="y"\} 2$/m);
      t.is(registry.counter(calls).name, 'calls_total');
    }
  });

  test(`${name}: our output includes its metrics and its default metrics, with le as the last label`, async (t) => {
    const registry = newRegistry();
    fill(registry);
    client.collectDefaultMetrics({ register: registry.prometheus as never });
    const theirs = new client.Histogram({
      name: 'theirs_seconds',
      help: 'Theirs.',
      labelNames: ['z'],
      buckets: [1],
      registers: [registry.prometheus as never],
    });
    theirs.observe({ z: 'q"\\\n' }, 0.5);
    new client.Summary({
      name: 'their_sizes',
      help: 'Theirs.',
      percentiles: [0.5],
      registers: [registry.prometheus as never],
    }).observe(4);
    const text = await readText(registry);
    const names = new Set(parseText(text).map((sample) => sample.name));
    for (const wanted of [
      'calls_total',
      'process_cpu_user_seconds_total',
      'nodejs_eventloop_lag_seconds',
      'theirs_seconds_bucket',
      'their_sizes',
    ]) {
      t.true(names.has(wanted), wanted);
    }
    t.true(text.includes('theirs_seconds_bucket{z="q\\"\\\\\\n",le="1"} 1\n'));
    t.true(text.includes('theirs_seconds_bucket{z="q\\"\\\\\\n",le="+Inf"} 1\n'));
    t.regex(text, /^their_sizes\{quantile="0.5"\} 4$/m);
  });

  test(`${name}: default labels are added to series without them`, async (t) => {
    const registry = newRegistry();
    fill(registry);
    new client.Counter({
      name: 'theirs_total',
      help: 'Theirs.',
      registers: [registry.prometheus as never],
    }).inc();
    registry.prometheus.setDefaultLabels({ app: 'tamma', a: 'default' });
    const text = await readText(registry);
    t.regex(text, /^calls_total\{a="x",b="y",app="tamma"\} 2$/m);
    t.regex(text, /^call_seconds_bucket\{a="x",app="tamma",le="0.1"\} 0$/m);
    t.regex(text, /^depth\{app="tamma",a="default"\} 3$/m);
    t.regex(text, /^theirs_total\{app="tamma",a="default"\} 1$/m);
    const thirdPartyText = await registry.prometheus.metrics();
    t.deepEqual(lines(thirdPartyText), lines(text));
  });

  test(`${name}: AggregatorRegistry merges our metrics by their aggregators`, async (t) => {
    const workers = [newRegistry(), newRegistry()];
    for (const worker of workers) fill(worker);
    workers[1]?.gauge(depth).set(9);
    const json = await Promise.all(workers.map(({ prometheus }) => prometheus.getMetricsAsJSON()));
    const text = await client.AggregatorRegistry.aggregate(json).metrics();
    t.regex(text, /^calls_total\{a="x",b="y"\} 4$/m);
    t.regex(text, /^depth 9$/m);
    const bucket = parseText(text).find(
      (sample) => sample.name === 'call_seconds_bucket' && sample.labels.le === '1',
    );
    t.is(bucket?.value, 2);
    t.is(parseText(text).find((sample) => sample.name === 'call_seconds_sum')?.value, 1);
  });

  test(`${name}: Pushgateway pushes the metrics of our registry`, async (t) => {
    const registry = newRegistry();
    fill(registry);
    const received: { request: string; body: string }[] = [];
    const server = createServer((request, response) => {
      void read(request).then((body) => {
        received.push({ request: `${request.method} ${request.url}`, body });
        response.writeHead(202).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const gateway = new client.Pushgateway(`http://127.0.0.1:${port}`, {}, registry.prometheus as never);
      await gateway.push({ jobName: 'batch' });
    } finally {
      server.close();
    }
    t.is(received[0]?.request, 'PUT /metrics/job/batch');
    t.deepEqual(lines(received[0]?.body ?? ''), lines(await readText(registry)));
  });

  test(`${name}: resetMetrics, getSingleMetric and removeSingleMetric work on our instruments`, async (t) => {
    const registry = newRegistry();
    fill(registry);
    const { prometheus } = registry;
    t.is(prometheus.getSingleMetric('calls_total'), registry.counter(calls) as never);
    t.regex(await prometheus.getSingleMetricAsString('depth'), /depth 3/);
    prometheus.resetMetrics();
    t.regex(await readText(registry), /^depth 0$/m);
    prometheus.removeSingleMetric('depth');
    t.notRegex(await readText(registry), /depth/);
  });
}

test("prom-client's AggregatorRegistry accepts the registry of a worker", (t) => {
  t.notThrows(() => promClient.AggregatorRegistry.setRegistries(createTestRegistry().prometheus));
  promClient.AggregatorRegistry.setRegistries(promClient.register);
});

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
