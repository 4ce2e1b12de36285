/** State across restarts: what is restored, from which file, and what happens if the file is not available. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { keepSnapshots } from '../../../lib/durability/keep-snapshots.js';
import { lockPath } from '../../../lib/durability/lock.js';
import { decodeSnapshot } from '../../../lib/durability/snapshot.js';
import { label } from '../../../lib/label.js';
import { PlatformMetrics } from '../../../lib/recorders/platform.js';
import {
  createTestRegistry,
  readHistogram,
  readText,
  readValue,
  type TestRegistry,
} from '../../../lib/testing.js';
import { manualClock } from '../../helpers/manual-clock.js';
import { mountSmallDisk } from '../../helpers/small-disk.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const wait = defineHistogram({ name: 'wait_seconds', help: 'Waits.', buckets: [1, 2] });
const approvals = defineGauge({ name: 'approvals', help: 'Approvals.', restore: true });
const depth = defineGauge({ name: 'depth', help: 'Depth.' });

const rarely = 3_600;

/** One run of a process: it restores, then records. */
async function run(
  t: ExecutionContext,
  file: string,
  does: (registry: TestRegistry, snapshots: Awaited<ReturnType<typeof keepSnapshots>>) => unknown = () => {},
) {
  const registry = createTestRegistry();
  const snapshots = await keepSnapshots({ file, registry, intervalSeconds: rarely });
  t.teardown(() => snapshots.stop());
  await does(registry, snapshots);
  return { registry, snapshots };
}

const failures = (registry: TestRegistry, reason: string): number =>
  readValue(registry, catalogue.metricsRecordingErrors, { metric: 'metrics_snapshot_age_seconds', reason }) ??
  0;

test('counters and histograms continue after restarts, gauges only if their definition says so', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  for (let round = 1; round <= 3; round++) {
    const { registry, snapshots } = await run(t, file);
    registry.counter(jobs).inc({ queue: 'a' }, 10);
    registry.histogram(wait).observe(1.5);
    registry.gauge(approvals).inc(2);
    registry.gauge(depth).set(7);
    t.is(readValue(registry, jobs, { queue: 'a' }), 10 * round);
    t.is(readHistogram(registry, wait)?.count, round);
    t.is(readValue(registry, approvals), 2 * round);
    t.is(readValue(registry, depth), 7);
    await snapshots.stop();
  }
  t.deepEqual(
    (await readdir(join(file, '..'))).sort(),
    ['state.om', 'state.om.1'],
    'the lock is removed when the process ends',
  );
});

test('a metric is restored when it is defined, and kept in the snapshot until then', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  await first.snapshots.stop();
  const second = await run(t, file);
  t.deepEqual(
    [...second.snapshots.report.restored.keys()].filter((name) => name === 'jobs_total'),
    [],
  );
  await second.snapshots.stop();
  const third = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }));
  t.is(readValue(third.registry, jobs, { queue: 'a' }), 6);
  t.is(third.snapshots.report.restored.get('jobs_total'), 1);
  t.is(third.snapshots.report.source, file);
  t.true(third.snapshots.report.written instanceof Date);
});

test('a metric of the catalogue is exposed from the start, before its first recording', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) =>
    new PlatformMetrics({ registry }).recordPRCreated('github', 'acme/app'),
  );
  await first.snapshots.stop();
  const { registry } = await run(t, file);
  const repository = { platform: 'github', repository: 'acme/app' };
  t.is(readValue(registry, catalogue.prsCreated, repository), 1);
  new PlatformMetrics({ registry }).recordPRCreated('github', 'acme/app');
  t.is(readValue(registry, catalogue.prsCreated, repository), 2);
});

test("a service's own metric under a name of the catalogue is restored when its definition registers", async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const own = defineCounter({ name: 'errors_total', help: 'Errors of the shop.', labels: { page: label() } });
  const first = await run(t, file, (registry) => registry.counter(own).inc({ page: 'cart' }, 5));
  await first.snapshots.stop();
  const { registry } = await run(t, file);
  t.is(registry.get('errors_total'), undefined, 'the catalogue does not occupy the name');
  registry.counter(own).inc({ page: 'cart' });
  t.is(readValue(registry, own, { page: 'cart' }), 6);
});

