/** Runs a function without overlaps. */

export interface OneAtATime {
  /** Runs the function, after a run in progress; calls meanwhile share the next run. Rejects as the function does. */
  run(): Promise<void>;
  readonly isRunning: boolean;
}

export function oneAtATime(work: () => Promise<void>): OneAtATime {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    run() {
      if (next !== undefined) return next;
      if (running === undefined) return start();
      next = running.catch(() => {}).then(start);
      return next;
    },
    get isRunning() {
      return running !== undefined;
    },
  };
}
