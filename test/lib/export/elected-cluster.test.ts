// In a process of its own: it has a hook, and sets TMPDIR.
/** Workers that elect one of themselves: what it leaves in the folder for temporary files, and what it can be asked. */
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../lib/clock.js';
import { electCluster } from '../../../lib/export/elected-cluster.js';
import { privateFolder } from '../../../lib/export/private-folder.js';
import { defineCounter } from '../../../lib/index.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const work = defineCounter({ name: 'work_total', help: 'Work done.' });

/** Of its own, as the folder for temporary files. */
async function ownFolder(t: ExecutionContext): Promise<string> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = await temporaryFolder(t);
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  return process.env.TMPDIR;
}

/** Nothing of an election keeps a process alive: that is its service's. */
const service = setInterval(() => {}, 2 ** 30);
test.after.always(() => clearInterval(service));

/** One worker, and the text of a scrape. */
async function scraped(names?: ReadonlySet<string>): Promise<string> {
  const registry = createTestRegistry();
  registry.counter(work).inc(5);
  const { membership, chunks, stop } = await electCluster(registry, ['test']);
  const parts: Buffer[] = [];
  for await (const chunk of chunks(names === undefined ? {} : { names })) parts.push(chunk);
  await membership.leave();
  await stop();
  return Buffer.concat(parts).toString();
}

test.serial('a scrape may ask for more names than fit into a header', async (t) => {
  await ownFolder(t);
  const names = Array.from({ length: 5_000 }, (_, index) => `name_${index}`);
  t.regex(await scraped(new Set([work.name, ...names])), /^work_total 5$/m);
});

test.serial('what services have left that nobody runs any more is removed after seven days', async (t) => {
  await ownFolder(t);
  const folder = await privateFolder();
  for (const [service, days] of [
    ['1-lately', 6],
    ['2-long-ago', 8],
  ] as const) {
    for (const kind of ['json', 'sock', 'lock']) {
      const path = join(folder, `${service}.${kind}`);
      await writeFile(path, '{}');
      const when = (systemClock.timestamp() - days * 86_400_000) / 1_000;
      await utimes(path, when, when);
    }
  }
  t.regex(await scraped(), /^work_total 5$/m);
  const own = (await readdir(folder)).filter((name) => !name.startsWith('1-'));
  t.deepEqual((await readdir(folder)).length - own.length, 3);
  t.deepEqual(
    own.map((name) => name.replace(/^.*\./, '')),
    ['json'],
    'what a worker that starts again goes on from',
  );
  const [handover = ''] = own;
  const longAgo = (systemClock.timestamp() - 8 * 86_400_000) / 1_000;
  await utimes(join(folder, handover), longAgo, longAgo);
  t.regex(await scraped(), /^work_total 10$/m, 'its own goes on, however old');
  t.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith('1-')),
    [handover],
  );
});

test.serial('a folder whose path is too long for a socket is a clear error', async (t) => {
  const folder = join(await ownFolder(t), 'long'.repeat(25));
  await mkdir(folder);
  process.env.TMPDIR = folder;
  await t.throwsAsync(electCluster(createTestRegistry(), ['test']), {
    message: /^expected a shorter path of the folder for temporary files, received `.*\.sock`$/,
  });
});
