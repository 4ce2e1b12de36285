/** The wait after failures, random so that clients do not all retry at the same time. */

/**
 * Seconds until the next attempt: between 0 and a ceiling that doubles with each consecutive failure ("full jitter"). The ceiling
 * after the first failure is two intervals, so that the average is one interval.
 * @param maxSeconds maximum ceiling; a longer interval is the ceiling instead
 * @param random returns a number between 0 and 1
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function backoffSeconds(
  failures: number,
  intervalSeconds: number,
  maxSeconds: number,
  random: () => number = Math.random,
): number {
  const ceiling = Math.max(intervalSeconds, Math.min(maxSeconds, intervalSeconds * 2 ** failures));
  return random() * ceiling;
}
