/**
 * Metrics of workers whose primary does not use this package, PM2 for example. The workers elect one of themselves as the hub,
 * which answers all scrapes with the sums of all. It holds a lock in a private folder, named after the primary and the
 * service. When it ends, another worker takes the lock and a file with the totals, so that no total decreases.
 */
import { createHash } from 'node:crypto';
import { readFile, readlink, rename, unlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { metricsClusterWorkers } from '../catalogue/self.js';
import { type Clock, repeat, systemClock } from '../clock.js';
import { acquireLock, type FileLock } from '../durability/lock.js';
import { openMetricsFormat } from '../exposition/open-metrics.js';
import { protobufFormat } from '../exposition/protobuf-format.js';
import type { ScrapeOptions } from '../exposition/scrape.js';
import { textFormat } from '../exposition/text.js';
import { oneAtATime } from '../one-at-a-time.js';
import { type AnyRegistry, MetricsRegistry } from '../registry.js';
import { clusterBy, type TransferableCluster } from './cluster.js';
import type { ClusterMembership } from './cluster-member.js';
import { joinBy } from './cluster-worker.js';
import { privateFolder, removeAbandoned } from './private-folder.js';
import { connectMember, replaceableLink, socketHub } from './socket-links.js';

export interface ElectedCluster {
  readonly membership: ClusterMembership;
  /** A scrape of all workers, answered by the current hub. */
  chunks(options: ScrapeOptions): AsyncGenerator<Buffer>;
  /** If this process is the hub, another takes over. Call it after `membership.leave()` has resolved. */
  stop(): Promise<void>;
}

/** Milliseconds between two attempts to be elected, or to scrape, while there is no hub. */
const retryAfter = 100;

/** Milliseconds between two writes of the handover; it is also written before each answer. */
const writeEvery = 1_000;

/** Maximum wait of a scrape for an election, in milliseconds. */
const maxElection = 3_000;

/** Maximum length of the path of a socket on every system, in bytes. */
const maxSocketPath = 103;

const formats = [textFormat, openMetricsFormat, protobufFormat];

/**
 * @param service identifies the service among those of the same primary
 * @throws Error if the private folder cannot be used
 */
export async function electCluster(
  registry: AnyRegistry,
  service: readonly unknown[],
  clock: Clock = systemClock,
): Promise<ElectedCluster> {
  if (process.platform === 'win32') throw new Error('a system with Unix sockets is required');
  const file = join(await privateFolder(), await electionName(service));
  const socketPath = `${file}.sock`;
  if (Buffer.byteLength(socketPath) > maxSocketPath)
    throw new Error(`expected a shorter path of the folder for temporary files, received \`${socketPath}\``);
  const link = replaceableLink();
  const membership = joinBy(registry, clock, link.linkOf);
  const pause = (): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, retryAfter).unref());
  const failed = (error: unknown): undefined => {
    registry.collectFailed(metricsClusterWorkers.name, error);
  };
  let isStopped = false;
  let lead: Lead | undefined;

  const participate = async (): Promise<void> => {
    while (!isStopped) {
      if (lead === undefined || !lead.isHeld())
        lead = await takeLead(file, socketPath, clock).catch((error) => failed(error));
      if (isStopped) await lead?.leave();
      const socket = await connectMember(socketPath).catch(() => undefined);
      if (socket === undefined) await pause();
      else await link.use(socket);
    }
  };
  const participation = participate();

  return {
    membership,
    async *chunks(options) {
      const end =
        clock.now() + Math.min((options.deadlineSeconds ?? Number.POSITIVE_INFINITY) * 1_000, maxElection);
      for (;;) {
        const response = await askForAll(socketPath, options).catch((error) => {
          if (clock.now() > end) throw error;
        });
        if (response !== undefined) {
          yield* response as AsyncIterable<Buffer>;
          return;
        }
        await pause();
      }
    },
    stop: async () => {
      isStopped = true;
      await lead?.leave();
      await Promise.race([participation, pause()]);
    },
  };
}

/** The lead of the elected worker. */
interface Lead {
  isHeld(): boolean;
  leave(): Promise<void>;
}

