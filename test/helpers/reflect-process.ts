/** Programs that load this package and polyfills of Reflect metadata. */
import type { ExecutionContext } from 'ava';
import { compiled } from './package-root.js';
import { runProgram } from './run-program.js';

/** Runs a module, which imports packages of a folder, in a process where nothing else has changed `Reflect`. It prints JSON. */
export async function runModule(
  t: ExecutionContext,
  cwd: string,
  code: string,
  ...args: string[]
): Promise<unknown> {
  const { code: exitCode, output } = await runProgram(
    process.execPath,
    ['--input-type=module', '--eval', code, ...args],
    { cwd },
  );
  t.is(exitCode, 0, output);
  return JSON.parse(output);
}

/** Asserts that metadata of a method survives its decorators. @param folder that has the polyfill in `node_modules` */
export async function keepsMetadata(
  t: ExecutionContext,
  folder: string,
  polyfill: string,
  order: 'before' | 'after',
): Promise<void> {
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
  t.deepEqual(await runModule(t, folder, code, polyfill, order, compiled('decorators/index.ts')), {
    metadata: ['kept', 'kept', 'kept'],
    instrumented: ['Counted', 'Timed'],
  });
}
