// In a process of its own: its tests wait for processes, all at once.
import test from 'ava';
import { bundled } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';

// A separate program, which the CI matrix runs with every version of Node.
test('pipelined requests are recorded once and release their memory, however their connection ends', async (t) => {
  const { code, output } = await runProgram(process.execPath, [bundled('test/matrix/smoke/pipelines.ts')]);
  t.regex(output, /^\S+ pass 10$/m, output);
  t.is(code, 0);
});
