/** The end of a service: steps in order within one deadline, on the signals that ask for it. */

export interface ShutdownStep {
  /** Ends by itself within so many seconds, or is given up then. */
  readonly run: (seconds: number) => unknown;
  /** Seconds that it may take at most. Default: what is left of the deadline, but for what the later steps need. */
  readonly mostSeconds?: number;
  /** Seconds that are kept for it, whatever the steps before it take. Default: 0. */
  readonly needsSeconds?: number;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs one step after the other. One that rejects or takes too long gives way to the next: a push that hangs costs no snapshot.
 * @returns what the steps rejected with
 */
export async function runInOrder(
  steps: readonly ShutdownStep[],
  deadlineSeconds: number,
): Promise<unknown[]> {
  const end = performance.now() + deadlineSeconds * 1_000;
  const errors: unknown[] = [];
  for (const [index, { run, mostSeconds = Number.POSITIVE_INFINITY }] of steps.entries()) {
    const kept = steps.slice(index + 1).reduce((sum, { needsSeconds = 0 }) => sum + needsSeconds, 0);
    const left = (end - performance.now()) / 1_000 - Math.min(kept, deadlineSeconds);
    const seconds = Math.max(0, Math.min(left, mostSeconds));
    try {
      await within(seconds, run(seconds));
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/**
 * Stops on SIGTERM and SIGINT, and then ends the process as the signal would have, where nobody else listens to it: who does,
 * decides when to stop and to end. A second signal ends it at once.
 * @returns a function that listens no more
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  const listener = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    remove();
    void stop().finally(() => process.kill(process.pid, signal));
  };
  const remove = (): void => {
    for (const signal of signals) process.off(signal, listener);
  };
  // First, since listeners that are called once are gone by the time that later ones are.
  for (const signal of signals) process.prependListener(signal, listener);
  return remove;
}

/** What a promise gives, or nothing once the time is over. */
async function within(seconds: number, result: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1_000);
  });
  const settled = Promise.resolve(result);
  // Given up, it may still reject.
  settled.catch(() => {});
  try {
    await Promise.race([settled, over]);
  } finally {
    clearTimeout(timer);
  }
}
