/** Names that families take, so that no sample of one is a sample of another. */
import test from 'ava';
import promClient from 'prom-client';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineHistogram } from '../../../lib/define.js';
import { writtenTypeOf } from '../../../lib/exposition/family-names.js';
import { openMetricsFormat, openMetricsWithCreated } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

for (const [name, type, text, openMetrics] of [
  ['jobs_total', 'counter', 'counter', 'counter'],
  ['jobs', 'counter', 'counter', 'unknown'],
  ['_total_jobs', 'counter', 'counter', 'unknown'],
  ['jobs', 'gauge', 'gauge', 'gauge'],
  ['jobs_total', 'gauge', 'gauge', 'gauge'],
] as const)
  test(`alone, the ${type} ${name} has the type ${text} in the text format and ${openMetrics} in OpenMetrics`, (t) => {
    t.is(writtenTypeOf({ name, type }, textFormat), text);
    t.is(writtenTypeOf({ name, type }, openMetricsFormat), openMetrics);
  });

test('gauges jobs and jobs_created are both written in OpenMetrics, where a gauge has no creation time', async (t) => {
  const registry = createTestRegistry();
  for (const name of ['jobs', 'jobs_created'])
    new promClient.Gauge({ name, help: 'J.', registers: [registry.prometheus] }).set(1);
  const text = await scrapeToString(registry, { format: openMetricsFormat });
  t.deepEqual(text.match(/^jobs\w* .*/gm), ['jobs 1', 'jobs_created 1']);
});

test('a third-party gauge with the name of the creation time of our histogram is left out of OpenMetrics only', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'run_seconds', help: 'R.', buckets: [1] })).observe(1);
  new promClient.Gauge({ name: 'run_seconds_created', help: 'R.', registers: [registry.prometheus] }).set(7);
  t.regex(await scrapeToString(registry), /^run_seconds_created 7$/m);
  t.notRegex(await scrapeToString(registry, { format: openMetricsFormat }), /^run_seconds_created/m);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'run_seconds_created' }), 1);
});

test('a counter without _total has no creation time in OpenMetrics, since its type is unknown', async (t) => {
  const registry = createTestRegistry();
  const lint = { allow: ['counter-total'], why: 'an old name' } as const;
  registry.counter(defineCounter({ name: 'requests', help: 'R.', lint })).inc();
  t.is(
    await scrapeToString(registry, { format: openMetricsWithCreated }),
    '# TYPE requests unknown\n# HELP requests R.\nrequests 1\n# EOF\n',
  );
});
