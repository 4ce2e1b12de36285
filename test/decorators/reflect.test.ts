// In a process of its own: its tests wait for child processes, all at the same time.
import test from 'ava';
import { compiled, fromRoot } from '../helpers/package-root.js';
import { keepsMetadata, runModule as run } from '../helpers/reflect-process.js';

for (const entry of ['lib/index.ts', 'decorators/index.ts']) {
  test(`importing ${entry} adds no metadata functions to Reflect`, async (t) => {
    const code = `
      const keys = () => Object.getOwnPropertyNames(Reflect);
      const before = keys();
      await import(process.argv[1]);
      console.log(JSON.stringify({ before, after: keys(), functions: ['metadata', 'decorate'].filter((name) => name in Reflect) }));
    `;
    const { before, after, functions } = (await run(t, fromRoot('.'), code, compiled(entry))) as Record<
      string,
      string[]
    >;
    t.deepEqual(after, before);
    t.deepEqual(functions, []);
  });
}

test('getInstrumentation works without a metadata polyfill', async (t) => {
  const code = `
    const { Counted, getInstrumentation } = await import(process.argv[1]);
    class Worker { run() {} }
    const descriptor = Object.getOwnPropertyDescriptor(Worker.prototype, 'run');
    Object.defineProperty(Worker.prototype, 'run', Counted()(Worker.prototype, 'run', descriptor));
    console.log(JSON.stringify(getInstrumentation(Worker).map(({ method }) => method)));
  `;
  t.deepEqual(await run(t, fromRoot('.'), code, compiled('decorators/index.ts')), ['run']);
});

for (const polyfill of ['reflect-metadata', 'reflect-metadata-0.1']) {
  for (const order of ['before', 'after'] as const) {
    test(`metadata of a method survives its decorators: ${polyfill}, loaded ${order} this package`, (t) =>
      keepsMetadata(t, fromRoot('.'), polyfill, order));
  }
}
