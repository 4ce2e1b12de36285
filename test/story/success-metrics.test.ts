/** The success metrics: memory and bytes are measured here; CPU time is read from the last results of `npm run bench`. */
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { HealthChecks, PrometheusMetricsCollector } from '@tamma/observability';
import { MetricsEndpoint } from '@tamma/observability/middleware';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import Koa from 'koa';
import { fillCatalogue } from '../bench/catalogue-fill.js';
import { resultOf } from '../bench/child.js';
import type { CatalogueMemory } from '../bench/memory.js';
import { type RecorderMeasurement, recorderVerdicts } from '../bench/recorders.js';
import { serve } from '../helpers/koa-server.js';
import { fromRoot } from '../helpers/package-root.js';

async function recorderVerdict(claim: RegExp) {
  const results = JSON.parse(await readFile(fromRoot('test/bench/results.json'), 'utf8')) as {
    recorders: RecorderMeasurement[];
  };
  return recorderVerdicts(results.recorders).find((verdict) => claim.test(verdict.claim));
}

test('recording a request takes less than 1 % of the duration of a request over loopback', async (t) => {
  const verdict = await recorderVerdict(/^recording an AI request/);
  t.like(verdict, { limit: 'at most 1 %', reached: true });
});

test('every recorder and preset takes less than 10 ms', async (t) => {
  const verdict = await recorderVerdict(/^the slowest recorder or preset/);
  t.like(verdict, { limit: 'at most 10 ms', reached: true });
});

test('20,000 series of the catalogue take less than 20 MB, a fifth of the limit, also after a scrape', async (t) => {
  const { series, before, after } = await resultOf<CatalogueMemory>('catalogue-app.ts', ['20000']);
  t.is(series, 20_000);
  t.true(before > 1e6, `${before} bytes`);
  t.true(Math.max(before, after) < 20e6, `${before} bytes, ${after} after a scrape`);
});

test('scrapes of 5,000 series every 15 seconds transfer less than 1 MB per minute', async (t) => {
  const registry = createTestRegistry({ maxSeries: 5_000 });
  fillCatalogue(registry, 5_000);
  const app = new Koa();
  new MetricsEndpoint(new PrometheusMetricsCollector({ registry }), {
    checks: new HealthChecks({ registry }),
  }).registerRoutes(app);
  const { url, close } = await serve(app);
  t.teardown(close);
  const bytes = await new Promise<number>((resolve, reject) => {
    get(`${url}/metrics`, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      response.once('end', () => resolve(received)).once('error', reject);
    }).once('error', reject);
  });
  const scrapesPerMinute = 60 / 15;
  t.true(bytes > 10_000, `${bytes} bytes`);
  t.true(bytes * scrapesPerMinute < 1e6, `${bytes} bytes per scrape`);
});
