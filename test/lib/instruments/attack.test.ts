// In a process of its own: it measures the heap.
/** Five million increments, each with a new label value: memory is limited, and no increment is lost. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { metricsSeriesFolded } from '../../../lib/catalogue/self.js';
import { defineCounter } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('beyond the budget, memory is stable, the sum is exact and folding is counted', (t) => {
  const registry = createTestRegistry();
  const attacked = defineCounter({
    name: 'attacked_total',
    help: 'Attacked.',
    labels: { user: label(), kind: label() },
  });
  const counter = registry.counter(attacked);
  const attack = (from: number, to: number): void => {
    for (let index = from; index < to; index++) counter.inc({ user: `user-${index}`, kind: 'login' });
  };
  const heap = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  attack(0, 100_000);
  const before = heap();
  attack(100_000, 5_000_000);
  const after = heap();
  let sum = 0;
  for (const { value } of counter.series) sum += value;
  t.is(sum, 5_000_000);
  t.true(counter.series.size <= 1_100);
  t.true(after - before < 2 * 2 ** 20, `${after - before} bytes more`);
  const folded = readValue(registry, metricsSeriesFolded, { metric: 'attacked_total', label: 'user' }) ?? 0;
  t.is(folded, 5_000_000 - 1_000, 'each recording beyond the budget');
  t.is(registry.warnings.length, 1);
});
