/**
 * The example is killed again and again in the middle of its work, and started anew with the snapshot that it left. What its
 * clients have counted themselves is held against what it says afterwards.
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import test from 'ava';
import { decodeSnapshot, samplesOf } from '../../lib/durability/snapshot.js';
import { fromRoot } from '../helpers/package-root.js';
import { parseText } from '../helpers/parse-text.js';
import { compiledService, startServiceProcess } from '../helpers/service-process.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const kills = 100;
const intervalSeconds = 0.2;
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

test('killed a hundred times at random instants: it always starts, and loses what one interval had at most', async (t) => {
  t.timeout(400_000);
  const file = join(await temporaryFolder(t), 'metrics.om');
  // Compiled once: a hundred starts from the sources would take most of the time. Within node_modules, where its packages are found.
  const cache = fromRoot('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'crash-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const program = await compiledService(folder);
  const env = {
    REPLAY: 'off',
    WEBHOOK_SECRET: secret,
    METRICS_SNAPSHOT_FILE: file,
    METRICS_SCRAPE_INTERVAL: String(intervalSeconds),
  };
  /** What the service began its life with. */
  let start = 0;
  let lost = 0;
  let answered = 0;
  const unsaved: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const service = await startServiceProcess(env, program);
    const ended = once(service.process, 'close');
    t.is(await mergedIn(service.url), start, `life ${kill} goes on where the snapshot was`);

    const log: Log = { answeredAt: [], sent: 0 };
    const stop = new AbortController();
    const clients = [1, 2, 3].map(() => post(service.url, log, stop.signal));
    await elapsed(50 + Math.random() * 500);
    const killedAt = Date.now();
    service.process.kill('SIGKILL');
    stop.abort();
    await Promise.all([...clients, ended]);

    const { value, written } = await snapshotAt(file);
    t.true(value >= start, 'a snapshot is never below the one before');
    t.true(value <= start + log.sent, 'and has nothing that was not sent');
    const before = log.answeredAt.filter((at) => at < written).length;
    t.true(value >= start + before, `all ${before} that had been answered when it was taken are in it`);
    answered += log.answeredAt.length;
    lost += Math.max(0, start + log.answeredAt.length - value);
    // A life that ends before its first snapshot is shorter than an interval.
    if (before > 0) unsaved.push((killedAt - written) / 1_000);
    start = value;
  }
  unsaved.sort((a, b) => a - b);
  const middle = unsaved[Math.floor(unsaved.length / 2)] ?? Number.NaN;
  t.true(unsaved.length > kills / 4, `${unsaved.length} lives had a snapshot of their own`);
  t.true(middle <= intervalSeconds, `the last snapshot was ${middle} s old, in the middle`);
  t.true(lost < answered / 2, `${lost} of ${answered} lost`);
  t.log(`${answered} answered in ${kills} lives, ${lost} of them after a last snapshot`);
});

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
