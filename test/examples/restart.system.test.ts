/** Counter resets that Prometheus sees after a restart, with a snapshot and without. */
import { join } from 'node:path';
import { freePort } from '../helpers/free-port.js';
import { testWithBoth } from '../helpers/programs.js';
import { startPrometheus } from '../helpers/prometheus.js';
import { startServiceProcess } from '../helpers/service-process.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

for (const [title, hasSnapshot, expected] of [
  ['with a snapshot, Prometheus sees no counter reset after a restart', true, 0],
  ['without a snapshot, Prometheus sees exactly one counter reset after a restart', false, 1],
] as const) {
  testWithBoth(['prometheus'], title, async (t, { prometheus: program }) => {
    const port = await freePort();
    const env = {
      PORT: String(port),
      METRICS_SCRAPE_INTERVAL: '1',
      ...(hasSnapshot ? { METRICS_SNAPSHOT_FILE: join(await temporaryFolder(t), 'metrics.om') } : {}),
    };
    const first = await startServiceProcess(env);
    t.teardown(() => first.process.kill());
    const prometheus = await startPrometheus({
      program,
      target: `${first.url}/metrics`,
      scrapeIntervalSeconds: 1,
    });
    t.teardown(() => prometheus.stop());
    const one = async (expression: string): Promise<number> =>
      (await prometheus.query(expression))[0]?.value ?? Number.NaN;

    await until('issues', async () => ((await one('sum(issues_processed_total)')) > 20 ? true : undefined));
    const before = await one('sum(issues_processed_total)');
    t.is(await first.stop(), 'SIGTERM');
    await until('the end', async () => ((await one('up')) === 0 ? true : undefined));
    const second = await startServiceProcess(env);
    t.teardown(() => second.stop());
    await until('the second life', async () => ((await one('up')) === 1 ? true : undefined));
    // A few scrapes, while it continues counting.
    await until('work in the second life', async () =>
      (await one('count_over_time(up[1m]) * up')) > 5 &&
      (await one('sum(increase(issues_processed_total[3s]))')) > 0
        ? true
        : undefined,
    );
    t.is(await one('max(resets(issues_processed_total[5m]))'), expected);
    t.is(await one('max(resets(issue_completion_duration_seconds_count[5m]))'), expected);
    if (hasSnapshot) t.true((await one('sum(issues_processed_total)')) >= before);
  });
}
