/** The table of refused expositions, tried with the real Prometheus: what the lint calls refused is, and nothing else. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testWithBoth } from '../../helpers/programs.js';
import { startPrometheus } from '../../helpers/prometheus.js';
import { contentTypes, judgedExpositions } from '../../helpers/refused-expositions.js';
import { until } from '../../helpers/until.js';

interface Target {
  readonly labels: { readonly job: string };
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

testWithBoth(
  ['prometheus'],
  'Prometheus refuses what the lint says that it refuses, and takes the rest',
  async (t, { prometheus: program }) => {
    const server = createServer((request, response) => {
      const { format, text, contentType } = judgedExpositions[Number(request.url?.slice(1))] ?? {
        format: 'text',
        text: 'a 1\n',
        contentType: undefined,
      };
      response.writeHead(200, { 'content-type': contentType ?? contentTypes[format] }).end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.close();
      server.closeAllConnections();
    });
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const job = judgedExpositions
      .map(
        (_, index) =>
          `  - job_name: '${index}'\n    metrics_path: /${index}\n    static_configs:\n      - targets: ['${host}']\n`,
      )
      .join('');
    const prometheus = await startPrometheus({
      program,
      target: `http://${host}/metrics`,
      scrapeIntervalSeconds: 5,
      job,
    });
    t.teardown(() => prometheus.stop());
    const major = await prometheus.majorVersion();
    const targets = await until('a scrape of each target', async () => {
      const response = await fetch(`${prometheus.url}/api/v1/targets`);
      const { data } = (await response.json()) as { data: { activeTargets: readonly Target[] } };
      return data.activeTargets.length > judgedExpositions.length &&
        data.activeTargets.every(({ health }) => health !== 'unknown')
        ? data.activeTargets
        : undefined;
    });
    for (const [index, { what, problem, only = major }] of judgedExpositions.entries()) {
      const target = targets.find(({ labels }) => labels.job === String(index));
      const expected = problem === undefined || only !== major ? 'up' : 'down';
      t.is(target?.health, expected, `${what}: ${target?.lastError}`);
    }
  },
);
