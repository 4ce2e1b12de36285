/** Seconds of everything that waits, with their defaults. */
import { nearest } from '../../errors.js';
import { monitoringError } from '../promql/expression.js';

/** Seconds of everything that waits: shortened by tests, never by editing the output. */
export interface BundleIntervals {
  /** Default: METRICS_SCRAPE_INTERVAL. */
  readonly scrapeSeconds: number;
  /** Default: as scrapes. */
  readonly evaluationSeconds: number;
  /**
   * Every `for` of an alert, and every window of a rule, is divided by this. Default: 1. Tests shorten hours to seconds with it;
   * at most so far that the shortest window, of five minutes, still has four scrapes: 5 with a scrape every 15 s, 75 with one
   * every second.
   */
  readonly speedUp: number;
  /** Alertmanager's, before the first notification of a group. Default: 30. */
  readonly groupWaitSeconds: number;
  /** Default: 300. */
  readonly groupIntervalSeconds: number;
  /** Default: 14,400. */
  readonly repeatSeconds: number;
}

const known: readonly string[] = [
  'scrapeSeconds',
  'evaluationSeconds',
  'speedUp',
  'groupWaitSeconds',
  'groupIntervalSeconds',
  'repeatSeconds',
] satisfies (keyof BundleIntervals)[];

/** Scrapes that a window has at least: a rate takes two, and one may be late. */
export const minScrapes = 4;
/** The shortest window of the bundle's rules, in seconds. */
const shortestWindow = 300;

/**
 * @param scrapeSeconds the service's own, where the options have none
 * @throws ERR_METRICS_INVALID_MONITORING for an interval that there is not, one that is no time, and a speed at which windows
 *   would no longer shrink with what is looked at through them
 */
export function intervalsWith(own: Partial<BundleIntervals> = {}, scrapeSeconds: number): BundleIntervals {
  if (typeof own !== 'object' || own === null) throw monitoringError('`intervals`', 'an object', own);
  const scrape = own.scrapeSeconds ?? scrapeSeconds;
  const intervals: BundleIntervals = {
    scrapeSeconds: scrape,
    evaluationSeconds: scrape,
    speedUp: 1,
    groupWaitSeconds: 30,
    groupIntervalSeconds: 300,
    repeatSeconds: 14_400,
    ...own,
  };
  for (const name of Object.keys(own)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw monitoringError(
      'interval',
      `one of ${known.join(', ')}`,
      name,
      meant === undefined ? '' : `Did you mean \`${meant}\`?`,
    );
  }
  for (const name of known) {
    const value: unknown = intervals[name as keyof BundleIntervals];
    const mayBe0 = name === 'groupWaitSeconds';
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || (value === 0 && !mayBe0))
      throw monitoringError(
        `interval \`${name}\``,
        mayBe0 ? 'a number, 0 or more' : 'a number above 0',
        value,
      );
  }
  const fastest = shortestWindow / minScrapes / scrape;
  // Scrapes that are slow by themselves widen the windows and nothing else: nobody has asked for speed.
  if (intervals.speedUp > Math.max(1, fastest))
    throw monitoringError(
      'interval `speedUp`',
      `${Math.max(1, fastest)} at most with a scrape every ${scrape} s, so that a window of five minutes has ${minScrapes} scrapes`,
      intervals.speedUp,
      'Lower it, or `scrapeSeconds`.',
    );
  return Object.freeze(intervals);
}
