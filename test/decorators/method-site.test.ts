// In a process of its own: it records in the shared registry.
/** To which class a method belongs, also if a compiler, another decorator or the lack of an instance hides it. */
import test from 'ava';
import { Counted, Instrumented } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter } from '../../lib/define.js';
import { sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readSamples, readValue, type TestRegistry } from '../../lib/testing.js';

type Decorator = (...at: unknown[]) => unknown;
type Method = (this: unknown) => void;

/** Class and number of the recorded calls. */
async function classes(registry: TestRegistry): Promise<string[]> {
  const samples = await readSamples(registry, methodCalls);
  return samples.map(({ labels, value }) => `${labels.class} ${value}`).sort();
}

/**
 * Decorates a method as a compiler of standard decorators does, then wraps it as a decorator of another package would.
 * @returns what the constructor of each instance runs
 */
function decoratedAndWrapped(
  registry: TestRegistry,
  holder: object,
  name = 'run',
  context: { static?: boolean; metadata?: object } = {},
) {
  const initializers: Method[] = [];
  const inner = (Counted({ registry }) as Decorator)(Reflect.get(holder, name), {
    kind: 'method',
    name,
    addInitializer: (initializer: Method) => initializers.push(initializer),
    ...context,
  }) as Method;
  Object.defineProperty(holder, name, {
    configurable: true,
    value(this: unknown) {
      inner.call(this);
    },
  });
  return (instance: object): void => {
    for (const initializer of initializers) initializer.call(instance);
  };
}

test('a method belongs to the class that declares it, also on an object that no constructor has made', async (t) => {
  const registry = createTestRegistry();
  class Base {
    @Counted({ registry })
    run(): void {}
  }
  class Sub extends Base {}
  (Object.create(Sub.prototype) as Sub).run();
  t.deepEqual(await classes(registry), ['Base 1']);
});

test('a method that is called without an object, before its class is known, is recorded', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted({ registry })
    run(): void {}
  }
  const { run } = Worker.prototype;
  for (const self of [null, undefined, Object.create(null)]) run.call(self as never);
  const [counted, ...others] = await classes(registry);
  // A legacy decorator gets the class.
  t.true(counted === 'anonymous 3' || counted === 'Worker 3', counted);
  t.deepEqual(others, []);
  t.deepEqual(registry.warnings, []);
});

test('a method keeps its class when it is called on an object that has another method of its name', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted({ registry })
    run(): void {}
  }
  class Other {
    run(): void {}
  }
  const { run } = new Worker();
  for (const self of [new Other(), new Worker(), new Other()]) run.call(self);
  t.deepEqual(await classes(registry), ['Worker 3']);
});

test('a method that a legacy decorator counts belongs to the class that it was given', async (t) => {
  const registry = createTestRegistry();
  class Base {
    run(): void {}
  }
  class Sub extends Base {}
  const descriptor = Object.getOwnPropertyDescriptor(Base.prototype, 'run') ?? {};
  (Counted({ registry }) as Decorator)(Base.prototype, 'run', descriptor);
  Object.defineProperty(Base.prototype, 'run', descriptor);
  new Sub().run();
  Base.prototype.run.call(undefined as never);
  t.deepEqual(await classes(registry), ['Base 2']);
});

test('of overrides of a method that another decorator wraps, the outermost class is the one that declares it', async (t) => {
  const registry = createTestRegistry();
  class Top {}
  class Base extends Top {
    run(): void {}
  }
  class Sub extends Base {
    override run(): void {
      super.run();
    }
  }
  class Last extends Sub {
    override run(): void {
      super.run();
    }
  }
  const construct = decoratedAndWrapped(registry, Base.prototype);
  const last = new Last();
  construct(last);
  last.run();
  t.deepEqual(await classes(registry), ['Base 1']);
});

test('the decorator metadata of a class identifies it, also if its method overrides another and is wrapped', async (t) => {
  const registry = createTestRegistry();
  class Root {
    run(): void {}
  }
  class Base extends Root {
    override run(): void {}
  }
  class Sub extends Base {}
  const metadata = {};
  const key = (Symbol as { metadata?: symbol }).metadata ?? Symbol.for('Symbol.metadata');
  Object.defineProperty(Base, key, { value: metadata });
  const construct = decoratedAndWrapped(registry, Base.prototype, 'run', { metadata });
  const sub = new Sub();
  construct(sub);
  sub.run();
  t.deepEqual(await classes(registry), ['Base 1']);
});

test('a wrapped method with the name of a method of every object belongs to the class that declares it', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    toString(): string {
      return 'worker';
    }
  }
  const construct = decoratedAndWrapped(registry, Worker.prototype, 'toString');
  const worker = new Worker();
  construct(worker);
  worker.toString();
  t.deepEqual(await classes(registry), ['Worker 1']);
});

test('a wrapped static method that overrides another belongs to its class', async (t) => {
  const registry = createTestRegistry();
  class Base {
    static run(): void {}
    walk(): void {}
  }
  class Worker extends Base {
    static override run(): void {}
  }
  decoratedAndWrapped(registry, Worker, 'run', { static: true })(Worker);
  Worker.run();
  t.deepEqual(await classes(registry), ['Worker 1']);
});

test('a method of a class without a common base of all objects is recorded', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted({ registry })
    run(): void {}
  }
  Object.setPrototypeOf(Worker.prototype, null);
  new Worker().run();
  t.deepEqual(await classes(registry), ['Worker 1']);
  t.deepEqual(registry.warnings, []);
});

test('a method keeps its class when it is replaced after the first instance, as test doubles do', async (t) => {
  const registry = createTestRegistry();
  class Base {
    run(): void {}
  }
  class Worker extends Base {
    @Counted({ registry })
    override run(): void {}
  }
  new Worker().run();
  const { run } = Worker.prototype;
  Worker.prototype.run = function double() {
    run.call(this);
  };
  new Worker().run();
  t.deepEqual(await classes(registry), ['Worker 2']);
});

test('an instance with a property `constructor` has the settings of its class', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Worker {
    @Counted()
    run(): void {}
  }
  Object.assign(new Worker(), { constructor: 'A. Smith' }).run();
  t.deepEqual(await classes(registry), ['Worker 1']);
});

const [standard, legacy, byHand] = ['standard', 'legacy', 'by_hand'].map((how) =>
  defineCounter({ name: `${how}_early_total`, help: 'Calls.' }),
) as [typeof methodCalls, typeof methodCalls, typeof methodCalls];

test('a method that is not private has its series in the shared registry before its first call', async (t) => {
  for (const { name } of [standard, legacy, byHand]) sharedRegistry.remove(name);
  class Worker {
    @Counted(standard as never)
    run(): void {}
    walk(): void {}
    wait(): void {}
  }
  const { walk, wait } = Worker.prototype;
  (Counted(legacy as never) as Decorator)(Worker.prototype, 'walk', { value: walk });
  // `instrument` and other callers may leave out what a compiler passes.
  (Counted(byHand as never) as Decorator)(wait, { kind: 'method', name: 'wait' });
  await Promise.resolve();
  for (const definition of [standard, legacy, byHand])
    t.is(readValue(sharedRegistry, definition as never), 0);
});
