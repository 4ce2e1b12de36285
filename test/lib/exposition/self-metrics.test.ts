/** The metrics about scrapes, and waiting for the next scrape. */
import test from 'ava';
import { Gauge as PromGauge } from 'prom-client';
import {
  metricsCollectorErrors,
  metricsScrapeDuration,
  metricsScrapeSize,
  metricsScrapesInProgress,
  metricsSeries,
} from '../../../lib/catalogue/self.js';
import { selfMetricsOf } from '../../../lib/exposition/self-metrics.js';
import { createTestRegistry, readHistogram, readValue } from '../../../lib/testing.js';

/** Whether a promise has settled once all pending callbacks have run. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test('a registry has one set of them, which all of its endpoints share', (t) => {
  const registry = createTestRegistry();
  t.is(selfMetricsOf(registry), selfMetricsOf(registry));
  t.not(selfMetricsOf(createTestRegistry()), selfMetricsOf(registry));
});

test('scrapes in progress are counted, and duration and size of a scrape are recorded by format', (t) => {
  const registry = createTestRegistry();
  const self = selfMetricsOf(registry);
  self.started();
  self.started();
  t.is(readValue(registry, metricsScrapesInProgress), 2);
  self.ended();
  t.is(readValue(registry, metricsScrapesInProgress), 1);
  self.written('text', 0.25, 1_000);
  t.like(readHistogram(registry, metricsScrapeDuration, { format: 'text' }), { count: 1, sum: 0.25 });
  t.is(readValue(registry, metricsScrapeSize, { format: 'text' }), 1_000);
});

test('waiting for the next scrape ends with a scrape that starts after the wait began', async (t) => {
  const self = selfMetricsOf(createTestRegistry());
  self.started();
  const next = self.nextScrape();
  self.ended();
  t.false(await isSettled(next), 'that scrape had started before');
  self.started();
  const later = self.nextScrape();
  t.false(await isSettled(next), 'it has not ended');
  self.ended();
  t.true(await isSettled(next));
  t.false(await isSettled(later), 'it waits for one more');
  self.started();
  self.ended();
  t.true(await isSettled(later));
});

test('the end of one scrape ends all waits that began before its start', async (t) => {
  const self = selfMetricsOf(createTestRegistry());
  const waits = [self.nextScrape(), self.nextScrape(), self.nextScrape()];
  self.started();
  self.ended();
  t.deepEqual(await Promise.all(waits.map(isSettled)), [true, true, true]);
});

test('a scrape starts although a third-party metric has taken the name metrics_series, and the conflict is counted', (t) => {
  const registry = createTestRegistry();
  const self = selfMetricsOf(registry);
  registry.clear();
  new PromGauge({ name: metricsSeries.name, help: 'Theirs.', registers: [registry.prometheus] });
  self.started();
  t.is(readValue(registry, metricsScrapesInProgress), 1);
  t.is(readValue(registry, metricsCollectorErrors, { metric: metricsSeries.name }), 1);
});
