import test from 'ava';
import { Counted, Instrumented, TracksGauge } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter, defineGauge } from '../../lib/define.js';
import { sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

// Standard mode only: legacy decorators have no #private methods.
test('instance and static #private methods are recorded', async (t) => {
  const registry = createTestRegistry();
  const running = defineGauge({ name: 'running', help: 'Calls in progress.' });
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

test('#private methods record in the registry of @Instrumented, and not in the shared one', async (t) => {
  const registry = createTestRegistry();
  const secret = defineCounter({ name: 'secret_total', help: 'Secrets.' });
  @Instrumented({ registry })
  class Worker {
    @Counted(secret)
    #run(): void {}
    use(): void {
      this.#run();
    }
  }
  await Promise.resolve();
  new Worker().use();
  t.is(readValue(registry, secret), 1);
  t.is(sharedRegistry.get('secret_total'), undefined);
});

test('a #private method is recorded under the nearest class that all instances so far have in common', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted({ registry })
    #run(): void {}
    use(): void {
      this.#run();
    }
  }
  class Night extends Worker {}
  for (const Class of [Night, Worker, Night]) new Class().use();
  t.is(readValue(registry, methodCalls, { class: 'Night', method: '#run', outcome: 'success' }), 1);
  t.is(readValue(registry, methodCalls, { class: 'Worker', method: '#run', outcome: 'success' }), 2);
});

test('a #private method passed as a handler records under its class, whichever class is constructed first', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Worker {
    @Counted()
    #run(): void {}
    get handler(): () => void {
      return this.#run;
    }
  }
  class Night extends Worker {}
  const handlers = [new Night().handler, new Worker().handler];
  for (const handler of handlers) handler.call(new Map());
  t.is(readValue(registry, methodCalls, { class: 'Worker', method: '#run', outcome: 'success' }), 2);
});
