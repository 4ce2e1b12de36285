/** Metrics of prom-client are exposed together with ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineCounter, sharedRegistry } from '@tamma/observability';
import { readText } from '@tamma/observability/testing';
import { Counter, Histogram, register } from 'prom-client';
import { parseText } from '../../helpers/parse-text.js';

test('metrics of prom-client and ours are in /metrics and in the text of the default registry', async () => {
  new Counter({ name: 'theirs_total', help: 'Theirs.', labelNames: ['a'] }).inc({ a: 'x' }, 3);
  new Histogram({ name: 'theirs_seconds', help: 'Theirs.', buckets: [1] }).observe(0.5);
  sharedRegistry.counter(defineCounter({ name: 'ours_total', help: 'Ours.' })).inc(2);
  assert.equal(sharedRegistry.prometheus, register);
  for (const text of [await readText(sharedRegistry), await register.metrics()]) {
    const values = new Map(parseText(text).map(({ name, value }) => [name, value]));
    assert.equal(values.get('theirs_total'), 3);
    assert.equal(values.get('theirs_seconds_count'), 1);
    assert.equal(values.get('ours_total'), 2);
  }
});
