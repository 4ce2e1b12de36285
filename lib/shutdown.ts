/** Stops a service: runs steps in order before a deadline, on SIGTERM and SIGINT. */
import { constants } from 'node:os';
import { type Clock, repeat, systemClock } from './clock.js';
import { withinDeadline } from './deadline.js';
import { invalidOption } from './option-names.js';

export interface ShutdownStep {
  /** What the step waits for, for people; called if the step takes half a second or longer. An empty string is not reported. */
  readonly waitsFor?: () => string;
  /** Runs the step, which should settle within the given seconds; then the next step starts. */
  readonly run: (seconds: number) => unknown;
  /** Maximum seconds for the step. Default: the rest of the deadline, without what later steps need. */
  readonly maxSeconds?: number;
  /**
   * Seconds to reserve for the step; earlier steps cannot use them. Reduced in proportion if all steps together reserve more than
   * half of the deadline. Default: 0.
   */
  readonly needsSeconds?: number;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Milliseconds between two reports of a step; a shorter step is not reported. */
const reportEvery = 500;

/**
 * Milliseconds in which a repeated signal counts as the same one: nodemon and npm relay a signal that the terminal has also sent
 * to the service. Reports, which say that a second signal ends the process, start later.
 */
const relayedWithin = reportEvery;

/** The maximum delay of a Node.js timer. */
const maxTimerSeconds = 2_147_483;

/**
 * Runs the steps in order. If a step rejects or times out, the next one runs: a push that hangs does not prevent a snapshot. At
 * least half of the deadline is for steps that reserve nothing.
 * @param onWait called with what a step waits for, and its remaining seconds, if it takes half a second or longer
 * @returns the reasons of the steps that rejected
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
      await withinDeadline(run(seconds), seconds * 1_000, clock);
    } catch (error) {
      errors.push(error);
    } finally {
      stopReports();
    }
  }
  return errors;
}

/** Checks the stop options of `createMetrics`. @throws ERR_METRICS_INVALID_OPTION */
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

/** Writes what a stop waits for to stderr, for a person who has pressed Ctrl-C. None for a stop without a signal. */
export function waitReporter(
  signal: NodeJS.Signals | undefined,
): ((what: string, seconds: number) => void) | undefined {
  if (signal === undefined) return undefined;
  return (what, seconds) =>
    process.stderr.write(
      `${signal}: waiting for ${what}, ${Math.ceil(seconds)} s at most. A second ${signal} ends the process immediately.\n`,
    );
}

type Stop = (signal: NodeJS.Signals) => Promise<void>;

/** The functions that stop this process, and their one listener: separate listeners would wait for each other. */
interface SignalStops {
  readonly stops: Set<Stop>;
  readonly listener: (signal: NodeJS.Signals) => void;
  /** Ends process 1 while it starts and stops, since its signals without a listener are ignored. */
  readonly endListener: (signal: NodeJS.Signals) => void;
}

/** Shared by all copies of this package in a process. */
const signalStopsKey = Symbol.for('@tamma/observability: stops on signals');

/**
 * Calls `stop` on SIGTERM and SIGINT, concurrently with other functions of this process, and then ends the process as the signal
 * would have. If the application listens to the signal, it decides when to stop and to end, and `stop` is not called. A second
 * signal, after half a second, ends the process immediately.
 * @returns a function that unregisters `stop`, to be called when it is called by other means
 */
export function stopOnSignals(stop: Stop): () => void {
  const { stops, listener, endListener } = sharedStops();
  stops.add(stop);
  for (const signal of signals) {
    process.off(signal, endListener);
    process.off(signal, listener);
    // First, since `once` listeners are removed when they are called, and would not be found.
    process.prependListener(signal, listener);
  }
  return () => {
    if (stops.delete(stop)) removeListener({ stops, listener, endListener });
  };
}

/**
 * Lets SIGTERM and SIGINT end process 1 as they end any other process, until a function is registered: a signal during a start
 * would be lost otherwise.
 */
export function endOnSignals(): void {
  const { stops, endListener } = sharedStops();
  if (stops.size === 0) endProtected(endListener);
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
    systemClock.setTimeout(() => removeListener(shared), relayedWithin).unref();
    void Promise.allSettled(all.map(async (stop) => stop(signal))).then(() => {
      for (const each of signals) process.off(each, listener);
      endBy(signal);
    });
  };
  const endListener = (signal: NodeJS.Signals): void => {
    if (!hasOtherListeners(signal, shared)) endBy(signal);
  };
  const shared: SignalStops = { stops, listener, endListener };
  return shared;
}

/** Whether signals without a listener are ignored, as the kernel does for the first process of a container. */
const isProtected = process.pid === 1;

/** Ends the process as the signal does: killed by it, or with the exit code that a shell reports for that. */
function endBy(signal: NodeJS.Signals): void {
  if (isProtected) process.exit(128 + constants.signals[signal]);
  process.kill(process.pid, signal);
}

/** Removes the listener after all others were called: signal-exit ends the process if it finds no other listener. */
function removeListener({ stops, listener, endListener }: SignalStops): void {
  queueMicrotask(() => {
    if (stops.size > 0) return;
    for (const signal of signals) process.off(signal, listener);
    endProtected(endListener);
  });
}

function endProtected(endListener: SignalStops['endListener']): void {
  if (!isProtected) return;
  for (const signal of signals)
    if (!process.listeners(signal).includes(endListener)) process.on(signal, endListener);
}

function hasOtherListeners(signal: NodeJS.Signals, { listener, endListener }: SignalStops): boolean {
  const others = process.listeners(signal).filter((each) => each !== listener && each !== endListener);
  return others.length > signalExitListeners();
}

/**
 * The number of listeners of the package signal-exit, a common dependency. They only do what the signal does by default if there
 * is no other listener. Its versions 4 and 3 count their listeners for each other in these properties.
 * @see https://github.com/tapjs/signal-exit
 */
function signalExitListeners(): number {
  const counts = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>).__signal_exit_emitter__,
  ].map((emitter) => (emitter as { readonly count?: unknown } | undefined)?.count);
  return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}
