/** Intervals of the bundle and their defaults. */
import { check, checkKeys } from '../checks.js';

/** Intervals in seconds, and a factor to shorten them in tests. */
export interface BundleIntervals {
  /** Time between two scrapes. Default: METRICS_SCRAPE_INTERVAL, 15. */
  readonly scrapeSeconds: number;
  /** Time between two evaluations of the rules. Default: `scrapeSeconds`. */
  readonly evaluationSeconds: number;
  /**
   * Divides the `for` of every alert and the window of every rule, so that tests take seconds and not hours. The shortest window, of
   * five minutes, must still contain four scrapes: 5 is the maximum with a scrape every 15 s, 75 with one every second. Default: 1.
   */
  readonly speedUp: number;
  /** Alertmanager's `group_wait`: the delay of the first notification of a group. May be 0. Default: 30. */
  readonly groupWaitSeconds: number;
  /** Alertmanager's `group_interval`: the delay of notifications about new alerts of a group. Default: 300. */
  readonly groupIntervalSeconds: number;
  /** Alertmanager's `repeat_interval`: when a notification is repeated while its alerts fire. Default: 14,400. */
  readonly repeatSeconds: number;
}

/** Scrapes that a window must contain: a rate needs two, and one may be late. */
export const minScrapes = 4;
/** The minimum window of the bundle's rules, in seconds. */
const minWindow = 300;

/**
 * @param scrapeSeconds the interval in the service's settings
 * @throws ERR_METRICS_INVALID_MONITORING for an unknown interval, an invalid value, and a `speedUp` for which windows would
 *   contain too few scrapes
 */
export function intervalsWith(own: Partial<BundleIntervals> = {}, scrapeSeconds: number): BundleIntervals {
  const scrape = own?.scrapeSeconds ?? scrapeSeconds;
  const defaults: BundleIntervals = {
    scrapeSeconds: scrape,
    evaluationSeconds: scrape,
    speedUp: 1,
    groupWaitSeconds: 30,
    groupIntervalSeconds: 300,
    repeatSeconds: 14_400,
  };
  checkKeys(own, Object.keys(defaults), { whole: '`intervals`', key: 'interval' });
  const intervals = { ...defaults, ...own };
  for (const [name, value] of Object.entries(intervals) as [string, unknown][]) {
    const min = name === 'groupWaitSeconds' ? 0 : Number.MIN_VALUE;
    const expected = min === 0 ? 'a number, 0 or more' : 'a number above 0';
    check(Number.isFinite(value) && (value as number) >= min, `interval \`${name}\``, expected, value);
  }
  // Slow scrapes alone are valid: they widen the windows.
  const fastest = Math.max(1, minWindow / minScrapes / scrape);
  check(
    intervals.speedUp <= fastest,
    'interval `speedUp`',
    `at most ${fastest} with a scrape every ${scrape} s, so that a window of five minutes contains ${minScrapes} scrapes`,
    intervals.speedUp,
    'Lower it, or `scrapeSeconds`.',
  );
  return Object.freeze(intervals);
}