/** Takes the lead; `undefined` if another process has it. */
async function takeLead(file: string, socketPath: string, clock: Clock): Promise<Lead | undefined> {
  // It may have been removed.
  const folder = await privateFolder();
  const lock = await acquireLock(file, clock);
  if (lock === undefined) return undefined;
  const server = createServer();
  // A separate registry: this process reports as the others do.
  const cluster = clusterBy(new MetricsRegistry(), clock, socketHub(server));
  const handover = handoverFile(cluster, file);
  server.on('request', (asked: IncomingMessage, response: ServerResponse) => {
    answerForAll(cluster, handover.write, asked, response).catch(() => response.destroy());
  });
  try {
    await handover.inherit();
    // Before old files are removed: the inherited one may be old too.
    await handover.write();
    await removeAbandoned(folder, clock.timestamp());
    await listening(server, socketPath);
  } catch (error) {
    cluster.stop();
    await lock.release();
    throw error;
  }
  let isHeld = true;
  const leave = async (): Promise<void> => {
    if (!isHeld) return;
    isHeld = false;
    stopWriting();
    // Before the handover, so that it has every report that was acknowledged; later reports go to the successor.
    server.close();
    cluster.stop();
    if (await lock.isInPlace()) await handover.write();
    server.closeAllConnections();
    await lock.release();
  };
  const stopWriting = repeat(clock, writeEvery, () => {
    // Some systems remove old temporary files; another process may have taken the lead then.
    void keepLead(lock, handover.write, leave);
  });
  return { isHeld: () => isHeld, leave };
}

async function keepLead(
  lock: FileLock,
  write: () => Promise<void>,
  leave: () => Promise<void>,
): Promise<void> {
  if (await lock.isInPlace()) await write().catch(() => {});
  else await leave();
}

/** The file with the handover. */
function handoverFile(
  cluster: TransferableCluster,
  file: string,
): { inherit(): Promise<void>; write(): Promise<void> } {
  const path = `${file}.json`;
  // A write in progress may be older than the caller's numbers.
  const { run } = oneAtATime(async () => {
    const temporary = `${path}.new`;
    await writeFile(temporary, JSON.stringify(cluster.handover()), { mode: 0o600 });
    await rename(temporary, path);
  });
  return {
    inherit: async () => {
      try {
        cluster.inherit(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        // There was no hub before, or the file is damaged.
      }
    },
    write: run,
  };
}

/** Answers a scrape after writing the handover, so that a successor has every number of the answer. */
async function answerForAll(
  cluster: TransferableCluster,
  writeHandover: () => Promise<void>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = (await json(request)) as AskedScrape;
  const chunks = cluster.chunks({
    ...asked,
    format: formats.find(({ label }) => label === asked.format) ?? textFormat,
    names: asked.names === undefined ? undefined : new Set(asked.names),
  });
  const first = await chunks.next();
  await writeHandover();
  if (!first.done) response.write(first.value);
  await pipeline(Readable.from(chunks), response);
}

interface AskedScrape {
  readonly format: string;
  readonly names: readonly string[] | undefined;
  readonly constantLabels: Readonly<Record<string, string>> | undefined;
  readonly deadlineSeconds: number | undefined;
}

function askForAll(
  socketPath: string,
  { format = textFormat, names, constantLabels, deadlineSeconds }: ScrapeOptions,
): Promise<IncomingMessage> {
  const asked = { format: format.label, names: names && [...names], constantLabels, deadlineSeconds };
  return new Promise((resolve, reject) => {
    // In the body: a list of names may exceed the limits of a header.
    request({ socketPath, agent: false, method: 'POST' })
      .once('response', resolve)
      .once('error', reject)
      .end(JSON.stringify(asked));
  });
}

async function listening(server: Server, path: string): Promise<void> {
  // The socket of an earlier hub, whose process has ended.
  await unlink(path).catch(() => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Otherwise the primary would share it among the workers.
    server.listen({ path, exclusive: true }, resolve);
  });
  server.unref();
}

/** Differs for a later primary with the same process id, and on Linux for a primary in another container. */
async function electionName(service: readonly unknown[]): Promise<string> {
  const { ppid } = process;
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  const stat = await readFile(`/proc/${ppid}/stat`, 'utf8').catch(() => '');
  // The start time is the 22nd field; the second, the command, may contain spaces.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const hash = createHash('sha256').update(JSON.stringify([namespace, started, process.argv[1], service]));
  return `${ppid}-${hash.digest('hex').slice(0, 16)}`;
}
