/** How long to wait after failures, so that a server that comes back is not met by everyone at once. */

/**
 * Seconds until the next try: anything from 0 to a ceiling that doubles with every failure in a row ("full jitter").
 * The first failure's ceiling is two intervals, so that on average nothing comes sooner than it would have anyhow.
 * @param most the ceiling's own; an interval that is longer holds
 * @param random within 0 to 1
 */
export function backoffSeconds(
  failures: number,
  intervalSeconds: number,
  most: number,
  random: () => number = Math.random,
): number {
  const ceiling = Math.max(intervalSeconds, Math.min(most, intervalSeconds * 2 ** failures));
  return random() * ceiling;
}
