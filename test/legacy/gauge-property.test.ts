import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { transform } from 'esbuild';
import { TracksGauge } from '../../decorators/index.js';
import { defineGauge } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

/** The compiler of API Extractor: TypeScript 7 has no API. */
const typescript = createRequire(createRequire(import.meta.url).resolve('@microsoft/api-extractor'))(
  'typescript',
) as {
  readonly ScriptTarget: Readonly<Record<'ES2020' | 'ES2022', number>>;
  readonly ModuleKind: { readonly CommonJS: number };
  transpile(source: string, options: object): string;
};
const depth = defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } });
const registry = createTestRegistry();
const gauge = (queue = 'all'): number | undefined => readValue(registry, depth, { queue });

class Queue {
  name = 'q';
  @TracksGauge(depth, { registry, labels: { queue: 'all' } })
  size = 3;
}

test.serial('a gauge on a legacy property follows its value per instance', (t) => {
  const [one, other] = [new Queue(), new Queue()];
  t.is(gauge(), 3);
  one.size = 7;
  t.is(gauge(), 7);
  t.deepEqual([one.size, other.size], [7, 3]);
});

test.serial('reads, JSON, spread and comparisons see the value of a followed property', (t) => {
  const queue = new Queue();
  queue.size = 7;
  const expected = { name: 'q', size: 7 };
  t.is(JSON.stringify(queue), JSON.stringify(expected));
  t.deepEqual({ ...queue }, expected);
  t.deepEqual(structuredClone(queue), expected);
  t.deepEqual(Object.entries(queue), Object.entries(expected));
  t.true(Object.hasOwn(queue, 'size'));
  t.false(isDeepStrictEqual(queue, new Queue()));
  const proxy = new Proxy(queue, {});
  t.is(proxy.size, 7);
  proxy.size = 8;
  t.deepEqual([queue.size, gauge()], [8, 8]);
  const child = Object.create(queue) as Queue;
  t.is(child.size, 8);
  child.size = 9;
  t.deepEqual([queue.size, child.size, gauge()], [8, 9, 9]);
});

const source = (member: string): string => `
  const text = (value) => value;
  class Queue {
    other = { size: 1, pattern: /[{"]/, text: text(\`\${1} { \${'}'}\`) };
    @TracksGauge(depth, { registry, labels: { queue: 'defined' } })
    ${member};
    grow() { let size = 1; return size; }
  }
  return new Queue();
`;

/** Compiles a class as applications do, and constructs it. */
async function construct(
  compiler: string,
  target: 'ES2020' | 'ES2022',
  useDefineForClassFields: boolean,
  member = 'size = 3',
): Promise<{ size: number }> {
  const compilerOptions = { experimentalDecorators: true, useDefineForClassFields };
  const wrapped = `export function make(TracksGauge: any, depth: any, registry: any) { ${source(member)} }`;
  const code = compiler.startsWith('esbuild')
    ? (
        await transform(wrapped, {
          loader: 'ts',
          format: 'cjs',
          target,
          minifyWhitespace: compiler.endsWith('minified'),
          tsconfigRaw: { compilerOptions },
        })
      ).code
    : typescript.transpile(wrapped, {
        ...compilerOptions,
        target: typescript.ScriptTarget[target],
        module: typescript.ModuleKind.CommonJS,
      });
  const module: { exports: { make?: (...args: unknown[]) => { size: number } } } = { exports: {} };
  new Function('module', 'exports', code)(module, module.exports);
  const { make } = module.exports;
  if (make === undefined) throw new Error(`${compiler} exported nothing`);
  return make(TracksGauge, depth, registry);
}

for (const compiler of ['TypeScript', 'esbuild', 'esbuild, minified']) {
  for (const target of ['ES2020', 'ES2022'] as const) {
    test(`a property defined as a field is rejected with a remedy (${compiler}, ${target})`, async (t) => {
      await t.throwsAsync(construct(compiler, target, true), {
        code: 'ERR_METRICS_INVALID_DECORATION',
        message:
          '@TracksGauge cannot follow the property `size`: expected a class that sets it, received one that defines it on each instance, where no decorator sees it. Write `accessor size`, or set `useDefineForClassFields: false` in tsconfig.json.',
      });
    });

    test.serial(`a property assigned by its class is followed (${compiler}, ${target})`, async (t) => {
      const queue = await construct(compiler, target, false);
      queue.size = 5;
      t.is(gauge('defined'), 5);
    });
  }
}

test.serial('an `accessor` is followed in legacy mode', async (t) => {
  for (const compiler of ['TypeScript', 'esbuild']) {
    const queue = await construct(compiler, 'ES2022', true, 'accessor size = 3');
    queue.size = compiler.length;
    t.deepEqual([queue.size, gauge('defined')], [compiler.length, compiler.length]);
  }
});
