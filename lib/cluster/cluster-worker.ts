/** A worker's part in metrics of many processes or threads: it tells its numbers to whoever aggregates. */
import { metricsClusterWorkers } from '../catalogue/self.js';
import { type Clock, repeat, systemClock } from '../clock.js';
import { metricsError, shown } from '../errors.js';
import { checkFactoryOptions } from '../option-checks.js';
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';
import { type MetricsRegistry, sharedRegistry } from '../registry.js';
import type { StructuralRegistry } from '../structural-registry.js';
import { type MemberLink, memberLink } from './cluster-links.js';
import { type AskMessage, type HubMessage, messageType, type WrittenFamily } from './cluster-messages.js';
import { countsOf, gaugesOf, ownCountsOf } from './member-report.js';
import { messageWaits } from './message-waits.js';
import { numbersOf, type Report, since } from './reported-totals.js';

export interface JoinClusterOptions {
  /** Whose numbers are told. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /**
   * Seconds between two reports of counters, histograms and summaries, beside the answers to scrapes: what a worker that is
   * killed may lose, at most. 0 sends none. Default: 1.
   */
  readonly reportSeconds?: number;
}

export interface ClusterMembership {
  /**
   * Tells the primary all that has been counted until now, and resolves once it is taken there: then it is not lost even if
   * this worker is killed. Calls at the same time share one message. Gauges are not part of it. Never rejects.
   * @param options `deadlineSeconds`, how long to wait, default 2
   * @returns whether it was taken; after one that was not, `false` at once until the primary is heard again
   */
  flush(options?: FlushOptions): Promise<boolean>;
  /**
   * Flushes, and takes no more part: for the end of a worker, after its last request. What is counted later is lost, unless the
   * registry joins again. A second call is the first one's.
   */
  leave(options?: FlushOptions): Promise<boolean>;
}

export interface FlushOptions {
  readonly deadlineSeconds?: number;
}

interface Joined {
  readonly membership: ClusterMembership;
  /** From `leave` on: what a next membership is not to tell again, or `unknown` until someone has taken the last report. */
  readonly told: () => Report | 'unknown' | undefined;
}

const memberships = processWide('cluster memberships', () => new WeakMap<AnyRegistry, Joined>());

/**
 * Takes part in the metrics of a service of many processes (`node:cluster`) or threads (`node:worker_threads`): called in each
 * worker, once a registry, and again once `leave` has resolved to true; `clusterMetrics` or `metricsRouter({ cluster: true })` in
 * the primary has the sums. In a process that is no worker it does nothing, so that a service can be run in one.
 *
 * A worker's counters stay in the sums when it ends. It should `leave()` after its last request, which `createMetrics` does; one that
 * exits or crashes by an exception tells its last numbers by itself; one that is killed loses what it counted since its last report
 * (a second, or a scrape). Where not even that may be lost, `flush()` before the work is acknowledged.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const membership = joinCluster();
 * await runImport();
 * await membership.leave();
 */
export function joinCluster(options: JoinClusterOptions = {}, clock: Clock = systemClock): ClusterMembership {
  checkFactoryOptions('joinCluster', options, { registry: true, reportSeconds: true });
  const { registry = sharedRegistry, reportSeconds = 1 } = options;
  if (!(typeof reportSeconds === 'number' && reportSeconds >= 0 && reportSeconds < 1e6)) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`reportSeconds\` of joinCluster: expected a number of seconds, or 0 for no reports, received ${shown(reportSeconds)}.`,
    );
  }
  const existing = memberships.get(registry);
  const told = existing?.told() ?? 'nothing';
  if (told === 'unknown') warnOfEnd(registry);
  if (existing !== undefined && typeof told === 'string') return existing.membership;
  const made = joined(registry, reportSeconds * 1_000, typeof told === 'string' ? new Map() : told, clock);
  memberships.set(registry, made);
  return made.membership;
}

/** Takes part by another way than messages of node:cluster and threads. */
export function joinBy(registry: AnyRegistry, clock: Clock, linkOf: MemberLinkOf): ClusterMembership {
  return joined(registry, 1_000, new Map(), clock, linkOf).membership;
}

/** Told again they might count twice, not told they might be lost: nobody can know which. */
function warnOfEnd(registry: AnyRegistry): void {
  registry.warnOnce('cluster left', () => ({
    code: 'METRICS_CLUSTER_LEFT',
    message:
      'joinCluster cannot join again: expected a primary that has taken the last report of this worker when it left, received no answer of one. What is counted from now on is in no sum. Await `leave()` before, or start a new worker.',
  }));
}

/** Milliseconds after which a report that nobody has taken is followed by the next one all the same. */
const maxWait = 1_000;

/** Unasked, a report goes out after so many times what the last one took: a large registry costs a twentieth of a core at most. */
const restFactor = 20;

/** Makes a worker's way to whoever aggregates. `onOpen` is called when there is someone anew. */
export type MemberLinkOf = (
  onMessage: (message: HubMessage) => void,
  onOpen: () => void,
) => MemberLink | undefined;

