/** The end of a service: steps in order within one deadline, on the signals that ask for it. */

import { constants } from 'node:os';
import { type Clock, repeat, systemClock, type Timer } from './clock.js';
import { invalidOption } from './option-names.js';

export interface ShutdownStep {
  /** What is waited for, as a person reads it; asked for where the step takes a while. */
  readonly waitsFor?: () => string;
  /** Ends by itself within so many seconds, or is given up then. */
  readonly run: (seconds: number) => unknown;
  /** Seconds that it may take at most. Default: what is left of the deadline, but for what the later steps need. */
  readonly maxSeconds?: number;
  /**
   * Seconds that are kept for it, whatever the steps before it take; less where those of all steps together are more than half
   * of the deadline. Default: 0.
   */
  readonly needsSeconds?: number;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Milliseconds of a step between two looks at what is waited for: what takes less is not reported. */
const reportEvery = 500;

/**
 * Milliseconds within which a signal that comes again is the same one: nodemon and npm pass on what the terminal has sent to the
 * service already. From then on it is reported that a second one ends the process.
 */
const relayedWithin = reportEvery;

/** No timer of Node's can be longer: one that is given more is over at once. */
const maxTimerSeconds = 2_147_483;

/**
 * Runs one step after the other. One that rejects or takes too long gives way to the next: a push that hangs costs no snapshot.
 * However short the deadline is, half of it is for those that need nothing.
 * @param onWait called with what is waited for, and the seconds that it has left, where that takes half a second or longer
 * @returns what the steps rejected with
 */
export async function runInOrder(
  steps: readonly ShutdownStep[],
  deadlineSeconds: number,
  onWait: (what: string, seconds: number) => void = () => {},
  clock: Clock = systemClock,
): Promise<unknown[]> {
  const end = clock.now() + deadlineSeconds * 1_000;
  const reporting = (waitsFor: () => string, stepEnd: number): (() => void) => {
    let reported = '';
    return repeat(clock, reportEvery, () => {
      const what = waitsFor();
      if (what === reported || what === '') return;
      reported = what;
      onWait(what, (stepEnd - clock.now()) / 1_000);
    });
  };
  const errors: unknown[] = [];
  const needed = steps.reduce((sum, { needsSeconds = 0 }) => sum + needsSeconds, 0);
  const share = needed === 0 ? 1 : Math.min(1, deadlineSeconds / 2 / needed);
  let kept = needed * share;
  for (const { run, waitsFor, maxSeconds = maxTimerSeconds, needsSeconds = 0 } of steps) {
    kept -= needsSeconds * share;
    const left = (end - clock.now()) / 1_000 - kept;
    const seconds = Math.max(0, Math.min(left, maxSeconds, maxTimerSeconds));
    const stopReports =
      waitsFor === undefined ? () => {} : reporting(waitsFor, clock.now() + seconds * 1_000);
    try {
      await within(clock, seconds, run(seconds));
    } catch (error) {
      errors.push(error);
    } finally {
      stopReports();
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
  if (!(typeof stopSeconds === 'number' && stopSeconds > 0))
    throw invalidOption('createMetrics', 'stopSeconds', 'a positive number of seconds', stopSeconds);
  if (!(typeof drainSeconds === 'number' && drainSeconds >= 0 && drainSeconds <= maxTimerSeconds))
    throw invalidOption(
      'createMetrics',
      'drainSeconds',
      `a number of seconds within 0 to ${maxTimerSeconds}`,
      drainSeconds,
    );
  if (drain !== undefined && typeof drain !== 'function')
    throw invalidOption('createMetrics', 'drain', 'a function', drain);
}

/** Says on stderr what a stop by a signal waits for, for who has pressed Ctrl-C; one by code says nothing. */
export function waitReporter(
  signal: NodeJS.Signals | undefined,
): ((what: string, seconds: number) => void) | undefined {
  if (signal === undefined) return undefined;
  return (what, seconds) =>
    process.stderr.write(
      `${signal}: waiting for ${what}, ${Math.ceil(seconds)} s at most. A second ${signal} ends the process at once.\n`,
    );
}

type Stop = (signal: NodeJS.Signals) => Promise<void>;

/** What is to stop in this process, and the listener that does it: one, so that two of ours do not wait for each other. */
interface SignalStops {
  readonly stops: Set<Stop>;
  readonly listener: (signal: NodeJS.Signals) => void;
  /** Of process 1 while it starts and stops: a signal that nobody listens to is ignored there. */
  readonly last: (signal: NodeJS.Signals) => void;
}

/** Shared by all copies of this package that a process may have loaded. */
const signalStopsKey = Symbol.for('@tamma/observability: stops on signals');

/**
 * Stops on SIGTERM and SIGINT, with whatever else asked for it in this process, and then ends the process as the signal would
 * have, where nobody else listens to it: who does, decides when to stop and to end. A second signal, after half a second, ends it
 * at once.
 * @returns a function after which no signal stops this one any more: for the moment at which it begins to stop by itself, from
 *   which on a signal is not to wait for it
 */
export function stopOnSignals(stop: Stop): () => void {
  const { stops, listener, last } = sharedStops();
  stops.add(stop);
  for (const signal of signals) {
    process.off(signal, last);
    process.off(signal, listener);
    // First, since listeners that are called once are gone by the time that later ones are.
    process.prependListener(signal, listener);
  }
  return () => {
    if (stops.delete(stop)) listenNoMore({ stops, listener, last });
  };
}

/**
 * Lets SIGTERM and SIGINT end process 1 as they end any other, until something is to stop: for a start that is in progress, since
 * a signal that came meanwhile would be lost.
 */
export function endOnSignals(): void {
  const { stops, last } = sharedStops();
  if (stops.size === 0) endProtected(last);
}

function sharedStops(): SignalStops {
  const shared = globalThis as { [signalStopsKey]?: SignalStops };
  shared[signalStopsKey] ??= newSignalStops();
  return shared[signalStopsKey];
}

function newSignalStops(): SignalStops {
  const stops = new Set<Stop>();
  const listener = (signal: NodeJS.Signals): void => {
    if (stops.size === 0 || hasOtherListeners(signal, shared)) return;
    const all = [...stops];
    stops.clear();
    systemClock.setTimeout(() => listenNoMore(shared), relayedWithin).unref();
    void Promise.allSettled(all.map(async (stop) => stop(signal))).then(() => {
      for (const each of signals) process.off(each, listener);
      endBy(signal);
    });
  };
  const last = (signal: NodeJS.Signals): void => {
    if (!hasOtherListeners(signal, shared)) endBy(signal);
  };
  const shared: SignalStops = { stops, listener, last };
  return shared;
}

/** Whether signals do nothing by themselves: the kernel protects the first process of a container from them. */
const isProtected = process.pid === 1;

/** Ends the process as a signal does: killed by it, or with the exit code that a shell would report of that. */
function endBy(signal: NodeJS.Signals): void {
  if (isProtected) process.exit(128 + constants.signals[signal]);
  process.kill(process.pid, signal);
}

/** Once the signal has been told to all: signal-exit ends the process where it finds itself alone, and we have work to do yet. */
function listenNoMore({ stops, listener, last }: SignalStops): void {
  queueMicrotask(() => {
    if (stops.size > 0) return;
    for (const signal of signals) process.off(signal, listener);
    endProtected(last);
  });
}

function endProtected(last: SignalStops['last']): void {
  if (!isProtected) return;
  for (const signal of signals) if (!process.listeners(signal).includes(last)) process.on(signal, last);
}

function hasOtherListeners(signal: NodeJS.Signals, { listener, last }: SignalStops): boolean {
  const others = process.listeners(signal).filter((each) => each !== listener && each !== last);
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
