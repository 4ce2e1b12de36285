/** Puts the numbers of a snapshot back into instruments: added to what has been recorded since, so that nothing is lost. */
import type { SampleLine } from '../exposition/sample-line.js';
import type { AnyInstrument } from '../instruments/any-instrument.js';
import { Counter } from '../instruments/counter.js';
import { Gauge } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import { Summary } from '../instruments/summary.js';
import { durableShape, isDurable, type SnapshotFamily, samplesOf } from './snapshot.js';

/** What became of a family: taken over, or left alone, and why. */
export type Restoration = { readonly restored: number } | { readonly skipped: string };

/** The samples of one series. */
interface SnapshotSeries {
  readonly values: readonly string[];
  value: number;
  sum: number;
  created: number;
  /** Observations up to each bound, +Inf last. */
  readonly cumulative: number[];
}

/**
 * Counters, histograms, and summaries' sum and count go on from the snapshot; a gauge takes its value unless it has been set
 * since. Values that no longer fit a closed set, a limit or the budget become `other`, as at a recording.
 */
export function restoreFamily(instrument: AnyInstrument, family: SnapshotFamily): Restoration {
  if (!isDurable(instrument)) return { skipped: 'its definition no longer says `restore: true`' };
  const shape = durableShape(instrument);
  if (shape !== family.shape)
    return { skipped: `expected ${shape}, received ${family.shape} from the snapshot` };
  const series = seriesOf(instrument, family);
  for (const each of series) restoreSeries(instrument, each);
  return { restored: series.length };
}

function restoreSeries(instrument: AnyInstrument, from: SnapshotSeries): void {
  const { values, value, sum, created, cumulative } = from;
  const since = (existing: number): number => (created > 0 ? Math.min(existing, created) : existing);
  if (instrument instanceof Counter) {
    const series = instrument.series.resolve(values);
    series.value += value;
    series.created = since(series.created);
  } else if (instrument instanceof Gauge) {
    const existing = instrument.series.peekAt(values);
    // A gauge without labels is there from the start, at 0.
    const isUnset = existing === undefined || (values.length === 0 && existing.value === 0);
    if (isUnset) instrument.series.resolve(values).set(value);
  } else if (instrument instanceof Histogram) {
    const series = instrument.series.resolve(values);
    series.add(ownCounts(cumulative), sum);
    series.created = since(series.created);
  } else if (instrument instanceof Summary) {
    const series = instrument.series.resolve(values);
    series.sum += sum;
    series.count += value;
    series.created = since(series.created);
  }
}

/** The samples of a family by series, each whole. */
function seriesOf(instrument: AnyInstrument, family: SnapshotFamily): SnapshotSeries[] {
  const { name, type, labelNames } = instrument;
  const byValues = new Map<string, SnapshotSeries>();
  const base = type === 'counter' ? name.replace(/_total$/, '') : name;
  for (const sample of samplesOf(family)) {
    if (sample.labels.has('quantile') && type === 'summary') continue;
    const series = seriesFor(byValues, labelNames, sample);
    switch (sample.name.slice(base.length)) {
      case '_created':
        series.created = sample.value;
        break;
      case '_sum':
        // A sum of both infinities is none, and would stay so; how often there was something is worth keeping.
        series.sum = Number.isNaN(sample.value) ? 0 : sample.value;
        break;
      case '_bucket':
        series.cumulative.push(sample.value);
        break;
      // `x` of a gauge, `x_total` of a counter, and `x_count`, which of a histogram is its last bucket too.
      default:
        series.value = sample.value;
    }
  }
  return [...byValues.values()];
}

function seriesFor(
  byValues: Map<string, SnapshotSeries>,
  labelNames: readonly string[],
  { labels }: SampleLine,
): SnapshotSeries {
  // Copied: a part of the text of the file would keep all of it in memory.
  const values = labelNames.map((label) => Buffer.from(labels.get(label) ?? '').toString());
  const key = JSON.stringify(values);
  const existing = byValues.get(key);
  if (existing !== undefined) return existing;
  const made = { values, value: 0, sum: 0, created: 0, cumulative: [] };
  byValues.set(key, made);
  return made;
}

/** Each bucket without those below, so that adding them up again gives the same numbers to the last bit. */
function ownCounts(cumulative: readonly number[]): number[] {
  let below = 0;
  return cumulative.map((count) => {
    const own = count - below;
    below += own;
    return own;
  });
}
