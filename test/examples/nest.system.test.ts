import test from 'ava';
import { hasShownLines, startExample } from '../helpers/example-process.js';

test('the Nest application counts its calls, is ready, and stops in order', async (t) => {
  // As the README starts it; it needs legacy decorators, which its tsconfig.json sets.
  const env = { TSX_TSCONFIG_PATH: 'examples/nest/tsconfig.json' };
  const service = startExample(t, 'nest', env, ['--import=tsx', 'examples/nest/main.ts']);
  const [, url = ''] = await service.printed(/Listening on (http:\S+)/);
  t.is((await fetch(`${url}/greet/en`)).status, 200);
  t.is((await fetch(`${url}/greet/xx`)).status, 404);
  await hasShownLines(t, 'nest', await (await fetch(`${url}/metrics`)).text());
  t.is((await fetch(`${url}/ready`)).status, 200);
  t.is(await service.ended('SIGTERM'), 'SIGTERM');
});
