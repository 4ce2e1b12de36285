/** Reads the series of an instrument for the history, without making samples of them. */
import type { AnyInstrument } from '../instruments/any-instrument.js';
import type { CounterSeries } from '../instruments/counter.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import type { HistogramSeries } from '../instruments/histogram-series.js';
import { Summary, type SummarySeries } from '../instruments/summary.js';
import type { SeriesReading } from './metric-reducer.js';
import type { MetricShape } from './metric-shape.js';

/** Quantiles are computed for summaries with at most this many series. */
const maxQuantileSeries = 16;

/** Buckets per power of two in which native histograms without classic buckets are kept, as a schema. */
const nativeSchema = 2;

/** 2^-30 to 2^30: a nanosecond to 34 years, a byte to a gigabyte. What is outside is in the first and the last bucket. */
const nativeOctaves = 30;
const nativeOffset = nativeOctaves * 2 ** nativeSchema;
const nativeBounds: readonly number[] = [
  ...Array.from(
    { length: 2 * nativeOffset + 1 },
    (_, index) => 2 ** ((index - nativeOffset) / 2 ** nativeSchema),
  ),
  Number.POSITIVE_INFINITY,
];

/** A reader of one instrument, which remembers its series until some are added or removed. */
export interface InstrumentReader extends SeriesReading {
  /** Whether series were added or removed since the last call. */
  hasChanged(): boolean;
}

export function instrumentReader(instrument: AnyInstrument): InstrumentReader {
  let tree: unknown;
  let changes = -1;
  let all: readonly object[] = [];
  const copy = copierOf(instrument, () => all.length);
  return {
    get count() {
      return all.length;
    },
    hasChanged() {
      const { series } = instrument;
      if (tree === series && changes === series.readings.changes) return false;
      tree = series;
      changes = series.readings.changes;
      all = [...series];
      return true;
    },
    valuesOf: (index) => instrument.series.valuesOf(all[index] as never),
    read: (index, point) => copy(all[index] as never, point),
  };
}

function copierOf(
  instrument: AnyInstrument,
  count: () => number,
): (series: never, point: Float64Array) => void {
  if (instrument instanceof Histogram && isOnlyNative(instrument)) return copyNative;
  if (instrument instanceof Histogram)
    return (series: HistogramSeries, point: Float64Array) => series.copyTo(point);
  if (instrument instanceof Summary) {
    const { quantiles } = instrument.definition;
    return (series: SummarySeries, point: Float64Array) => {
      point[0] = series.sum;
      point[1] = series.count;
      if (quantiles.length === 0) return;
      point.fill(Number.NaN, 2);
      if (count() <= maxQuantileSeries) point.set(series.window?.quantiles(quantiles) ?? [], 2);
    };
  }
  return (series: CounterSeries | GaugeSeries, point: Float64Array) => {
    point[0] = series.value;
  };
}

function isOnlyNative({ buckets, native }: Histogram): boolean {
  return buckets.length === 0 && native !== undefined;
}

/**
 * Writes the sum, and the native buckets joined to those of the history. A series whose buckets were widened beyond these counts
 * older observations in the bucket of their upper bound.
 */
function copyNative(series: HistogramSeries, point: Float64Array): void {
  point.fill(0);
  point[0] = series.sum;
  const { native } = series;
  if (native === undefined) return;
  let below = native.zeroCount;
  for (const count of native.negative.values()) below += count;
  point[1] = below;
  const perBucket = 2 ** (nativeSchema - native.schema);
  for (const [index, count] of native.positive) {
    const place = Math.ceil(index * perBucket) + nativeOffset;
    (point[1 + Math.min(nativeBounds.length - 1, Math.max(0, place))] as number) += count;
  }
}

/** The upper bounds of the buckets in which a histogram is kept, +Inf last; none for other instruments. */
export function keptBounds(instrument: AnyInstrument): readonly number[] {
  if (!(instrument instanceof Histogram)) return [];
  return isOnlyNative(instrument) ? nativeBounds : [...instrument.buckets, Number.POSITIVE_INFINITY];
}

export function shapeOfInstrument(instrument: AnyInstrument): MetricShape {
  const { name, type, help, labelNames, aggregator } = instrument;
  return {
    name,
    type,
    help,
    labels: labelNames,
    combine: combinedBy(aggregator),
    bounds: keptBounds(instrument),
    quantiles: instrument instanceof Summary ? instrument.definition.quantiles : [],
  };
}

/** The rule for gauges of several series, by the aggregator of several processes. */
export function combinedBy(aggregator: unknown): MetricShape['combine'] {
  if (aggregator === 'min' || aggregator === 'max' || aggregator === 'sum') return aggregator;
  return 'average';
}
