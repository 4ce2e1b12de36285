/** Access to the scrape endpoint by address and by a token in a file. */
import { execFile } from 'node:child_process';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { createTestRegistry } from '../../lib/testing.js';
import { type MetricsRouterOptions, metricsRouter } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { type ManualClock, manualClock } from '../helpers/manual-clock.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** The status of a scrape with some headers, in an app that trusts every proxy. */
async function scraping(
  t: ExecutionContext,
  options: MetricsRouterOptions,
  clock?: ManualClock,
): Promise<(headers?: Record<string, string>) => Promise<number>> {
  const app = new Koa({ proxy: true }).use(
    metricsRouter({ registry: createTestRegistry(), ...options }, clock).routes(),
  );
  const server = await serve(app);
  t.teardown(() => server.close());
  return async (headers = {}) => {
    const response = await fetch(`${server.url}/metrics`, { headers });
    const body = await response.text();
    if (response.status !== 200) t.is(body, '');
    return response.status;
  };
}

const from = (addresses: string): Record<string, string> => ({ 'x-forwarded-for': addresses });

test('without trusted proxies, X-Forwarded-For is ignored', async (t) => {
  const remote = await scraping(t, { allowFrom: ['10.0.0.0/8'] });
  t.is(await remote(), 403);
  t.is(await remote(from('10.0.0.1')), 403);
  t.is(await remote(from('10.0.0.1, 10.0.0.2')), 403);
  const local = await scraping(t, { allowFrom: ['127.0.0.1'] });
  t.is(await local(), 200);
  t.is(await local(from('203.0.113.9')), 200);
});

test('with one trusted proxy, the last address of X-Forwarded-For counts', async (t) => {
  const status = await scraping(t, { allowFrom: ['10.0.0.0/8'], trustedProxies: 1 });
  t.is(await status(from('10.0.0.1')), 200);
  t.is(await status(from('203.0.113.9')), 403);
  t.is(await status(from('10.0.0.1, 203.0.113.9')), 403, 'the client can set the first entry');
  t.is(await status(from('203.0.113.9, 10.0.0.1')), 200);
  t.is(await status(), 403, 'without the header, the address of the connection counts');
});

test('with two trusted proxies, the second to last address of X-Forwarded-For counts', async (t) => {
  const status = await scraping(t, { allowFrom: ['10.0.0.0/8'], trustedProxies: 2 });
  t.is(await status(from('10.0.0.1, 192.0.2.1')), 200);
  t.is(await status(from('203.0.113.9, 10.0.0.1')), 403);
  t.is(await status(from('10.0.0.1, 203.0.113.9, 192.0.2.1')), 403);
});

for (const [address, allowFrom, expected] of [
  ['10.1.2.3', ['10.0.0.0/8'], 200],
  ['11.1.2.3', ['10.0.0.0/8'], 403],
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], 200],
  ['::ffff:0a01:0203', ['10.0.0.0/8'], 200],
  ['10.1.2.3', ['::ffff:10.1.2.3'], 200],
  ['192.168.0.7', ['192.168.0.7', '::1'], 200],
  ['192.168.0.8', ['192.168.0.7', '::1'], 403],
  ['::1', ['192.168.0.7', '::1'], 200],
  ['2001:db8::5', ['2001:db8::/32'], 200],
  ['fe80::1%eth0', ['fe80::/10'], 200],
  ['10.1.2.3:4711', ['10.0.0.0/8'], 200],
  ['[2001:db8::5]:4711', ['2001:db8::/32'], 200],
  ['nonsense', ['0.0.0.0/0', '::/0'], 403],
] as const) {
  test(`address ${address} is ${expected === 200 ? 'within' : 'not within'} ${allowFrom.join(', ')}`, async (t) => {
    const status = await scraping(t, { allowFrom, trustedProxies: 1 });
    t.is(await status(from(address)), expected);
  });
}