test('a registry that is stopped and started again is not restored twice', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  await first.snapshots.stop();
  const registry = createTestRegistry();
  for (let round = 0; round < 3; round++) {
    const snapshots = await keepSnapshots({ file, registry, intervalSeconds: rarely });
    await snapshots.stop();
  }
  t.is(
    readValue((await run(t, file, (own) => own.counter(jobs))).registry, jobs, { queue: 'a' }),
    5,
    'kept without a definition',
  );
});

test('a metric whose definition has changed restarts from 0, with a warning', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  await first.snapshots.stop();
  const changed = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { kind: label() } });
  const { registry, snapshots } = await run(t, file, (own) => own.counter(changed).inc({ kind: 'x' }));
  t.is(readValue(registry, changed, { kind: 'x' }), 1);
  t.regex(
    snapshots.report.skipped.get('jobs_total') ?? '',
    /expected counter \{kind\}, received counter \{queue\}/,
  );
  t.is(registry.warnings[0]?.code, 'METRICS_SNAPSHOT_SKIPPED');
});

test('for a damaged file, the previous one is restored, and the damaged one is kept for inspection', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const { snapshots: first } = await run(t, file, async (registry, snapshots) => {
    registry.counter(jobs).inc({ queue: 'a' }, 5);
    await snapshots.write();
    registry.counter(jobs).inc({ queue: 'a' }, 2);
  });
  await first.stop();
  await writeFile(file, (await readFile(file)).subarray(0, 100));
  const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs));
  t.is(readValue(registry, jobs, { queue: 'a' }), 5);
  t.is(snapshots.report.source, `${file}.1`);
  t.is(failures(registry, 'damaged'), 1);
  t.regex(
    registry.warnings[0]?.message ?? '',
    /state\.om` cannot be restored: it is cut off, or not a snapshot.* kept as `.*state\.om\.damaged`/,
  );
  await snapshots.write();
  t.is((await stat(`${file}.damaged`)).size, 100);
  t.false('damage' in decodeSnapshot(await readFile(file)));
  t.false('damage' in decodeSnapshot(await readFile(`${file}.1`)), 'the intact one is not overwritten');
});

test('if both files are damaged, the service starts without restored values', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  await Promise.all([writeFile(file, 'x'), writeFile(`${file}.1`, '')]);
  const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs).inc({ queue: 'a' }));
  t.is(snapshots.report.source, undefined);
  t.is(readValue(registry, jobs, { queue: 'a' }), 1);
  t.is(failures(registry, 'damaged'), 2);
  await snapshots.write();
  t.false('damage' in decodeSnapshot(await readFile(file)));
});

test('a folder at the path of the snapshot is left unchanged', async (t) => {
  const folder = join(await temporaryFolder(t), 'data');
  await mkdir(folder);
  await writeFile(join(folder, 'important'), 'yes');
  const { registry, snapshots } = await run(t, folder);
  await snapshots.write();
  t.false(snapshots.isOwner);
  t.is(failures(registry, 'ENOTREG'), 2);
  t.is(registry.warnings[0]?.code, 'METRICS_SNAPSHOT_FAILED');
  t.deepEqual(await readdir(folder), ['important']);
  await rm(folder, { recursive: true });
  await snapshots.write();
  t.true(snapshots.isOwner, 'and the snapshot is written after it is removed');
});

test('after any change to the file, the values of one of the two snapshots are restored, without an error', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const { snapshots: first } = await run(t, file, async (registry, snapshots) => {
    registry.counter(jobs).inc({ queue: 'a' }, 5);
    await snapshots.write();
    registry.counter(jobs).inc({ queue: 'a' }, 2);
  });
  await first.stop();
  const [newer, older] = [await readFile(file), await readFile(`${file}.1`)];
  await t.notThrowsAsync(
    fc.assert(
      fc.asyncProperty(
        fc.nat({ max: newer.length }),
        fc.nat({ max: newer.length }),
        fc.uint8Array({ maxLength: 50 }),
        fc.boolean(),
        async (from, to, put, isOlderToo) => {
          const changed = Buffer.concat([newer.subarray(0, from), put, newer.subarray(to)]);
          await writeFile(file, changed);
          await writeFile(`${file}.1`, isOlderToo ? older.subarray(0, from) : older);
          const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs).inc({ queue: 'b' }));
          await snapshots.stop();
          const value = readValue(registry, jobs, { queue: 'a' });
          const expected = changed.equals(newer) ? 7 : isOlderToo && from < older.length ? undefined : 5;
          return value === expected;
        },
      ),
      { numRuns: 200 },
    ),
  );
});

test('a second process waits for the file, and takes it over when the first one ends', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  const second = createTestRegistry();
  const waiting = await keepSnapshots({ file, registry: second, intervalSeconds: 0.1 });
  t.teardown(() => waiting.stop());
  second.counter(jobs).inc({ queue: 'a' });
  await waiting.write();
  t.false(waiting.isOwner);
  t.is(second.warnings[0]?.code, 'METRICS_SNAPSHOT_LOCKED');
  t.is(readValue(second, jobs, { queue: 'a' }), 1);
  await first.snapshots.stop();
  await until('the file', async () => (waiting.isOwner ? true : undefined));
  await waiting.stop();
  t.is(readValue(second, jobs, { queue: 'a' }), 6, 'its own count is added');
});

test('a snapshot is written every interval, and none after stop', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const registry = createTestRegistry();
  const clock = manualClock();
  const snapshots = await keepSnapshots({ file, registry, intervalSeconds: 15 }, clock);
  t.teardown(() => snapshots.stop());
  for (let round = 1; round <= 3; round++) {
    registry.counter(jobs).inc({ queue: 'a' });
    clock.advance(14_999);
    const text = await readFile(file, 'utf8').catch(() => '');
    t.is(/^jobs_total\{queue="a"\} (\d+)$/m.exec(text)?.[1], round === 1 ? undefined : String(round - 1));
    clock.advance(1);
    // This write, if any, follows the one that the interval started.
    await until('a snapshot', async () => {
      const now = await readFile(file, 'utf8').catch(() => '');
      return now.includes(`jobs_total{queue="a"} ${round}\n`) ? true : undefined;
    });
    await snapshots.write();
  }
  await snapshots.stop();
  t.deepEqual(clock.timers(), []);
});

for (const [maxAgeSeconds, days, expected] of [
  [undefined, 6, 5],
  [undefined, 8, 0],
  [30 * 86_400, 8, 5],
] as const) {
  test(`after ${days} days, values are ${expected > 0 ? 'restored' : 'dropped with a warning'} with a maximum age of ${maxAgeSeconds === undefined ? 'seven days by default' : `${maxAgeSeconds} s`}`, async (t) => {
    const file = join(await temporaryFolder(t), 'state.om');
    const before = createTestRegistry();
    before.counter(jobs).inc({ queue: 'a' }, 5);
    const clock = manualClock();
    await (await keepSnapshots({ file, registry: before, intervalSeconds: rarely }, clock)).stop();
    clock.advance(days * 86_400_000);
    const registry = createTestRegistry();
    registry.counter(jobs);
    const options = { file, registry, intervalSeconds: rarely };
    const snapshots = await keepSnapshots(
      maxAgeSeconds === undefined ? options : { ...options, maxAgeSeconds },
      clock,
    );
    t.teardown(() => snapshots.stop());
    t.is(readValue(registry, jobs, { queue: 'a' }) ?? 0, expected);
    t.is(registry.warnings.length, expected > 0 ? 0 : 1);
    if (expected > 0) return;
    t.is(registry.warnings[0]?.code, 'METRICS_SNAPSHOT_SKIPPED');
    t.regex(registry.warnings[0]?.message ?? '', /are not restored, and start at 0.*`maxAgeSeconds`/);
  });
}

test('the age and the size of the last snapshot are reported', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const registry = createTestRegistry();
  const clock = manualClock();
  const snapshots = await keepSnapshots({ file, registry, intervalSeconds: rarely }, clock);
  t.teardown(() => snapshots.stop());
  clock.advance(5_000);
  await snapshots.write();
  t.is(readValue(registry, catalogue.metricsSnapshotSize), (await stat(file)).size);
  clock.advance(42_000);
  await readText(registry);
  t.is(readValue(registry, catalogue.metricsSnapshotAge), 42);
});

test('writeNow writes synchronously, for a process that exits', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs).inc({ queue: 'a' }, 3));
  snapshots.writeNow();
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 3$/m);
  registry.counter(jobs).inc({ queue: 'a' });
  await snapshots.stop();
  snapshots.writeNow();
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 4$/m);
});

test('a large snapshot does not block the event loop', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const { registry, snapshots } = await run(t, file);
  const large = defineCounter({
    name: 'large_total',
    help: 'Large.',
    labels: { n: label() },
    maxSeries: 50_000,
  });
  for (let n = 0; n < 50_000; n++) registry.counter(large).inc({ n });
  let turns = 0;
  let isWritten = false;
  const turn = (): void => {
    turns += 1;
    if (!isWritten) setImmediate(turn);
  };
  setImmediate(turn);
  await snapshots.write();
  isWritten = true;
  const chunks = (await stat(file)).size / 40_000;
  t.true(turns >= chunks, `${turns} turns for ${chunks} chunks`);
});

test('a missing folder is counted and reported once, and the snapshot is written as soon as it exists', async (t) => {
  const folder = join(await temporaryFolder(t), 'state');
  const file = join(folder, 'metrics.om');
  const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs).inc({ queue: 'a' }));
  await snapshots.write();
  await snapshots.write();
  t.true(failures(registry, 'ENOENT') + failures(registry, 'EACCES') >= 2);
  const warned = registry.warnings.length;
  t.true(warned >= 1 && warned <= 2);
  t.regex(registry.warnings[0]?.message ?? '', /metrics\.om.*The service continues/s);
  await mkdir(folder);
  await snapshots.write();
  t.true(snapshots.isOwner);
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 1$/m);

  await rename(folder, `${folder}-gone`);
  const before = failures(registry, 'ENOENT') + failures(registry, 'EACCES');
  await snapshots.write();
  t.is(failures(registry, 'ENOENT') + failures(registry, 'EACCES'), before + 1);
  await mkdir(folder);
  registry.counter(jobs).inc({ queue: 'a' });
  await snapshots.write();
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 2$/m);
});

test('a full or read-only disk is counted, and snapshots resume afterwards', async (t) => {
  const disk = await mountSmallDisk(64);
  if (disk === undefined) {
    t.log('this user cannot mount a disk; the removed folder, above, is a similar failure');
    t.not(process.getuid?.(), 0);
    return;
  }
  t.teardown(() => disk.remove());
  const file = join(disk.folder, 'metrics.om');
  const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs).inc({ queue: 'a' }, 5));
  await snapshots.write();
  const whole = await readFile(file);
  const filler = join(disk.folder, 'filler');
  await writeFile(filler, Buffer.alloc(60_000)).catch(() => {});
  for (let queue = 0; queue < 800; queue++) registry.counter(jobs).inc({ queue });
  await snapshots.write();
  t.is(failures(registry, 'ENOSPC'), 1);
  t.deepEqual(await readFile(file), whole, 'the existing snapshot stays intact');
  t.deepEqual(
    (await readdir(disk.folder)).filter((name) => name.endsWith('.tmp')),
    [],
  );
  await snapshots.write();
  t.is(failures(registry, 'ENOSPC'), 2);
  t.is(registry.warnings.length, 1, 'one warning');
  await rm(filler);
  for (let queue = 0; queue < 800; queue++) registry.counter(jobs).remove({ queue });
  await snapshots.write();
  t.is(failures(registry, 'ENOSPC'), 2);

  disk.setReadOnly(true);
  await snapshots.write();
  t.is(failures(registry, 'EROFS'), 1);
  snapshots.writeNow();
  t.is(failures(registry, 'EROFS'), 2);
  // A process that starts now restores the snapshot, and waits until it can write.
  await snapshots.stop();
  const next = await run(t, file, (own) => own.counter(jobs));
  t.is(readValue(next.registry, jobs, { queue: 'a' }), 5);
  disk.setReadOnly(false);
  await next.snapshots.write();
  t.true(next.snapshots.isOwner);
  t.is(readValue(next.registry, jobs, { queue: 'a' }), 5, 'restored only once');
  await next.snapshots.stop();
});

test('a process that was locked out restores when it gets the file, also in a second attempt', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ queue: 'a' });
  const attempt = await keepSnapshots({ file, registry, intervalSeconds: rarely });
  t.is(failures(registry, 'locked'), 1);
  await attempt.stop();
  await first.snapshots.stop();
  const second = await keepSnapshots({ file, registry, intervalSeconds: rarely });
  t.is(readValue(registry, jobs, { queue: 'a' }), 6);
  await second.stop();
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 6$/m);
});

test('a folder that is missing at the start is restored from when it appears', async (t) => {
  const folder = join(await temporaryFolder(t), 'volume');
  const file = join(folder, 'metrics.om');
  await mkdir(folder);
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  await first.snapshots.stop();
  await rename(folder, `${folder}-unmounted`);
  const { registry, snapshots } = await run(t, file, (own) => own.counter(jobs).inc({ queue: 'a' }));
  t.regex(registry.warnings[0]?.message ?? '', /no such file or directory/);
  await rename(`${folder}-unmounted`, folder);
  await snapshots.write();
  t.is(readValue(registry, jobs, { queue: 'a' }), 6);
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 6$/m);

  await rename(folder, `${folder}-unmounted`);
  await snapshots.write();
  t.false(snapshots.isOwner);
  snapshots.writeNow();
  await rename(`${folder}-unmounted`, folder);
  registry.counter(jobs).inc({ queue: 'a' });
  await snapshots.write();
  t.true(snapshots.isOwner, 'its lock is valid again');
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 7$/m);
});

test('a process that exits does not overwrite a file that another process has taken over', async (t) => {
  const folder = join(await temporaryFolder(t), 'volume');
  const file = join(folder, 'metrics.om');
  await mkdir(folder);
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }));
  await rename(folder, `${folder}-gone`);
  await mkdir(folder);
  const second = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 100));
  await second.snapshots.write();
  first.snapshots.writeNow();
  t.regex(await readFile(file, 'utf8'), /^jobs_total\{queue="a"\} 100$/m);
});

test('a metric that is defined after keepSnapshots stopped is restored, and written once', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await run(t, file, (registry) => registry.counter(jobs).inc({ queue: 'a' }, 5));
  await first.snapshots.stop();
  const registry = createTestRegistry();
  await (await keepSnapshots({ file, registry, intervalSeconds: rarely })).stop();
  registry.counter(jobs).inc({ queue: 'a' });
  t.is(readValue(registry, jobs, { queue: 'a' }), 6);
  await (await keepSnapshots({ file, registry, intervalSeconds: rarely })).stop();
  t.is((await readFile(file, 'utf8')).match(/^# TYPE jobs counter$/gm)?.length, 1);
});

test('without a snapshot, its age is the time since the start', async (t) => {
  const file = join(await temporaryFolder(t), 'no folder', 'state.om');
  const registry = createTestRegistry();
  const clock = manualClock();
  const snapshots = await keepSnapshots({ file, registry, intervalSeconds: rarely }, clock);
  t.teardown(() => snapshots.stop());
  clock.advance(7_000);
  await readText(registry);
  t.is(readValue(registry, catalogue.metricsSnapshotAge), 7);
  t.is(failures(registry, 'ENOENT'), 1);
});

test('the lock is next to the file, or at a shorter path if the socket path would be too long', (t) => {
  t.is(lockPath('/var/lib/tamma/metrics.om'), '/var/lib/tamma/metrics.om.lock');
  t.true(lockPath(`/${'long/'.repeat(40)}metrics.om`).length <= 100);
});

for (const options of [
  {},
  { file: '' },
  { file: 5 },
  { file: 'a', intervalSeconds: 0 },
  { file: 'a', intervalSeconds: 1e-7 },
  { file: 'a', intervalSeconds: 86_401 },
  { file: 'a', intervalSeconds: '15' },
  { file: 'a', maxAgeSeconds: 0 },
  { file: 'a', fil: 'b' },
]) {
  test(`options ${JSON.stringify(options)} are refused`, async (t) => {
    await t.throwsAsync(keepSnapshots(options as never), { code: 'ERR_METRICS_INVALID_OPTION' });
  });
}
