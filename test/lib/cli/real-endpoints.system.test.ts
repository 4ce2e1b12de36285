/** The lint reads expositions of real programs; its count of series is compared with that of Prometheus. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { endpointFindings } from '../../../lib/cli/lint.js';
import { testWithBoth } from '../../helpers/programs.js';
import { startPrometheus } from '../../helpers/prometheus.js';
import { until } from '../../helpers/until.js';

const tricky = `# TYPE calls counter
# HELP calls Calls, all of them.
calls_total{path="} 1 # {"} 5 # {trace_id="x1"} 1 1700000000
calls_created{path="} 1 # {"} 1700000000
# TYPE build info
build_info{version="1"} 1
# TYPE state stateset
state{state="a\u2028b"} 1
state{state="off"} 0
# TYPE wait_seconds summary
wait_seconds{quantile="0.5"} NaN
wait_seconds_sum +Inf
wait_seconds_count 1e3
# EOF
`;

testWithBoth(
  ['prometheus'],
  'the lint reads every line of Prometheus’ own metrics and counts as many series as Prometheus stores',
  async (t, paths) => {
    const openMetrics = 'application/openmetrics-text; version=1.0.0';
    let answer = { type: openMetrics, text: tricky };
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': answer.type }).end(answer.text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.close();
      server.closeAllConnections();
    });
    const prometheus = await startPrometheus({
      program: paths.prometheus,
      target: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
      scrapeIntervalSeconds: 1,
    });
    t.teardown(() => prometheus.stop());

    const own = async (accept: string) => {
      const response = await fetch(`${prometheus.url}/metrics`, { headers: { accept } });
      return { type: response.headers.get('content-type') ?? '', text: await response.text() };
    };
    for (const next of [answer, await own('text/plain'), await own(openMetrics)]) {
      answer = next;
      const exposition = await readExposition([next.text]);
      t.is(exposition.unreadable, 0);
      // The latest scrape may still be of the previous response.
      const stored = await until(`${exposition.series} series`, async () => {
        const [scraped] = await prometheus.query('scrape_samples_scraped');
        return scraped?.value === exposition.series ? scraped.value : undefined;
      });
      t.is(stored, exposition.series);
    }
    const exposition = await readExposition([answer.text]);
    t.deepEqual(
      exposition.families
        .filter(({ type, samples }) => type === 'untyped' || samples.size === 0)
        .map(({ name }) => name),
      [],
      'every family has a type and samples',
    );
    const rules = new Set<string>(
      endpointFindings(exposition, { maxSeries: 1_000, style: true }).map(({ rule }) => rule),
    );
    // Its help texts lack full stops. Rules that depend on correct parsing must have no findings.
    t.true(rules.has('help'));
    for (const rule of ['missing-type', 'missing-help', 'counter-total', 'cardinality', 'identifier-label'])
      t.false(rules.has(rule), rule);
  },
);

test('in the default metrics of prom-client, the lint reports only three gauges named like counters', async (t) => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const exposition = await readExposition([await registry.metrics()]);
  t.is(exposition.unreadable, 0);
  const findings = endpointFindings(exposition, { maxSeries: 1_000 });
  t.true(findings.length > 0);
  t.deepEqual(
    findings.filter(({ rule, metric }) => rule !== 'total-counter' || !metric.startsWith('nodejs_active_')),
    [],
  );
});
