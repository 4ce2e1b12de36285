import test from 'ava';
import { TracksGauge } from '../../decorators/index.js';
import { defineGauge, label } from '../../lib/definition.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

// Legacy mode only, where a property decorator works with `useDefineForClassFields: false`.
const depth = defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } });
const registry = createTestRegistry();

class Queue {
  @TracksGauge(depth, { registry, labels: { queue: 'all' } })
  size = 3;
}

test('a gauge on a legacy property follows its value, instance by instance', (t) => {
  const [one, other] = [new Queue(), new Queue()];
  t.is(readValue(registry, depth, { queue: 'all' }), 3);
  one.size = 7;
  t.is(readValue(registry, depth, { queue: 'all' }), 7);
  t.deepEqual([one.size, other.size], [7, 3]);
});
