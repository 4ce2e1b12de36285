/** Reads the series of an instrument for the history, without making samples of them. */
import type { AnyInstrument } from '../instruments/any-instrument.js';
import type { CounterSeries } from '../instruments/counter.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import type { HistogramSeries } from '../instruments/histogram-series.js';
import { Summary, type SummarySeries } from '../instruments/summary.js';
import type { SeriesReading } from './metric-reducer.js';
import type { MetricShape } from './metric-shape.js';
import { copyNative, nativeBounds } from './native-reading.js';

/** Quantiles are computed for summaries with at most this many series. */
const maxQuantileSeries = 16;

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
    startsAtZero: true,
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
  if (instrument instanceof Histogram && instrument.native !== undefined)
    return ({ sum, native }: HistogramSeries, point: Float64Array) => copyNative(sum, native, point);
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

/** The upper bounds of the buckets in which a histogram is kept, +Inf last; none for other instruments. */
export function keptBounds(instrument: AnyInstrument): readonly number[] {
  if (!(instrument instanceof Histogram)) return [];
  // Native buckets are finer than the classic ones beside them.
  return instrument.native === undefined ? [...instrument.buckets, Number.POSITIVE_INFINITY] : nativeBounds;
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
    isNative: instrument instanceof Histogram && instrument.native !== undefined,
    quantiles: instrument instanceof Summary ? instrument.definition.quantiles : [],
  };
}

/** The rule for gauges of several series, by the aggregator of several processes. */
export function combinedBy(aggregator: unknown): MetricShape['combine'] {
  if (aggregator === 'min' || aggregator === 'max' || aggregator === 'sum') return aggregator;
  return 'average';
}
