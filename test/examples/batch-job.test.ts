import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import test from 'ava';
import { hasShownLines, startExample } from '../helpers/example-process.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('the batch job writes a file at its end, as its README shows, and leaves no other file', async (t) => {
  const folder = await temporaryFolder(t);
  const job = startExample(t, 'batch-job', { METRICS_FILE: join(folder, 'import.prom') });
  t.is(await job.ended(), 0);
  await hasShownLines(t, 'batch-job', await readFile(join(folder, 'import.prom'), 'utf8'));
  t.deepEqual(await readdir(folder), ['import.prom']);
});

test('with METRICS_PUSH_URL, the batch job pushes the same numbers before it ends', async (t) => {
  const pushes: { readonly path: string | undefined; readonly body: string }[] = [];
  const gateway = createServer(async (request, response) => {
    pushes.push({ path: request.url, body: await text(request.pipe(createGunzip())) });
    response.end();
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  t.teardown(() => gateway.close());
  const { port } = gateway.address() as AddressInfo;
  const job = startExample(t, 'batch-job', { METRICS_PUSH_URL: `http://127.0.0.1:${port}` });
  t.is(await job.ended(), 0);
  t.is(pushes.at(-1)?.path, '/metrics/job/import');
  await hasShownLines(t, 'batch-job', pushes.at(-1)?.body ?? '');
});
