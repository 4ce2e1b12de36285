import test from 'ava';
import { hasShownLines, startExample } from '../helpers/example-process.js';

test('a server of node:http exposes its histogram and its health, as its README shows', async (t) => {
  const service = startExample(t, 'node-http');
  const [, url = ''] = await service.printed(/Listening on (http:\S+)/);
  for (const path of ['/', '/missing']) await (await fetch(url + path)).text();
  await hasShownLines(t, 'node-http', await (await fetch(`${url}/metrics`)).text());
  const ready = await fetch(`${url}/ready`);
  t.is(ready.status, 200);
  t.like(await ready.json(), { status: 'ready' });
  t.is(await service.ended('SIGTERM'), 'SIGTERM');
});
