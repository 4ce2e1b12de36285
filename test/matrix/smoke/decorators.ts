/** Decorated methods count and time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineCounter, defineHistogram, label } from '@tamma/observability';
import { Counted, outcome, Timed } from '@tamma/observability/decorators';
import { createTestRegistry, readHistogram, readValue } from '@tamma/observability/testing';

const registry = createTestRegistry();
const orders = defineCounter({
  name: 'orders_total',
  help: 'Orders.',
  labels: { size: label(), outcome: label('success', 'failure', 'escalation') },
});
const duration = defineHistogram({
  name: 'order_duration_seconds',
  help: 'Durations of orders.',
  labels: { size: label() },
  buckets: [0.1, 1, 10],
});

class Shop {
  @Counted(orders, { registry, labels: { size: ({ args: [size] }) => size, outcome } })
  @Timed(duration, { registry, labels: { size: 'any' } })
  async order(size: string): Promise<string> {
    if (size === 'huge') throw new Error('sold out');
    return `a ${size} one`;
  }
}

test('a decorated method returns its result, and its calls are counted and timed', async () => {
  const shop = new Shop();
  assert.equal(await shop.order('small'), 'a small one');
  await shop.order('small');
  await assert.rejects(shop.order('huge'), /sold out/);
  assert.equal(readValue(registry, orders, { size: 'small', outcome: 'success' }), 2);
  assert.equal(readValue(registry, orders, { size: 'huge', outcome: 'failure' }), 1);
  assert.equal(readHistogram(registry, duration, { size: 'any' })?.count, 3);
  assert.deepEqual(registry.warnings, []);
});
