/** A snapshot file is OpenMetrics text, which Prometheus can scrape. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { keepSnapshots } from '../../../lib/durability/keep-snapshots.js';
import { openMetricsContentType } from '../../../lib/exposition/open-metrics.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { testWithBoth } from '../../helpers/programs.js';
import { startPrometheus } from '../../helpers/prometheus.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

testWithBoth(['prometheus'], 'Prometheus scrapes a snapshot file', async (t, { prometheus: program }) => {
  const file = join(await temporaryFolder(t), 'metrics.om');
  const registry = createTestRegistry();
  registry.counter(catalogue.prsMerged).inc({ platform: 'github', repository: 'a"\\\nb' }, 7);
  registry.histogram(catalogue.aiRequestDuration).observe({ provider: 'p', model: 'm' }, 2.5);
  const snapshots = await keepSnapshots({ file, registry, intervalSeconds: 3_600 });
  await snapshots.stop();
  const server = createServer((_request, response) => {
    void readFile(file).then((bytes) =>
      response.writeHead(200, { 'content-type': openMetricsContentType }).end(bytes),
    );
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const prometheus = await startPrometheus({
    program,
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    scrapeIntervalSeconds: 1,
  });
  t.teardown(() => prometheus.stop());
  const [merged] = await until('a series', async () => {
    const found = await prometheus.query('prs_merged_total');
    return found.length > 0 ? found : undefined;
  });
  t.is(merged?.value, 7);
  t.is(merged?.metric.repository, 'a"\\\nb');
  t.is((await prometheus.query('ai_request_duration_seconds_sum'))[0]?.value, 2.5);
  t.is((await prometheus.query('metrics_snapshot_info'))[0]?.value, 1);
  t.is((await prometheus.query('min_over_time(up[1m])'))[0]?.value, 1);
});
