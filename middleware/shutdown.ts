/** The end of a service: steps in order within one deadline, on the signals that ask for it. */
import { type Clock, systemClock, type Timer } from '../lib/clock.js';
import { metricsError, shown } from '../lib/errors.js';

export interface ShutdownStep {
  /** Ends by itself within so many seconds, or is given up then. */
  readonly run: (seconds: number) => unknown;
  /** Seconds that it may take at most. Default: what is left of the deadline, but for what the later steps need. */
  readonly mostSeconds?: number;
  /**
   * Seconds that are kept for it, whatever the steps before it take; less where those of all steps together are more than half
   * of the deadline. Default: 0.
   */
  readonly needsSeconds?: number;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/** No timer of Node's can be longer: one that is given more is over at once. */
const longestSeconds = 2_147_483;

/**
 * Runs one step after the other. One that rejects or takes too long gives way to the next: a push that hangs costs no snapshot.
 * However short the deadline is, half of it is for those that need nothing.
 * @returns what the steps rejected with
 */
export async function runInOrder(
  steps: readonly ShutdownStep[],
  deadlineSeconds: number,
  clock: Clock = systemClock,
): Promise<unknown[]> {
  const end = clock.now() + deadlineSeconds * 1_000;
  const errors: unknown[] = [];
  const needed = steps.reduce((sum, { needsSeconds = 0 }) => sum + needsSeconds, 0);
  const share = needed === 0 ? 1 : Math.min(1, deadlineSeconds / 2 / needed);
  let kept = needed * share;
  for (const { run, mostSeconds = longestSeconds, needsSeconds = 0 } of steps) {
    kept -= needsSeconds * share;
    const left = (end - clock.now()) / 1_000 - kept;
    const seconds = Math.max(0, Math.min(left, mostSeconds, longestSeconds));
    try {
      await within(clock, seconds, run(seconds));
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/** @throws ERR_METRICS_INVALID_OPTION for options of `createMetrics` by which nothing can be stopped */
export function checkStopOptions({
  stopSeconds,
  drainSeconds,
  drain,
}: {
  readonly stopSeconds: unknown;
  readonly drainSeconds: unknown;
  readonly drain: unknown;
}): void {
  const invalid = (option: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${option}\` of createMetrics: expected ${expected}, received ${shown(received)}.`,
    );
  if (!(typeof stopSeconds === 'number' && stopSeconds > 0))
    throw invalid('stopSeconds', 'a positive number of seconds', stopSeconds);
  if (!(typeof drainSeconds === 'number' && drainSeconds >= 0 && drainSeconds <= longestSeconds))
    throw invalid('drainSeconds', `a number of seconds within 0 to ${longestSeconds}`, drainSeconds);
  if (drain !== undefined && typeof drain !== 'function') throw invalid('drain', 'a function', drain);
}

/** What is to stop in this process, and the listener that does it: one, so that two of ours do not wait for each other. */
interface SignalStops {
  readonly stops: Set<() => Promise<void>>;
  readonly listener: (signal: NodeJS.Signals) => void;
}

/** Shared by all copies of this package that a process may have loaded. */
const signalStopsKey = Symbol.for('@tamma/observability: stops on signals');

/**
 * Stops on SIGTERM and SIGINT, with whatever else asked for it in this process, and then ends the process as the signal would
 * have, where nobody else listens to it: who does, decides when to stop and to end. A second signal ends it at once.
 * @returns a function after which no signal stops this one any more: for the moment at which it begins to stop by itself, from
 *   which on a signal is not to wait for it
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  const shared = globalThis as { [signalStopsKey]?: SignalStops };
  shared[signalStopsKey] ??= newSignalStops();
  const { stops, listener } = shared[signalStopsKey];
  stops.add(stop);
  for (const signal of signals) {
    process.off(signal, listener);
    // First, since listeners that are called once are gone by the time that later ones are.
    process.prependListener(signal, listener);
  }
  return () => {
    if (stops.delete(stop)) listenNoMore({ stops, listener });
  };
}

function newSignalStops(): SignalStops {
  const stops = new Set<() => Promise<void>>();
  const listener = (signal: NodeJS.Signals): void => {
    if (hasOtherListeners(signal, listener)) return;
    const all = [...stops];
    stops.clear();
    listenNoMore({ stops, listener });
    void Promise.allSettled(all.map(async (stop) => stop())).then(() => process.kill(process.pid, signal));
  };
  return { stops, listener };
}

/** Once the signal has been told to all: signal-exit ends the process where it finds itself alone, and we have work to do yet. */
function listenNoMore({ stops, listener }: SignalStops): void {
  queueMicrotask(() => {
    if (stops.size > 0) return;
    for (const signal of signals) process.off(signal, listener);
  });
}

function hasOtherListeners(signal: NodeJS.Signals, listener: SignalStops['listener']): boolean {
  const others = process.listeners(signal).filter((each) => each !== listener);
  return others.length > signalExitListeners();
}

/**
 * How many listeners of a signal are of the package signal-exit, which much depends on: they do what the signal does by itself
 * once nobody else listens, so they decide nothing. Its versions (4, and 3) count themselves for each other where we look too.
 */
function signalExitListeners(): number {
  const counts = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>).__signal_exit_emitter__,
  ].map((emitter) => (emitter as { readonly count?: unknown } | undefined)?.count);
  return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

/** What a promise gives, or nothing once the time is over. */
async function within(clock: Clock, seconds: number, result: unknown): Promise<void> {
  let timer: Timer | undefined;
  const over = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, seconds * 1_000);
  });
  const settled = Promise.resolve(result);
  // Given up, it may still reject.
  settled.catch(() => {});
  try {
    await Promise.race([settled, over]);
  } finally {
    clock.clearTimeout(timer);
  }
}
