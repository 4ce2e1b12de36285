/** Restores a family of a snapshot into its instrument, by adding its numbers to those that were recorded since. */
import type { Family, FamilySeries } from '../family.js';
import type { AnyInstrument } from '../instruments/any-instrument.js';
import { Counter } from '../instruments/counter.js';
import { Gauge } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import { Summary } from '../instruments/summary.js';
import { canContinue, durableShape, isDurable, readFamily, type SnapshotFamily } from './snapshot.js';

/** The number of restored series, or why the family was skipped. */
export type Restoration = { readonly restored: number } | { readonly skipped: string };

/**
 * Counters, histograms, and sum and count of summaries continue from the snapshot; a gauge takes its value unless it was set
 * since. Values outside a closed set, or past a limit or the budget, become `other`, as when they are recorded.
 */
export function restoreFamily(instrument: AnyInstrument, snapshot: SnapshotFamily): Restoration {
  if (!isDurable(instrument)) return { skipped: 'its definition no longer says `restore: true`' };
  if (!canContinue(instrument, snapshot.shape))
    return { skipped: `expected ${durableShape(instrument)}, received ${snapshot.shape} from the snapshot` };
  const family = readFamily(instrument, snapshot);
  for (const series of family.series) restoreSeries(instrument, family, series);
  return { restored: family.series.length };
}

function restoreSeries(
  instrument: AnyInstrument,
  { parts }: Family,
  { values, numbers, created = 0, native }: FamilySeries,
): void {
  const numberOf = (suffix: string): number =>
    numbers[parts.findIndex(([each, bound]) => each === suffix && bound === undefined)] ?? 0;
  // The sum of both infinities is NaN and would stay NaN; the count is worth keeping.
  const sum = numberOf('_sum') || 0;
  const earlier = (existing: number): number => (created > 0 ? Math.min(existing, created) : existing);
  if (instrument instanceof Counter) {
    const series = instrument.series.resolve(values);
    series.value += numberOf('');
    series.created = earlier(series.created);
  } else if (instrument instanceof Gauge) {
    const existing = instrument.series.peekAt(values);
    // A gauge without labels exists from the start, with 0.
    const isUnset = existing === undefined || (values.length === 0 && existing.value === 0);
    if (isUnset) instrument.series.resolve(values).set(numberOf(''));
  } else if (instrument instanceof Histogram) {
    const series = instrument.series.resolve(values);
    series.add(countsByBucket(numbers.filter((_, index) => parts[index]?.[0] === '_bucket')), sum, native);
    series.created = earlier(series.created);
  } else if (instrument instanceof Summary) {
    const series = instrument.series.resolve(values);
    series.sum += sum;
    series.count += numberOf('_count');
    series.created = earlier(series.created);
  }
}

/** Each bucket without those below, such that adding them up gives exactly the same numbers. */
function countsByBucket(cumulative: readonly (number | undefined)[]): number[] {
  let below = 0;
  return cumulative.map((count = 0) => {
    const own = count - below;
    below += own;
    return own;
  });
}
