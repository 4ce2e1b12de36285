/** The length and the links of README, and the output of the sample of the recorders. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { compiled, fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';

test('the sample in the guide of the recorders is a complete program that prints the lines below it', async (t) => {
  const guide = await readFile(fromRoot('lib/recorders/README.md'), 'utf8');
  const [, sample = '', output = ''] =
    /```ts\n([^`]*new WorkflowMetrics\(collector\)[^`]*)```\n\n```text\n([^`]*)```/.exec(guide) ?? [];
  t.true(sample.startsWith('import '));
  const ran = await runProgram(process.execPath, ['--input-type=module', '--eval', sample], {
    cwd: compiled(''),
  });
  t.is(ran.code, 0, ran.output);
  const lines = ran.output.split('\n');
  const shown = output.trim().split('\n');
  t.is(shown.length, 3);
  t.deepEqual(
    lines.filter((line) => shown.includes(line)),
    shown,
  );
});

test('README has at most 150 lines', async (t) => {
  t.true((await readFile(fromRoot('README.md'), 'utf8')).trimEnd().split('\n').length <= 150);
});

test('the targets of the links in the root documents exist', async (t) => {
  for (const document of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']) {
    const text = await readFile(fromRoot(document), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      await t.notThrowsAsync(readFile(fromRoot(link)), `${document}: ${link}`);
  }
});
