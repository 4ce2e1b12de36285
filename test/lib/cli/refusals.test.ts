/** Lint findings for errors that make Prometheus refuse a whole scrape. */
import test from 'ava';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { command } from '../../helpers/command.js';
import { contentTypes, judgedExpositions } from '../../helpers/refused-expositions.js';

for (const { what, format, text, problem, contentType = contentTypes[format] } of judgedExpositions) {
  test(`${what}: ${problem === undefined ? 'accepted' : 'refused'}`, async (t) => {
    const { refusals } = await readExposition([text], contentType);
    t.deepEqual(
      refusals
        .map((refusal) => refusal.problem)
        .filter((each) => each !== 'no `# EOF` at the end' || each === problem),
      problem === undefined ? [] : [problem],
    );
  });
}

test('lint exits with 2 if Prometheus refuses the scrape, and shows the first such line', async (t) => {
  const input = '# HELP a_level A.\n# TYPE a_level gauge\na_level{b="1",b="2"} 1\na_level{c="1",c="2"} 1\n';
  t.deepEqual(await command(['lint', '-'], { input }), {
    code: 2,
    stdout:
      'refused  Prometheus rejects the whole scrape: a label twice in one sample, received "a_level{b=\\"1\\",b=\\"2\\"} 1" in line 3, and 1 more.\n\n1 finding.\n',
    stderr: '',
  });
});

test('a file with # EOF is read as OpenMetrics, any other as text', async (t) => {
  t.deepEqual(
    (await readExposition(['a 1\n# EOF\nb 1\n'])).refusals.map(({ problem }) => problem),
    ['text after `# EOF`'],
  );
  t.deepEqual((await readExposition(['a 1\n'])).refusals, []);
});

test('bytes that are not UTF-8 are found wherever the text is split', async (t) => {
  const text = Buffer.concat([
    Buffer.from('a{b="ü🙂\ufffd"} 1\na{b="'),
    Buffer.from([0xff]),
    Buffer.from('"} 1\n'),
  ]);
  for (let size = 1; size < 12; size++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
    const { refusals, series } = await readExposition(chunks);
    t.deepEqual(
      refusals.map(({ problem, line, lines }) => [problem, line, lines]),
      [['bytes that are not UTF-8', 2, 1]],
    );
    t.is(series, 2);
  }
});
