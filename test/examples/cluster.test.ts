import test from 'ava';
import { hasShownLines, startExample } from '../helpers/example-process.js';
import { until } from '../helpers/until.js';

test('the primary of the cluster exposes the sum of both processes, and a signal to it stops all', async (t) => {
  const service = startExample(t, 'cluster', { METRICS_PORT: '0' });
  const [, metricsUrl = ''] = await service.printed(/on (http:\S+)/);
  const [, , url = ''] = await service.printed(/(Process \d+ listens on (http:\S+)\n[\s\S]*){2}/);
  for (let count = 0; count < 4; count++) await (await fetch(url)).text();
  // A worker joins soon after its start.
  const scraped = await until('both processes', async () => {
    const text = await (await fetch(metricsUrl)).text();
    return text.includes('metrics_cluster_workers{state="answering"} 2') ? text : undefined;
  });
  await hasShownLines(t, 'cluster', scraped);
  t.is(await service.ended('SIGTERM'), 'SIGTERM');
});
