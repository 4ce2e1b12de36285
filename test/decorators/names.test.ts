import test from 'ava';
import { Counted } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { createTestRegistry, readSamples } from '../../lib/testing.js';

test('class and method are those of the code: subclasses, statics, anonymous classes, symbols', async (t) => {
  const registry = createTestRegistry();
  const key = Symbol('key');
  class Base {
    @Counted({ registry })
    inherited(): void {}
    @Counted({ registry })
    static fixed(): void {}
    @Counted({ registry })
    [key](): void {}
  }
  class Sub extends Base {}
  // Compilers give a decorated class expression a name of their own, so these are decorated by hand.
  const byHand = (target: { readonly prototype: object }): void => {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, 'run') ?? {};
    (Counted({ registry }) as (...at: unknown[]) => void)(target.prototype, 'run', descriptor);
    Object.defineProperty(target.prototype, 'run', descriptor);
  };
  const Named = class {
    run(): void {}
  };
  const make = () =>
    class {
      run(): void {}
    };
  const Anonymous = [make()][0] as typeof Named;
  Object.defineProperty(Anonymous, 'name', { value: '' });
  for (const target of [Named, Anonymous]) byHand(target);
  new Sub().inherited();
  Base.fixed();
  Sub.fixed();
  new Base()[key]();
  new Named().run();
  new Anonymous().run();
  const counted = (await readSamples(registry, methodCalls)).map(
    ({ labels, value }) => `${labels.class}.${labels.method} ${value}`,
  );
  t.deepEqual(counted.sort(), [
    'Base.fixed 2',
    'Base.inherited 1',
    'Base.key 1',
    'Named.run 1',
    'anonymous.run 1',
  ]);
});

test('a method taken off its object is still recorded', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted({ registry })
    run(): string {
      return 'done';
    }
  }
  const { run } = Worker.prototype;
  t.is(run.call(undefined as never), 'done');
  t.is((await readSamples(registry, methodCalls)).length, 1);
});
