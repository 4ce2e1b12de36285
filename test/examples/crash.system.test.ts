/**
 * The example is killed again and again in the middle of its work, and restarted with the snapshot that it left. What its
 * clients have counted is compared with what it reports afterwards. Instants are drawn in events, not in milliseconds: so a
 * slow machine sees the same cases. That a snapshot is written every interval is shown in keep-snapshots.test.ts.
 */
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import test from 'ava';
import { decodeSnapshot, samplesOf } from '../../lib/durability/snapshot.js';
import { parseText } from '../helpers/parse-text.js';
import { startServiceProcess } from '../helpers/service-process.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

/** Two chains of lives run side by side, each with a file of its own. */
const chains = ['first', 'second'];
const kills = 50;
const intervalSeconds = 0.2;
/** Of each client between two webhooks: a loop without it would only take the processor from the service. */
const pauseMilliseconds = 10;
const secret = 'crash';
const merged = JSON.stringify({
  object_kind: 'merge_request',
  project: { path_with_namespace: 'acme/app' },
  object_attributes: {
    action: 'merge',
    created_at: '2026-11-23T09:00:00Z',
    updated_at: '2026-11-23T10:00:00Z',
  },
});

/** What a client knows of one life of the service. */
interface Log {
  /** Milliseconds since 1970 at which each answer came. */
  readonly answeredAt: number[];
  sent: number;
}

for (const chain of chains) {
  test(`${chain} chain: a service killed ${kills} times always starts, and loses only what came after its last snapshot`, async (t) => {
    t.timeout(1_200_000);
    const file = join(await temporaryFolder(t), 'metrics.om');
    const env = {
      REPLAY: 'off',
      WEBHOOK_SECRET: secret,
      METRICS_SNAPSHOT_FILE: file,
      METRICS_SCRAPE_INTERVAL: String(intervalSeconds),
    };
    /** What the service began its life with. */
    let start = 0;
    let lost = 0;
    let kept = 0;
    for (let kill = 0; kill < kills; kill++) {
      const service = await startServiceProcess(env);
      const ended = once(service.process, 'close');
      t.is(await mergedIn(service.url), start, `life ${kill} goes on where the snapshot was`);

      const log: Log = { answeredAt: [], sent: 0 };
      const stop = new AbortController();
      const clients = [1, 2, 3].map(() => post(service.url, log, stop.signal));
      // One life in four ends before it has written any snapshot, or soon after.
      const snapshots = kill % 4;
      if (snapshots > 0)
        await until('an answer', async () => (log.answeredAt.length > 0 ? true : undefined), undefined, 1);
      for (let written = 0; written < snapshots; written++) await nextSnapshot(file);
      const answers = log.answeredAt.length + Math.floor(Math.random() * 60);
      await until('answers', async () => (log.answeredAt.length >= answers ? true : undefined), undefined, 1);
      service.process.kill('SIGKILL');
      stop.abort();
      await Promise.all([...clients, ended]);

      const { value, written } = await snapshotAt(file);
      t.true(value >= start, 'a snapshot is never below the one before');
      t.true(value <= start + log.sent, 'and has nothing that was not sent');
      const before = log.answeredAt.filter((at) => at < written).length;
      t.true(value >= start + before, `all ${before} that had been answered when it was taken are in it`);
      if (snapshots > 1) t.true(before > 0, 'a snapshot followed the first answers');
      lost += Math.max(0, start + log.answeredAt.length - value);
      kept += value - start;
      start = value;
    }
    t.is(kept, start);
    t.true(kept > kills, `${kept} kept`);
    t.true(lost > 0, 'kills came after answers that no snapshot had');
    t.log(`${kept} kept over ${kills} lives, ${lost} lost after a last snapshot`);
  });
}

/** Resolves once the file has been replaced. */
async function nextSnapshot(file: string): Promise<void> {
  const inode = () =>
    stat(file).then(
      ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
      () => undefined,
    );
  const before = await inode();
  await until(
    'a snapshot',
    async () => {
      const now = await inode();
      return now === undefined || now === before ? undefined : now;
    },
    60_000,
    5,
  );
}

/** Webhooks one after the other, on one connection, until the service is gone. */
async function post(url: string, log: Log, signal: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    while (!signal.aborted) {
      log.sent += 1;
      const status = await new Promise<number | undefined>((resolve) => {
        const sent = request(
          `${url}/webhooks/gitlab`,
          {
            method: 'POST',
            agent,
            headers: { 'content-type': 'application/json', 'x-gitlab-token': secret },
          },
          (response) => {
            response.resume();
            response.once('close', () => resolve(response.complete ? response.statusCode : undefined));
          },
        );
        sent.once('error', () => resolve(undefined));
        sent.end(merged);
      });
      if (status === 202) log.answeredAt.push(Date.now());
      await elapsed(pauseMilliseconds);
    }
  } finally {
    agent.destroy();
  }
}

async function mergedIn(url: string): Promise<number> {
  const samples = parseText(await (await fetch(`${url}/metrics`)).text());
  const total = samples.find(({ name }) => name === 'prs_merged_total')?.value ?? 0;
  const lifetimes = samples.find(({ name }) => name === 'pr_lifetime_hours_count')?.value ?? 0;
  if (total !== lifetimes) throw new Error(`${total} merged, ${lifetimes} lifetimes`);
  return total;
}

/** What the file says that the last life has left, where it has left one. */
async function snapshotAt(file: string): Promise<{ value: number; written: number }> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return { value: 0, written: 0 };
  const snapshot = decodeSnapshot(bytes);
  if ('damage' in snapshot) throw new Error(snapshot.damage);
  const family = snapshot.families.find(({ metric }) => metric === 'prs_merged_total');
  const sample =
    family === undefined ? undefined : [...samplesOf(family)].find(({ name }) => name === 'prs_merged_total');
  return { value: sample?.value ?? 0, written: snapshot.written * 1_000 };
}
