/**
 * Detects what is unusual for the hour. A service that works in office hours does more at nine than at eight on every day of the week, so
 * an hour is compared with the same hours of earlier days, and only where a week has been recorded.
 */
import { serviceUp } from '../prometheus/recording-rules.js';
import type { Promql } from '../promql/builder.js';

/** A week, and the same weekday of the three weeks before it: after holidays the last week says nothing. */
const daysBack = [1, 2, 3, 4, 5, 6, 7, 14, 21, 28];
const day = 86_400;
const hour = 3_600;

/**
 * A record that is more than some times what it was in the same hour, give or take one, on any of the earlier days; nothing
 * where the service was not scraped a week ago.
 */
export function unusual(
  { record, window }: Pick<Promql, 'record' | 'window'>,
  name: string,
  factor: number,
  by: readonly string[],
): string {
  const now = record(name);
  const around = (series: string, days: number): string =>
    `max_over_time(${series}[${window(2 * hour)}] offset ${window(days * day - hour)})`;
  const on = `on (${['job', ...by].join(', ')})`;
  const usual = daysBack.map((days) => `unless ${on} (${now} <= ${factor} * ${around(now, days)})`);
  return `(${[now, ...usual].join(' ')}) and on (job) ${around(record(serviceUp), 7)}`;
}
