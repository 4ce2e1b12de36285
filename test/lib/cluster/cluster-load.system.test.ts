/** Four workers under load, ended one after another: totals equal what clients counted, never decrease, and memory is stable. */
import { Agent, request } from 'node:http';
import { setTimeout as elapsed } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type ClusterService, startClusterService, total } from '../../helpers/cluster-service.js';
import { until } from '../../helpers/until.js';

/** Number of workers that are ended, and of acknowledged requests in between: events, so that the machine's speed is irrelevant. */
const ends = 15;
const requestsBetween = 100;
const clients = 8;

/** Samples with one line per series of a worker. */
const perSeries = ['work_total', 'work_duration_seconds_count', 'third_party_total'];

interface Count {
  acknowledged: number;
  /** Disconnected without a response: the client cannot know whether it was counted. */
  unknown: number;
}

/** Sends requests on one connection, and reconnects if it is closed. */
async function client(
  url: string,
  name: number,
  count: Count,
  end: AbortSignal,
  timeout: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!end.aborted) {
    if (await isAcknowledged(`${url}/?client=${name}`, agent, timeout)) count.acknowledged += 1;
    else count.unknown += 1;
    await elapsed(20);
  }
  agent.destroy();
}

function isAcknowledged(url: string, agent: Agent, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(url, { agent, timeout }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    sent.once('timeout', () => sent.destroy(new Error('no response')));
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

/** Scrapes every quarter of a second, and keeps all totals. */
async function watch(service: ClusterService, seen: number[][], end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    const samples = await service.samples();
    const names = [
      'work_total',
      'work_duration_seconds_count',
      'work_duration_seconds_sum',
      'third_party_total',
    ];
    seen.push(names.map((name) => total(samples, name)));
    await elapsed(250);
  }
}

/** Repeatedly ends the oldest worker, after enough requests and scrapes. @returns the growth of the primary's heap */
async function endWorkers(
  t: ExecutionContext,
  service: ClusterService,
  signals: readonly NodeJS.Signals[],
  { count, seen }: { readonly count: Count; readonly seen: readonly number[][] },
): Promise<number> {
  const memories: Awaited<ReturnType<ClusterService['ask']>>[] = [];
  for (let end = 1; end <= ends; end++) {
    await service.serving(3);
    const [pid = 0] = service.pids;
    const [requests, scrapes] = [count.acknowledged + requestsBetween, seen.length + 2];
    process.kill(pid, signals[end % signals.length]);
    await service.ended(pid);
    await until('load', async () =>
      count.acknowledged >= requests && seen.length >= scrapes ? true : undefined,
    );
    if (end === 5 || end === ends) memories.push(await service.ask('memory', 'memory'));
  }
  const [early, late] = memories;
  t.log(`primary's heap: ${early?.heap} after 5 ends, ${late?.heap} after ${ends}`);
  // An ended worker may have been the only one that served a client, so only the number of label sets limits what is kept.
  const labelSets = (await service.samples()).filter(({ name }) => perSeries.includes(name)).length;
  const { departedSeries = 0 } = late ?? {};
  t.true(departedSeries > 0);
  t.true(
    departedSeries <= labelSets,
    `${departedSeries} series of departed workers, ${labelSets} label sets`,
  );
  return (late?.heap ?? 0) - (early?.heap ?? 0);
}

for (const [title, signals, isExact] of [
  ['ended by SIGTERM', ['SIGTERM'], true],
  ['ended by SIGTERM and SIGKILL in turn', ['SIGTERM', 'SIGKILL'], false],
] as const) {
  test.serial(`four workers ${title}: no request is lost, no total decreases, no memory leaks`, async (t) => {
    t.timeout(300_000);
    const service = startClusterService({ workers: 4, isReplaced: true });
    const [load, scrapes] = [new AbortController(), new AbortController()];
    try {
      const url = await service.serving(4);
      const count: Count = { acknowledged: 0, unknown: 0 };
      const seen: number[][] = [];
      // A connection that the primary was passing to a worker that was killed is neither served nor closed: after this time
      // it counts as disconnected. If no worker is killed, this is a watchdog.
      const timeout = isExact ? 60_000 : 2_000;
      const watching = watch(service, seen, scrapes.signal);
      const working = Array.from({ length: clients }, (_, name) =>
        client(url, name, count, load.signal, timeout),
      );
      const grown = await endWorkers(t, service, signals, { count, seen });
      load.abort();
      await Promise.all(working);
      const settled = await until('the last requests are counted', async () => {
        const now = total(await service.samples(), 'work_total');
        return now >= count.acknowledged ? now : undefined;
      });
      scrapes.abort();
      await watching;
      t.log(
        `${count.acknowledged} acknowledged, ${count.unknown} disconnected, ${settled} counted, ${seen.length} scrapes`,
      );
      if (isExact) t.is(settled, count.acknowledged);
      else t.true(settled <= count.acknowledged + count.unknown);
      for (const [index, numbers] of seen.entries())
        for (const [column, number] of numbers.entries())
          t.true(
            number >= (seen[index - 1]?.[column] ?? 0),
            `scrape ${index}: ${seen[index - 1]} then ${numbers}`,
          );
      t.true(grown < 1_000_000, `heap grew by ${grown}`);
    } finally {
      load.abort();
      scrapes.abort();
      await service.stop();
    }
  });
}
