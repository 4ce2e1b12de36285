/** A member of a cluster: reports the numbers of a registry to the hub. */
import { metricsClusterWorkers } from '../catalogue/self.js';
import { type Clock, repeat } from '../clock.js';
import type { AnyRegistry } from '../registry.js';
import { type MemberLink, memberLink } from './cluster-links.js';
import { type AskMessage, type HubMessage, messageType, type WrittenFamily } from './cluster-messages.js';
import { countsOf, gaugesOf, ownCountsOf } from './member-report.js';
import { messageWaits } from './message-waits.js';
import { type ReportedTotals, totalsOf, withoutReported } from './reported-totals.js';

/** The part of a worker in the metrics of a cluster; made by `joinCluster`. */
export interface ClusterMembership {
  /**
   * Reports everything counted so far to the primary, and resolves when the primary has taken it: from then on it is not lost,
   * even if this worker is killed. Concurrent calls share one report. Gauges are not included. Never rejects.
   * @returns whether the report was taken. After a timeout, further calls return `false` immediately until the primary sends a
   *   message again.
   */
  flush(options?: FlushOptions): Promise<boolean>;
  /**
   * Flushes, and leaves the cluster: to be called at the end of a worker, after its last request. What is counted later is not
   * reported unless the registry joins again. Further calls return the promise of the first. Never rejects.
   */
  leave(options?: FlushOptions): Promise<boolean>;
}

/** Options of {@link ClusterMembership}. */
export interface FlushOptions {
  /** Maximum wait for the primary, in seconds. Default: 2. */
  readonly deadlineSeconds?: number;
}

export interface ClusterMember {
  readonly membership: ClusterMembership;
  /**
   * After `leave`: the totals that the next membership must not report again, or `unknown` unless the hub has taken the last
   * report. `undefined` before.
   */
  readonly reported: () => ReportedTotals | 'unknown' | undefined;
}

/** Milliseconds after which the next report is sent although the last one was not taken. */
const maxWait = 1_000;

/**
 * Periodic reports pause for this many times the duration of the last one: a large registry takes at most a twentieth of a
 * core.
 */
const pauseFactor = 20;

/** Connects a member to its hub. `onOpen` is called for each new connection. */
export type MemberLinkOf = (
  onMessage: (message: HubMessage) => void,
  onOpen: () => void,
) => MemberLink | undefined;

/**
 * @param reportEvery milliseconds between two periodic reports; 0 for none
 * @param before totals that an earlier membership reported
 */
