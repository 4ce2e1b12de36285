import { setTimeout as elapsed } from 'node:timers/promises';

/**
 * Polls until there is a result, for conditions without an event.
 * @param pause milliseconds between two polls
 * @throws an Error after the deadline, which is a watchdog
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  deadline = 300_000,
  pause = 100,
): Promise<T> {
  const end = performance.now() + deadline;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${deadline} ms`);
    await elapsed(pause);
  }
}
