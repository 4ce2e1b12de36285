// In a process of its own: it records in the shared registry.
import { EventEmitter } from 'node:events';
import test from 'ava';
import { Counted, fromClass, Instrumented } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { type MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readSamples } from '../../lib/testing.js';

const sends = defineCounter({ name: 'sends_total', help: 'Sends.', labels: { provider: label() } });

async function calls(registry: MetricsRegistry): Promise<string[]> {
  const samples = [...(await readSamples(registry, methodCalls)), ...(await readSamples(registry, sends))];
  return samples
    .map(({ labels, value }) => `${labels.provider ?? `${labels.class}.${labels.method}`} ${value}`)
    .sort();
}

test('a method passed as a handler records with the registry and labels of its class', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry, labels: { provider: 'claude' } })
  class Claude {
    @Counted(sends, { labels: { provider: fromClass('provider') } })
    send(): void {}
    @Counted()
    list(): void {}
    @Counted()
    static models(): void {}
  }
  const claude = new Claude();
  const { send, list } = claude;
  const { models } = Claude;
  for (const method of [send, list, models]) {
    method();
    for (const other of [null, 'text', {}, Claude, new Map(), class Other {}, claude])
      method.call(other as never);
    new EventEmitter().on('request', method).emit('request');
  }
  t.deepEqual(await calls(registry), ['Claude.list 9', 'Claude.models 9', 'claude 9']);
  t.deepEqual(
    (await readSamples(sharedRegistry, methodCalls)).filter((sample) => sample.labels.class === 'Claude'),
    [],
  );
});

test('with @Instrumented the class is known before its first instance', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Routes {
    @Counted()
    list(): void {}
  }
  const { list } = Routes.prototype;
  list.call(new Map() as never);
  t.deepEqual(await calls(registry), ['Routes.list 1']);
});

test('a handler of a subclass has the settings of the subclass, inherited ones included', async (t) => {
  const [registry, other] = [createTestRegistry(), createTestRegistry()];
  @Instrumented({ registry, labels: { provider: 'base' } })
  class Base {
    @Counted(sends, { labels: { provider: fromClass('provider') } })
    send(): void {}
  }
  class Plain extends Base {
    @Counted()
    list(): void {}
  }
  @Instrumented({ registry: other, labels: { provider: 'other' } })
  class Other extends Base {}
  const { list } = new Plain();
  list.call(undefined as never);
  new Plain().send();
  new Other().send();
  // Detached from an instance of the subclass, it records as the method of the declaring class.
  const { send } = new Other();
  send.call(undefined as never);
  t.deepEqual(await calls(registry), ['Plain.list 1', 'base 2']);
  t.deepEqual(await calls(other), ['other 1']);
});

test('one decorator on methods of two classes records each method under its own class', async (t) => {
  const [first, second] = [createTestRegistry(), createTestRegistry()];
  const counted = Counted(sends, { labels: { provider: fromClass('provider') } }) as (
    ...at: unknown[]
  ) => void;
  @Instrumented({ registry: first, labels: { provider: 'one' } })
  class One {
    @counted
    send(): void {}
  }
  @Instrumented({ registry: second, labels: { provider: 'two' } })
  class Two {
    @counted
    send(): void {}
  }
  for (const { send } of [new One(), new Two(), new One(), new Two()]) send.call(undefined as never);
  t.deepEqual([await calls(first), await calls(second)], [['one 2'], ['two 2']]);
});

test('a method wrapped by another decorator is found by its name', async (t) => {
  const registry = createTestRegistry();
  type Anything = (this: unknown, ...args: unknown[]) => unknown;
  function traced(first: unknown, _key: unknown, descriptor?: { value?: unknown }): never {
    const method = (descriptor === undefined ? first : descriptor.value) as Anything;
    const wrapper: Anything = function (...args) {
      return method.apply(this, args);
    };
    if (descriptor !== undefined) descriptor.value = wrapper;
    return (descriptor === undefined ? wrapper : undefined) as never;
  }
  class Base {
    @traced
    @Counted({ registry })
    find(): void {}
  }
  class Users extends Base {
    override find(): void {
      super.find();
    }
  }
  new Users().find();
  const { find } = new Base();
  find.call(undefined as never);
  t.deepEqual(await calls(registry), ['Base.find 2']);
});
