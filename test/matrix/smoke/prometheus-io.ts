/** A registry of @prometheus-io/client holds our metrics and its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Registry } from '@prometheus-io/client';
import { defineCounter, defineHistogram, MetricsRegistry } from '@tamma/observability';
import { metricsRouter } from '@tamma/observability/middleware';
import Koa from 'koa';
import { parseText } from '../../helpers/parse-text.js';
import { serve } from './serve.js';

test('metrics of @prometheus-io/client and ours are in its text and in /metrics', async () => {
  const prometheus = new Registry();
  const registry = new MetricsRegistry({ prometheus });
  new Counter({ name: 'theirs_total', help: 'Theirs.', registers: [prometheus] }).inc(3);
  registry.counter(defineCounter({ name: 'ours_total', help: 'Ours.' })).inc(2);
  registry.histogram(defineHistogram({ name: 'ours_seconds', help: 'Ours.', buckets: [1] })).observe(0.5);
  const app = new Koa().use(metricsRouter({ registry }).routes());
  await serve(app.callback(), async (url) => {
    for (const text of [await prometheus.metrics(), await (await fetch(`${url}/metrics`)).text()]) {
      const values = new Map(parseText(text).map(({ name, value }) => [name, value]));
      assert.equal(values.get('theirs_total'), 3);
      assert.equal(values.get('ours_total'), 2);
      assert.equal(values.get('ours_seconds_count'), 1);
    }
  });
});