function joined(
  registry: AnyRegistry,
  reportEvery: number,
  before: Report,
  clock: Clock,
  linkOf: MemberLinkOf = memberLink,
): Joined {
  const member = crypto.randomUUID();
  let number = 0;
  let taken = 0;
  /** Whether anyone aggregates. Nothing is sent unasked but to someone, and nobody waits in vain twice. */
  let primary: 'unknown' | 'heard' | 'silent' = 'unknown';
  let isWanted = false;
  let isRunning = false;
  /** Whoever was sent the last report may be gone. */
  let isHeardAnew = false;
  /** Before then no report goes out unasked. */
  let nextReport = 0;
  let gauges: WrittenFamily[] = [];
  let answers: [hub: string, ask: number][] = [];
  const waits = messageWaits(clock, false);
  let leaving: Promise<boolean> | undefined;
  /** Of the last report that was sent whole since this began to leave. */
  let lastSent: Report = new Map();
  let told: ReturnType<Joined['told']>;
  /** How many flushes are waited for. */
  let flushes = 0;

  const link = linkOf(
    (message) => heard(message),
    () => hello(),
  );
  if (link === undefined)
    return { membership: { flush: async () => false, leave: async () => false }, told: () => undefined };
  const common = { type: messageType, member, thread: link.thread } as const;

  const failed = (error: unknown): void => registry.collectFailed(metricsClusterWorkers.name, error);
  /** Asks for a report whose reading begins after now, and tells its number. */
  const requested = (): number => {
    const due = number + 1;
    isWanted = true;
    void run();
    return due;
  };
  /** One report at a time: a later one can hold no older number. */
  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      isHeardAnew = false;
      number += 1;
      const began = clock.now();
      await sent(number).catch(failed);
      nextReport = clock.now() + (clock.now() - began) * restFactor;
      // Not faster than they are taken, so that nothing piles up before a primary that hangs.
      await waits.until(() => taken >= number || answers.length > 0 || isHeardAnew, maxWait);
    }
    isRunning = false;
  };
  const sent = async (current: number): Promise<void> => {
    const [ownGauges, ownAnswers] = [gauges, answers];
    [gauges, answers] = [[], []];
    const empty = {
      ...common,
      kind: 'report',
      number: current,
      done: false,
      counts: [],
      gauges: [],
      answers: [],
    } as const;
    const said = told === 'unknown' ? new Map<string, number>() : undefined;
    for await (const counts of countsOf(registry)) {
      if (said !== undefined) for (const [key, number] of numbersOf(counts)) said.set(key, number);
      link.send({ ...empty, counts: since(counts, before) });
    }
    link.send({ ...empty, gauges: ownGauges, answers: ownAnswers, done: true });
    if (said !== undefined) lastSent = said;
  };
  const heard = (message: HubMessage): void => {
    // One that leaves answers no scrape. Its last report has to reach someone, a successor where the one that was sent it has gone.
    if (leaving !== undefined && message.kind === 'ask') return;
    if (message.kind === 'here') {
      primary = 'heard';
      isHeardAnew = true;
      requested();
      waits.check();
    } else if (message.kind === 'ask') {
      primary = 'heard';
      void answer(message).catch(failed);
    } else if (message.kind === 'taken' && message.member === member) {
      primary = 'heard';
      taken = Math.max(taken, Number(message.number));
      waits.check();
    }
  };
  const answer = async ({ hub, ask, deadline }: AskMessage): Promise<void> => {
    const made = await gaugesOf(registry, Number(deadline));
    gauges = made;
    answers.push([hub, ask]);
    waits.check();
    requested();
  };
  const flushed = async ({ deadlineSeconds = 2 }: FlushOptions = {}): Promise<boolean> => {
    if (!link.isOpen || primary === 'silent') return false;
    const due = requested();
    flushes += 1;
    link.hold(true);
    await waits.until(() => taken >= due, deadlineSeconds * 1_000);
    flushes -= 1;
    if (flushes === 0) link.hold(false);
    if (taken < due) primary = 'silent';
    return taken >= due;
  };
  const report = (): void => {
    if (primary === 'heard' && taken === number && clock.now() >= nextReport) requested();
  };
  const endReports = reportEvery === 0 ? () => {} : repeat(clock, reportEvery, report);
  /** A worker that ends without leaving, by an exception for instance, can still say what it knows at once. */
  const lastWords = (): void => {
    try {
      const counts = since(ownCountsOf(registry), before);
      const last = { number: number + 1, done: true, counts, gauges: [], answers: [] };
      link.send({ ...common, kind: 'report', ...last });
      link.send({ ...common, kind: 'leave' });
    } catch (error) {
      failed(error);
    }
  };
  process.once('exit', lastWords);
  const hello = (): void => link.send({ ...common, kind: 'hello' });
  hello();

  const left = async (options: FlushOptions | undefined): Promise<boolean> => {
    told = 'unknown';
    const isTaken = await flushed(options);
    if (isTaken) told = lastSent;
    endReports();
    process.off('exit', lastWords);
    link.send({ ...common, kind: 'leave' });
    link.close();
    return isTaken;
  };
  return {
    membership: {
      flush: (options) => leaving ?? flushed(options),
      leave: (options) => {
        leaving ??= left(options);
        return leaving;
      },
    },
    told: () => told,
  };
}
