/**
 * The example is killed repeatedly while it works, and restarted with its last snapshot. The requests that its clients counted
 * are compared with its metrics. The time of a kill is drawn as a number of events, not milliseconds, so that a slow machine
 * has the same cases. keep-snapshots.test.ts shows that a snapshot is written every interval.
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

/** Two chains of restarts run in parallel, each with its own file. */
const chains = ['first', 'second'];
const kills = 50;
const intervalSeconds = 0.2;
/** Pause of a client between two webhooks; without it, the clients would take all CPU time from the service. */
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

/** What a client counted between a start and the next kill of the service. */
interface Log {
  /** Arrival times of the responses, in milliseconds since 1970. */
  readonly answeredAt: number[];
  sent: number;
}

for (const chain of chains) {
  test(`${chain} chain: a service killed ${kills} times restarts each time, and loses only what came after its last snapshot`, async (t) => {
    t.timeout(1_200_000);
    const file = join(await temporaryFolder(t), 'metrics.om');
    const env = {
      REPLAY: 'off',
      WEBHOOK_SECRET: secret,
      METRICS_SNAPSHOT_FILE: file,
      METRICS_SCRAPE_INTERVAL: String(intervalSeconds),
    };
    /** The totals that the service restored at its start. */
    let start = 0;
    let lost = 0;
    let kept = 0;
    for (let kill = 0; kill < kills; kill++) {
      const service = await startServiceProcess(env);
      const ended = once(service.process, 'close');
      t.is(await mergedIn(service.url), start, `run ${kill} continues from the snapshot`);

      const log: Log = { answeredAt: [], sent: 0 };
      const stop = new AbortController();
      const clients = [1, 2, 3].map(() => post(service.url, log, stop.signal));
      // One run in four ends before its first snapshot, or soon after it.
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
      t.true(value >= start, 'a snapshot is never lower than the previous one');
      t.true(value <= start + log.sent, 'and does not exceed what was sent');
      const before = log.answeredAt.filter((at) => at < written).length;
      t.true(
        value >= start + before,
        `it contains all ${before} requests that had a response when it was written`,
      );
      if (snapshots > 1) t.true(before > 0, 'a snapshot was written after the first responses');
      lost += Math.max(0, start + log.answeredAt.length - value);
      kept += value - start;
      start = value;
    }
    t.is(kept, start);
    t.true(kept > kills, `${kept} kept`);
    t.true(lost > 0, 'some kills came after responses that no snapshot contains');
    t.log(`${kept} kept over ${kills} runs, ${lost} lost after the last snapshot`);
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

/** Sends webhooks one after the other, on one connection, until the service is gone. */
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

/** The totals in the snapshot of the previous run, if it wrote one. */
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
