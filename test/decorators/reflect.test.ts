// In a process of its own: its tests wait for processes, all at once.
import test, { type ExecutionContext } from 'ava';
import { bundled, fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';

/** Runs a module in a process where nothing else has changed `Reflect`. It prints JSON. */
async function run(t: ExecutionContext, code: string, ...args: string[]): Promise<unknown> {
  const { code: exitCode, output } = await runProgram(
    process.execPath,
    ['--input-type=module', '--eval', code, ...args],
    { cwd: fromRoot('.') },
  );
  t.is(exitCode, 0, output);
  return JSON.parse(output);
}

for (const entry of ['lib/index.ts', 'decorators/index.ts']) {
  test(`importing ${entry} adds no metadata functions to Reflect`, async (t) => {
    const code = `
      const keys = () => Object.getOwnPropertyNames(Reflect);
      const before = keys();
      await import(process.argv[1]);
      console.log(JSON.stringify({ before, after: keys(), functions: ['metadata', 'decorate'].filter((name) => name in Reflect) }));
    `;
    const { before, after, functions } = (await run(t, code, bundled(entry))) as Record<string, string[]>;
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
  t.deepEqual(await run(t, code, bundled('decorators/index.ts')), ['run']);
});

for (const polyfill of [
  'reflect-metadata',
  'reflect-metadata-0.1',
  'core-js/proposals/reflect-metadata.js',
  '@abraham/reflection',
]) {
  for (const order of ['before', 'after']) {
    test(`metadata of a method survives its decorators: ${polyfill}, loaded ${order} this package`, async (t) => {
      // Below, between and above two decorators of ours, as NestJS' SetMetadata puts it on the method.
      const code = `
        const [, polyfill, order, decorators] = process.argv;
        if (order === 'before') await import(polyfill);
        const { Counted, Timed, getInstrumentation } = await import(decorators);
        if (order === 'after') await import(polyfill);
        class Worker { run() {} }
        const note = (name) => (target, key, descriptor) => Reflect.defineMetadata(name, 'kept', descriptor.value);
        const descriptor = Object.getOwnPropertyDescriptor(Worker.prototype, 'run');
        for (const decorator of [note('below'), Counted(), note('between'), Timed(), note('above')])
          decorator(Worker.prototype, 'run', descriptor);
        Object.defineProperty(Worker.prototype, 'run', descriptor);
        const { run } = Worker.prototype;
        console.log(JSON.stringify({
          metadata: ['below', 'between', 'above'].map((name) => Reflect.getMetadata(name, run)),
          instrumented: getInstrumentation(Worker).flatMap(({ metrics }) => metrics.map(({ decorator }) => decorator)),
        }));
      `;
      t.deepEqual(await run(t, code, polyfill, order, bundled('decorators/index.ts')), {
        metadata: ['kept', 'kept', 'kept'],
        instrumented: ['Counted', 'Timed'],
      });
    });
  }
}
