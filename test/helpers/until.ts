import { setTimeout as elapsed } from 'node:timers/promises';

/**
 * Asks again and again until there is an answer, for what announces itself by no event.
 * @param pause milliseconds between two questions
 * @throws past the deadline, a watchdog
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
