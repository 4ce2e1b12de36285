import test from 'ava';
import { hasShownLines, startExample } from '../helpers/example-process.js';

test('the smallest service exposes its counter and its requests, as its README shows', async (t) => {
  const service = startExample(t, 'minimal');
  const [, url = ''] = await service.printed(/Listening on (http:\S+)/);
  for (const path of ['/en', '/fr', '/fr']) await (await fetch(url + path)).text();
  await hasShownLines(t, 'minimal', await (await fetch(`${url}/metrics`)).text());
  t.is(await service.ended('SIGTERM'), 'SIGTERM');
});
