import test from 'ava';
import { Counted, TracksGauge } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineGauge } from '../../lib/definition.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

// Standard mode only: legacy decorators have no #private methods.
test('a #private method is recorded, instance and static', async (t) => {
  const registry = createTestRegistry();
  const running = defineGauge({ name: 'running', help: 'Calls under way.' });
  class Worker {
    @TracksGauge(running, { registry })
    @Counted({ registry })
    async #run(amount: number): Promise<number> {
      return amount + (readValue(registry, running) ?? 0);
    }
    @Counted({ registry })
    static #check(): boolean {
      return true;
    }
    static use(worker: Worker): Promise<number> {
      return Worker.#check() ? worker.#run(41) : Promise.resolve(0);
    }
  }
  t.is(await Worker.use(new Worker()), 42);
  t.is(readValue(registry, methodCalls, { class: 'Worker', method: '#run', outcome: 'success' }), 1);
  t.is(readValue(registry, methodCalls, { class: 'Worker', method: '#check', outcome: 'success' }), 1);
});
