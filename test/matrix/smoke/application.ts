/** `createMetrics` starts its own server and stops it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@tamma/observability';
import { parseText } from '../../helpers/parse-text.js';

test('createMetrics serves /metrics with Node metrics and /ready until it stops', async () => {
  const metrics = createMetrics({ host: '127.0.0.1', port: 0 }, { drainSeconds: 0 });
  await metrics.start();
  const { url } = metrics;
  const text = await (await fetch(`${url}/metrics`)).text();
  const names = new Set(parseText(text).map(({ name }) => name));
  for (const name of ['build_info', 'process_cpu_user_seconds_total', 'nodejs_version_info'])
    assert.ok(names.has(name), name);
  const ready = await fetch(`${url}/ready`);
  assert.equal(((await ready.json()) as { status: string }).status, 'ready');
  await metrics.stop();
  await assert.rejects(fetch(`${url}/metrics`));
});
