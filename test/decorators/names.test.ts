import test from 'ava';
import { type TransformOptions, transform } from 'esbuild';
import { Counted, Instrumented, instrument } from '../../decorators/index.js';
import { setClassSettings } from '../../decorators/recording/class-settings.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter } from '../../lib/define.js';
import { methodsRecording } from '../../lib/instrumented-methods.js';
import { processWide } from '../../lib/process-wide.js';
import { createTestRegistry, readSamples } from '../../lib/testing.js';

test('class and method labels are the names in the code: subclasses, statics, anonymous classes, symbols', async (t) => {
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
  // Compilers name decorated class expressions, so these are decorated by hand.
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

test('a method detached from its object is still recorded', async (t) => {
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

const bundled = `
  export async function run(Counted: any, Instrumented: any, registry: any) {
    class Repo { static instance = new Repo(); @Counted({ registry }) find() {} }
    @Instrumented({ registry }) class Users { static instance = new Users(); @Counted() find() {} }
    const Anonymous = [class { @Counted({ registry }) find() {} }][0];
    for (const one of [Repo.instance, Users.instance, new Anonymous()]) one.find();
    class Sub extends Repo {}
    new Sub().find();
  }
`;
const bundles: readonly [how: string, options: TransformOptions, names: readonly string[]][] = [
  // esbuild calls the classes `_Repo`, `_Users` and `_a`.
  ['by default', {}, ['Repo 2', 'Users 1', 'anonymous 1']],
  ['with keepNames', { keepNames: true }, ['Repo 2', 'Users 1', 'anonymous 1']],
];
for (const [how, options, names] of bundles) {
  test(`in an esbuild bundle ${how}, the class label is the name in the source`, async (t) => {
    t.deepEqual(await classLabels(options), names);
  });
}

test('a minified class keeps its name with keepNames or a standard @Instrumented', async (t) => {
  const kept = await classLabels({ minify: true, keepNames: true });
  t.deepEqual(kept.slice(0, 2), ['Repo 2', 'Users 1']);
  t.true((await classLabels({ minify: true })).includes('Users 1'));
});

/** The class labels that the bundled program records, with their counts. */
async function classLabels(options: TransformOptions): Promise<string[]> {
  const registry = createTestRegistry();
  const { code } = await transform(bundled, { loader: 'ts', format: 'cjs', target: 'es2022', ...options });
  const module: { exports: { run?: (...args: unknown[]) => Promise<void> } } = { exports: {} };
  new Function('module', 'exports', code)(module, module.exports);
  await module.exports.run?.(Counted, Instrumented, registry);
  return (await readSamples(registry, methodCalls))
    .map(({ labels, value }) => `${labels.class} ${value}`)
    .sort();
}

test('`name` may have dots at its start and end', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted({ registry, name: '.run' })
    a(): void {}
    @Counted({ registry, name: 'Outer.Inner.run' })
    b(): void {}
  }
  const worker = new Worker();
  worker.a();
  worker.b();
  t.deepEqual(
    (await readSamples(registry, methodCalls)).map(({ labels }) => `${labels.class} ${labels.method}`),
    ['Worker run', 'Outer.Inner run'],
  );
});

test('the dashboard knows which methods record a metric', (t) => {
  processWide('instrumented methods', (): unknown[] => []).length = 0;
  const noted = defineCounter({ name: 'noted_total', help: 'Noted.' });
  const registry = createTestRegistry();
  class Noted {
    @Counted(noted, { registry })
    run(): void {}
    @Counted(noted, { registry })
    static make(): void {}
  }
  new Noted().run();
  instrument(function greet() {}, Counted(noted, { registry }));
  class Anonymous {
    @Counted(noted, { registry })
    wave(): void {}
  }
  Object.defineProperty(Anonymous, 'name', { value: '' });
  new Anonymous().wave();
  t.deepEqual(methodsRecording('noted_total'), [
    { decorator: 'Counted', method: 'Noted.make' },
    { decorator: 'Counted', method: 'Noted.run' },
    { decorator: 'Counted', method: 'greet' },
    { decorator: 'Counted', method: 'wave' },
  ]);
});

test('a class that a bundler renamed has the name of its source', async (t) => {
  const registry = createTestRegistry();
  const labelOf = async (name: string): Promise<unknown> => {
    class Renamed {
      @Counted({ registry })
      run(): void {}
    }
    Object.defineProperty(Renamed, 'name', { value: name });
    new Renamed().run();
    const [sample] = await readSamples(registry, methodCalls);
    registry.clear();
    return sample?.labels.class;
  };
  const names = ['_Repo', 'Repo$1', 'Repo$12', '_Repo$12', '_a', '_b12', ''];
  t.deepEqual(await inTurn(names, labelOf), [
    'Repo',
    'Repo',
    'Repo',
    'Repo',
    'anonymous',
    'anonymous',
    'anonymous',
  ]);
  const own = ['_ab', '_a1b', 'x_a', '_', 'Repo$', 'Repo$1a', '$1Repo', 'My_Repo', '_repo'];
  t.deepEqual(await inTurn(own, labelOf), own, 'these are the names in the source');
});

async function inTurn<T>(values: readonly string[], run: (value: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const value of values) results.push(await run(value));
  return results;
}

test('a class that gets a name by @Instrumented after its first call has it from then on', async (t) => {
  const registry = createTestRegistry();
  class a {
    @Counted({ registry })
    run(): void {}
  }
  new a().run();
  setClassSettings(a, { labels: {}, name: 'Worker', registry: undefined, failure: undefined });
  new a().run();
  t.deepEqual(
    (await readSamples(registry, methodCalls)).map(({ labels, value }) => `${labels.class} ${value}`),
    ['a 1', 'Worker 1'],
  );
});
