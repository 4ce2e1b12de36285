import test from 'ava';
import { compiled } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';

// A program of its own, so that it can be run with every version of Node.
test('pipelined requests are recorded once and free what they hold, however their connection ends', async (t) => {
  const { code, output } = await runProgram(process.execPath, [compiled('test/fixtures/pipelines.ts')]);
  t.is(output, `10 cases with Node ${process.version}\n`);
  t.is(code, 0);
});