test('an address and a token are both required', async (t) => {
  const status = await scraping(t, { allowFrom: ['10.0.0.0/8'], trustedProxies: 1, token: 's3cret' });
  t.is(await status(from('10.1.2.3')), 401);
  t.is(await status({ ...from('10.1.2.3'), authorization: 'Bearer s3cret' }), 200);
  t.is(await status({ ...from('11.1.2.3'), authorization: 'Bearer s3cret' }), 403);
});

/** An endpoint with a token file, and a clock that controls when the file is checked. */
async function withTokenFile(t: ExecutionContext, content: string) {
  const tokenFile = join(await temporaryFolder(t), 'token');
  await writeFile(tokenFile, content);
  const registry = createTestRegistry();
  const clock = manualClock();
  const status = await scraping(t, { tokenFile, registry }, clock);
  return {
    tokenFile,
    clock,
    warnings: registry.warnings,
    /** The status after the file was checked again. */
    later: (token: string): Promise<number> => {
      clock.advance(1_000);
      return status({ authorization: `Bearer ${token}` });
    },
    now: (token: string): Promise<number> => status({ authorization: `Bearer ${token}` }),
  };
}

test('a changed token file is read again, once per second at most', async (t) => {
  const { tokenFile, later, now } = await withTokenFile(t, 'first\n');
  t.is(await now('first'), 200);
  await writeFile(tokenFile, 'another\n');
  t.is(await now('another'), 401);
  t.is(await later('another'), 200);
  t.is(await now('first'), 401);
});

test('a token file is read again even if the system clock goes back', async (t) => {
  const { tokenFile, later } = await withTokenFile(t, 'first');
  const original = Date.now;
  t.teardown(() => {
    Date.now = original;
  });
  await writeFile(tokenFile, 'another');
  Date.now = () => original() - 3_600_000;
  t.is(await later('another'), 200);
});

for (const [how, problem, spoil] of [
  ['emptied', 'is empty', (file: string) => writeFile(file, '')],
  ['changed to two words', 'holds several words', (file: string) => writeFile(file, 'one two')],
  ['removed', 'cannot be read (ENOENT)', (file: string) => rm(file)],
  [
    'replaced by a FIFO',
    'cannot be read (ENOTREG)',
    async (file: string) => {
      await rm(file);
      await promisify(execFile)('mkfifo', [file]);
    },
  ],
  [
    'replaced by a link to /dev/zero',
    'cannot be read (ENOTREG)',
    async (file: string) => {
      await rm(file);
      await symlink('/dev/zero', file);
    },
  ],
  [
    'replaced by one of 64 KiB',
    'cannot be read (EFBIG)',
    (file: string) => writeFile(file, 'x'.repeat(65_537)),
  ],
] as const) {
  test(`a token file that is ${how} leaves the last token valid, with one warning`, async (t) => {
    const { tokenFile, later, warnings } = await withTokenFile(t, 'first');
    await spoil(tokenFile);
    t.is(await later('first'), 200);
    t.is(await later('one'), 401);
    t.deepEqual(
      warnings.map(({ code, message }) => ({ code, message })),
      [
        {
          code: 'METRICS_TOKEN_KEPT',
          message: `The token file \`${tokenFile}\` ${problem}; the last token stays valid. Write one token into the file. It is read again when it changes.`,
        },
      ],
    );
    await rm(tokenFile, { force: true });
    await writeFile(tokenFile, 'second');
    t.is(await later('second'), 200);
    t.is(await later('first'), 401);
  });
}

test('a token file that is a FIFO is rejected at the start without blocking', async (t) => {
  const tokenFile = join(await temporaryFolder(t), 'token');
  await promisify(execFile)('mkfifo', [tokenFile]);
  t.throws(() => metricsRouter({ registry: createTestRegistry(), tokenFile }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: `Invalid \`tokenFile\` of metricsRouter: expected a file that can be read, received "${tokenFile}": expected a regular file, received "${tokenFile}", which is a folder or a special file.`,
  });
});
