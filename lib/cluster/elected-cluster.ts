/**
 * Metrics of the workers of a primary that runs none of this package, PM2's for instance: they elect one of themselves, which
 * adds up the numbers of all and answers the scrapes of all. It holds a lock in a private folder, named by the primary and the
 * service; when it ends, another takes the lock, and with it a file of what was counted, so that no total falls.
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
import type { AnyRegistry } from '../registry.js';
import { MetricsRegistry } from '../registry.js';
import { clusterBy, type TransferableCluster } from './cluster.js';
import { type ClusterMembership, joinBy } from './cluster-worker.js';
import { privateFolder, removeAbandoned } from './private-folder.js';
import { connectMember, replaceableLink, socketHub } from './socket-links.js';

export interface ElectedCluster {
  readonly membership: ClusterMembership;
  /** One scrape of all workers, of whoever aggregates at the moment. */
  chunks(options: ScrapeOptions): AsyncGenerator<Buffer>;
  /** Gives up the lead, where this process has it: another takes over. To be called once `membership.leave()` is over. */
  stop(): Promise<void>;
}

/** Milliseconds until a worker tries again to be elected, and a scrape is asked for again, while nobody is. */
const retryAfter = 100;

/** Milliseconds between two writings of what a successor needs; it is written before each answer too. */
const writeEvery = 1_000;

/** Milliseconds that a scrape waits for somebody to aggregate. */
const maxVacancy = 3_000;

/** Bytes that the path of a socket may have on every system. */
const maxSocketPath = 103;

const formats = [textFormat, openMetricsFormat, protobufFormat];

/**
 * @param service what tells the workers of one service from those of others with the same primary
 * @throws where the private folder cannot be had
 */
export async function electCluster(
  registry: AnyRegistry,
  service: readonly unknown[],
  clock: Clock = systemClock,
): Promise<ElectedCluster> {
  if (process.platform === 'win32') throw new Error('a system with Unix sockets is needed');
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

  const takePart = async (): Promise<void> => {
    while (!isStopped) {
      if (lead === undefined || !lead.isHeld())
        lead = await takeLead(file, socketPath, clock).catch((error) => failed(error));
      if (isStopped) await lead?.leave();
      const socket = await connectMember(socketPath).catch(() => undefined);
      if (socket === undefined) await pause();
      else await link.use(socket);
    }
  };
  const participation = takePart();

  return {
    membership,
    async *chunks(options) {
      const end = clock.now() + Math.min(options.deadline ?? maxVacancy, maxVacancy);
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

/** What the elected one holds. */
interface Lead {
  isHeld(): boolean;
  leave(): Promise<void>;
}

/** Takes the lead; `undefined` where another has it. */
async function takeLead(file: string, socketPath: string, clock: Clock): Promise<Lead | undefined> {
  // It may have been cleaned away.
  const folder = await privateFolder();
  const lock = await acquireLock(file, clock);
  if (lock === undefined) return undefined;
  const server = createServer();
  // A registry of its own: this process takes part as the others do.
  const cluster = clusterBy(new MetricsRegistry(), clock, socketHub(server));
  const handover = handoverFile(cluster, file);
  server.on('request', (asked: IncomingMessage, response: ServerResponse) => {
    answerForAll(cluster, handover.write, asked, response).catch(() => response.destroy());
  });
  try {
    await handover.inherit();
    // Its own may be old: of a service that comes back.
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
    // First, so that no report is acknowledged that is not handed over: its worker reports to the next instead.
    server.close();
    cluster.stop();
    if (await lock.isInPlace()) await handover.write();
    server.closeAllConnections();
    await lock.release();
  };
  const stopWriting = repeat(clock, writeEvery, () => {
    // Files for a while are cleaned away by some systems: another may have taken the lead by then.
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

/** What a successor needs, in a file: written at most once at a time. */
function handoverFile(
  cluster: TransferableCluster,
  file: string,
): { inherit(): Promise<void>; write(): Promise<void> } {
  const path = `${file}.json`;
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const written = async (): Promise<void> => {
    const beside = `${path}.new`;
    await writeFile(beside, JSON.stringify(cluster.handover()), { mode: 0o600 });
    await rename(beside, path);
  };
  const begin = (): Promise<void> => {
    next = undefined;
    writing = written().finally(() => {
      writing = undefined;
    });
    return writing;
  };
  return {
    inherit: async () => {
      try {
        cluster.inherit(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        // The first of this primary; or a file that was damaged, of which nothing can be kept.
      }
    },
    // What is known now has to be in it: one that is being written may be older.
    write: () => {
      if (writing === undefined) return begin();
      next ??= writing.catch(() => {}).then(begin);
      return next;
    },
  };
}

/** Answers once a successor would know of everything that is in the answer. */
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
  readonly deadline: number | undefined;
}

function askForAll(
  socketPath: string,
  { format = textFormat, names, constantLabels, deadline }: ScrapeOptions,
): Promise<IncomingMessage> {
  const asked = { format: format.label, names: names && [...names], constantLabels, deadline };
  return new Promise((resolve, reject) => {
    // In a body: names may be more than a header takes.
    request({ socketPath, agent: false, method: 'POST' })
      .once('response', resolve)
      .once('error', reject)
      .end(JSON.stringify(asked));
  });
}

async function listening(server: Server, path: string): Promise<void> {
  // Of an earlier holder of the lock, and so of a process that is gone.
  await unlink(path).catch(() => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: the primary would share it among the workers otherwise.
    server.listen({ path, exclusive: true }, resolve);
  });
  server.unref();
}

/** Differs for a later primary of the same process id, and for one in another container, where Linux tells. */
async function electionName(service: readonly unknown[]): Promise<string> {
  const { ppid } = process;
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  const stat = await readFile(`/proc/${ppid}/stat`, 'utf8').catch(() => '');
  // Behind the command, which may hold spaces: the start time is the 22nd field.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const whose = createHash('sha256').update(JSON.stringify([namespace, started, process.argv[1], service]));
  return `${ppid}-${whose.digest('hex').slice(0, 16)}`;
}
