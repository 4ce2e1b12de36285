// In a process of its own: it has a hook, and sets TMPDIR.
/** Workers that elect one of themselves: its files in the folder for temporary files, and its scrapes. */
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../../lib/clock.js';
import { clusterBy } from '../../../lib/cluster/cluster.js';
import type { HubListener } from '../../../lib/cluster/cluster-links.js';
import {
  type HubMessage,
  type MemberMessage,
  messageType,
  type ReportMessage,
  writtenFamily,
} from '../../../lib/cluster/cluster-messages.js';
import { joinBy } from '../../../lib/cluster/cluster-worker.js';
import { electCluster } from '../../../lib/cluster/elected-cluster.js';
import { privateFolder } from '../../../lib/cluster/private-folder.js';
import { defineCounter } from '../../../lib/index.js';
import { createTestRegistry, type TestRegistry } from '../../../lib/testing.js';
import { familiesOf } from '../../helpers/cluster-member.js';
import { manualClock } from '../../helpers/manual-clock.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

const work = defineCounter({ name: 'work_total', help: 'Work done.' });

/** A separate folder for temporary files. */
async function ownFolder(t: ExecutionContext): Promise<string> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = await temporaryFolder(t);
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  return process.env.TMPDIR;
}

/** Keeps the process alive, as a service does; an election does not. */
const service = setInterval(() => {}, 2 ** 30);
test.after.always(() => clearInterval(service));

/** Starts one worker. @returns the text of a scrape */
async function scraped(names?: ReadonlySet<string>): Promise<string> {
  const registry = createTestRegistry();
  registry.counter(work).inc(5);
  // However long the election takes, the scrape waits for it.
  const patient: Clock = { ...systemClock, now: () => 0 };
  const { membership, chunks, stop } = await electCluster(registry, ['test'], patient);
  const parts: Buffer[] = [];
  for await (const chunk of chunks(names === undefined ? {} : { names })) parts.push(chunk);
  await membership.leave();
  await stop();
  return Buffer.concat(parts).toString();
}

test.serial('a scrape can select more names than fit into a header', async (t) => {
  await ownFolder(t);
  const names = Array.from({ length: 5_000 }, (_, index) => `name_${index}`);
  t.regex(await scraped(new Set([work.name, ...names])), /^work_total 5$/m);
});

test.serial('files of services that are no longer used are removed after seven days', async (t) => {
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
    'the handover file for the next worker',
  );
  const [handover = ''] = own;
  const longAgo = (systemClock.timestamp() - 8 * 86_400_000) / 1_000;
  await utimes(join(folder, handover), longAgo, longAgo);
  t.regex(await scraped(), /^work_total 10$/m, 'its own handover file is used, however old it is');
  t.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith('1-')),
    [handover],
  );
});

test.serial('a folder whose path is too long for a socket is an error that says so', async (t) => {
  const folder = join(await ownFolder(t), 'long'.repeat(25));
  await mkdir(folder);
  process.env.TMPDIR = folder;
  await t.throwsAsync(electCluster(createTestRegistry(), ['test']), {
    message: /^expected a shorter path of the folder for temporary files, received `.*\.sock`$/,
  });
});

const report = (number: number, value: number): object => ({
  type: messageType,
  member: 'worker',
  kind: 'report',
  number,
  done: true,
  counts: familiesOf(counted(value)).map(writtenFamily),
  gauges: [],
  answers: [],
});

function counted(value: number): TestRegistry {
  const registry = createTestRegistry();
  registry.counter(work).inc(value);
  return registry;
}

test('a report that arrives after the elected worker stopped is neither acknowledged nor handed over', (t) => {
  let listener: HubListener | undefined;
  const cluster = clusterBy(createTestRegistry(), manualClock(), (given) => {
    listener = given;
    return { send: () => {}, processes: () => [], isWatched: () => true, close: () => {} };
  });
  const sent: HubMessage[] = [];
  const connection = { key: 'connection', send: (message: HubMessage) => sent.push(message) };
  listener?.message(connection, report(1, 5) as MemberMessage);
  cluster.stop();
  listener?.message(connection, report(2, 6) as MemberMessage);
  listener?.gone(connection.key);
  t.deepEqual(sent, [{ type: messageType, kind: 'taken', member: 'worker', number: 1 }]);
  const { members, departedIds } = cluster.handover();
  t.deepEqual(
    members.map(([id, counts]) => [id, counts.map(({ series }) => series)]),
    [['worker', [[[[], [5]]]]]],
  );
  t.deepEqual(departedIds, [], 'the worker continues with the next elected one');
});

test('a worker that leaves during an election reports to the next elected worker', async (t) => {
  const sent: MemberMessage[] = [];
  let deliver = (_message: HubMessage): void => {};
  let open = (): void => {};
  const membership = joinBy(counted(5), manualClock(), (onMessage, onOpen) => {
    [deliver, open] = [onMessage, onOpen];
    return {
      thread: undefined,
      isOpen: true,
      send: (message) => sent.push(message),
      hold: () => {},
      close: () => {},
    };
  });
  const left = membership.leave();
  const lastReport = (after: number): Promise<ReportMessage> =>
    until('a report', async () =>
      sent.find(
        (message): message is ReportMessage =>
          message.kind === 'report' && message.done && message.number > after,
      ),
    );
  // It is not received.
  const lost = await lastReport(0);
  open();
  deliver({ type: messageType, kind: 'here' });
  const { member, number } = await lastReport(lost.number);
  deliver({ type: messageType, kind: 'taken', member, number });
  t.true(await left);
  t.is(sent.at(-1)?.kind, 'leave');
});