export function clusterMember(
  registry: AnyRegistry,
  reportEvery: number,
  before: ReportedTotals,
  clock: Clock,
  linkOf: MemberLinkOf = memberLink,
): ClusterMember {
  const member = crypto.randomUUID();
  /** Numbers of the last report that was sent, and of the last that was taken. */
  let number = 0;
  let taken = 0;
  /** Periodic reports need a known hub. After a flush that timed out it is silent, and the next flush does not wait. */
  let hub: 'unknown' | 'known' | 'silent' = 'unknown';
  let isReportWanted = false;
  let isReporting = false;
  /** The hub that was sent the last report may have ended. */
  let isHubNew = false;
  /** When the next periodic report may start. */
  let nextReport = 0;
  let gauges: WrittenFamily[] = [];
  let answers: [hub: string, ask: number][] = [];
  const waits = messageWaits(clock, false);
  let leaving: Promise<boolean> | undefined;
  /** Totals of the last report since `leave` was called. */
  let lastTotals: ReportedTotals = new Map();
  let reported: ReturnType<ClusterMember['reported']>;
  /** The number of pending flushes. */
  let flushes = 0;

  const link = linkOf(
    (message) => receive(message),
    () => hello(),
  );
  if (link === undefined)
    return {
      membership: { flush: async () => false, leave: async () => false },
      reported: () => undefined,
    };
  const common = { type: messageType, member, thread: link.thread } as const;

  const failed = (error: unknown): void => registry.collectFailed(metricsClusterWorkers.name, error);
  /** Requests a report of the numbers from now on, and returns its number. */
  const requestReport = (): number => {
    const due = number + 1;
    isReportWanted = true;
    void sendReports();
    return due;
  };
  /** Sends one report at a time, so that a later report has no older numbers. */
  const sendReports = async (): Promise<void> => {
    if (isReporting) return;
    isReporting = true;
    while (isReportWanted) {
      isReportWanted = false;
      isHubNew = false;
      number += 1;
      const start = clock.now();
      await sendReport(number).catch(failed);
      nextReport = clock.now() + (clock.now() - start) * pauseFactor;
      // Not faster than they are taken, so that reports do not pile up if the primary hangs.
      await waits.until(() => taken >= number || answers.length > 0 || isHubNew, maxWait);
    }
    isReporting = false;
  };
  const sendReport = async (current: number): Promise<void> => {
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
    const totals = reported === 'unknown' ? new Map<string, number | readonly number[]>() : undefined;
    for await (const counts of countsOf(registry)) {
      if (totals !== undefined) for (const [key, total] of totalsOf(counts)) totals.set(key, total);
      link.send({ ...empty, counts: withoutReported(counts, before) });
    }
    link.send({ ...empty, gauges: ownGauges, answers: ownAnswers, done: true });
    if (totals !== undefined) lastTotals = totals;
  };
  const receive = (message: HubMessage): void => {
    // A member that leaves answers no scrape. It still reports to a new hub, if the previous one has ended with its last report.
    if (leaving !== undefined && message.kind === 'ask') return;
    if (message.kind === 'here') {
      hub = 'known';
      isHubNew = true;
      requestReport();
      waits.check();
    } else if (message.kind === 'ask') {
      hub = 'known';
      void answer(message).catch(failed);
    } else if (message.kind === 'taken' && message.member === member) {
      hub = 'known';
      taken = Math.max(taken, Number(message.number));
      waits.check();
    }
  };
  const answer = async ({ hub: asker, ask, deadline }: AskMessage): Promise<void> => {
    gauges = await gaugesOf(registry, Number(deadline));
    answers.push([asker, ask]);
    waits.check();
    requestReport();
  };
  const flush = async ({ deadlineSeconds = 2 }: FlushOptions = {}): Promise<boolean> => {
    if (!link.isOpen || hub === 'silent') return false;
    const due = requestReport();
    flushes += 1;
    link.hold(true);
    await waits.until(() => taken >= due, deadlineSeconds * 1_000);
    flushes -= 1;
    if (flushes === 0) link.hold(false);
    if (taken < due) hub = 'silent';
    return taken >= due;
  };
  const stopReports =
    reportEvery === 0
      ? () => {}
      : repeat(clock, reportEvery, () => {
          if (hub === 'known' && taken === number && clock.now() >= nextReport) requestReport();
        });
  /** A worker that exits without leaving, because of an exception for example, can still send messages. */
  const reportOnExit = (): void => {
    try {
      const counts = withoutReported(ownCountsOf(registry), before);
      const last = { number: number + 1, done: true, counts, gauges: [], answers: [] };
      link.send({ ...common, kind: 'report', ...last });
      link.send({ ...common, kind: 'leave' });
    } catch (error) {
      failed(error);
    }
  };
  process.once('exit', reportOnExit);
  const hello = (): void => link.send({ ...common, kind: 'hello' });
  hello();

  const leave = async (options: FlushOptions | undefined): Promise<boolean> => {
    reported = 'unknown';
    const isTaken = await flush(options);
    if (isTaken) reported = lastTotals;
    stopReports();
    process.off('exit', reportOnExit);
    link.send({ ...common, kind: 'leave' });
    link.close();
    return isTaken;
  };
  return {
    membership: {
      flush: (options) => leaving ?? flush(options),
      leave: (options) => {
        leaving ??= leave(options);
        return leaving;
      },
    },
    reported: () => reported,
  };
}
