import test from 'ava';
import { hasShownLines, startExample } from '../helpers/example-process.js';

test('both versions of the migrated metrics expose equal numbers, and the README shows some of them', async (t) => {
  const program = startExample(t, 'prom-client-migration');
  const [output] = await program.printed(/[\s\S]*samples, \d+ differences/);
  t.is(await program.ended(), 0);
  await hasShownLines(t, 'prom-client-migration', output);
});
