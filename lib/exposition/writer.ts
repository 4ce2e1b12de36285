/**
 * Writes instruments as families of lines, each `name{label="value"} number`, in one of the two text formats. Labels come in
 * declaration order; `le` and `quantile` come last.
 */
import type { AnyInstrument } from '../instruments/any-instrument.js';
import type { Series } from '../instruments/branch.js';
import type { CounterSeries } from '../instruments/counter.js';
import { bucketExemplarOf, type Exemplar, exemplarOf } from '../instruments/exemplars.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import type { HistogramSeries } from '../instruments/histogram-series.js';
import { Summary, type SummarySeries } from '../instruments/summary.js';
import { ByteWriter, codes, type PreparedText, preparedText } from './byte-writer.js';
import { writtenTypeOf } from './family-names.js';
import { type ExpositionFormat, labelText, numberText, type WrittenType } from './format.js';
import type { ConstantLabels } from './third-party-family.js';

const noLabels: ConstantLabels = new Map();

/** Approximate size of a chunk: large enough to be cheap, small enough not to block the event loop. */
export const chunkLength = 32_768;

/** Writes the family of an own instrument. Yields whenever a chunk is full, so that the caller can take it. */
export function* writeInstrument(
  out: ByteWriter,
  instrument: AnyInstrument,
  format: ExpositionFormat,
  constant: ConstantLabels = noLabels,
  writtenType: WrittenType = writtenTypeOf(instrument, format),
  /** Called with each series when it is written. */
  onSeries?: (series: Series) => void,
): Generator<void> {
  const { type, labelNames, series: tree } = instrument;
  const layout = layoutOf(instrument, format, writtenType);
  // An empty value is an absent label, so that a label of the registry applies.
  const fallbacks = labelNames.map((label) => constant.get(label) ?? '');
  const others = [...constant]
    .filter(([label]) => !labelNames.includes(label))
    .map(([label, value]) => labelText(label, value))
    .join(',');
  out.text(layout.header);
  for (const series of tree.read()) {
    writeLabels(layout, tree.valuesOf(series), fallbacks, others);
    if (type === 'histogram') writeHistogram(out, layout, series as HistogramSeries);
    else if (type === 'summary') writeSummary(out, layout, series as SummarySeries, instrument as Summary);
    else writeValue(out, layout, series as CounterSeries | GaugeSeries);
    onSeries?.(series);
    // After the series: a series removed in between would be written without its values.
    if (out.length >= chunkLength) yield;
  }
}

/** Parts that are the same for all series of an instrument and all scrapes. */
interface FamilyLayout {
  readonly type: WrittenType;
  readonly buckets: readonly number[] | undefined;
  readonly header: string;
  /** The name of the sample of a counter or gauge. */
  readonly sample: PreparedText;
  /** The start of a line of a bucket or quantile. */
  readonly open: PreparedText;
  /** The last label of each bucket or quantile, up to the number. */
  readonly bounds: readonly PreparedText[];
  /** Whether to write sums that may decrease, which OpenMetrics forbids. */
  readonly hasNegativeSums: boolean;
  /** Whether a bound is negative, so that the sum may decrease. */
  readonly hasNegativeBuckets: boolean;
  readonly hasExemplars: boolean;
  readonly sum: PreparedText;
  readonly count: PreparedText;
  readonly created: PreparedText | undefined;
  /** Each label, up to its value. */
  readonly labels: readonly PreparedText[];
}

/**
 * Kept between scrapes, also because V8 deoptimizes code when the last object of a hidden class is garbage-collected.
 */
const layouts = new WeakMap<AnyInstrument, Map<ExpositionFormat, FamilyLayout>>();

/** The labels of the current series, without braces: written once, copied for each line. */
const labels = new ByteWriter(256);

function layoutOf(instrument: AnyInstrument, format: ExpositionFormat, type: WrittenType): FamilyLayout {
  const byFormat = layouts.get(instrument) ?? new Map<ExpositionFormat, FamilyLayout>();
  layouts.set(instrument, byFormat);
  const existing = byFormat.get(format);
  // The buckets of a histogram, or the type of a counter with a name conflict, may have changed.
  if (existing?.type === type && existing.buckets === bucketsOf(instrument)) return existing;
  const made = newLayout(instrument, format, type);
  byFormat.set(format, made);
  return made;
}

function bucketsOf(instrument: AnyInstrument): readonly number[] | undefined {
  return instrument instanceof Histogram ? instrument.buckets : undefined;
}

function newLayout(instrument: AnyInstrument, format: ExpositionFormat, type: WrittenType): FamilyLayout {
  const { name, help, labelNames } = instrument;
  const created = format.createdSample(name, type);
  const bounds =
    instrument instanceof Histogram
      ? [...instrument.buckets.map(format.bound), '+Inf'].map((bound) => `le="${bound}"} `)
      : instrument instanceof Summary
        ? instrument.definition.quantiles.map((quantile) => `quantile="${format.bound(quantile)}"} `)
        : [];
  return {
    type,
    buckets: bucketsOf(instrument),
    hasNegativeSums: format.hasNegativeSums,
    hasExemplars: format.hasExemplars && (type === 'counter' || type === 'histogram'),
    hasNegativeBuckets: (bucketsOf(instrument)?.[0] ?? 0) < 0,
    header: format.header(name, help, type),
    sample: preparedText(name),
    open: preparedText(type === 'histogram' ? `${name}_bucket{` : `${name}{`),
    bounds: bounds.map(preparedText),
    sum: preparedText(`${name}_sum`),
    count: preparedText(`${name}_count`),
    created: created === undefined ? undefined : preparedText(created),
    labels: labelNames.map((label) => preparedText(`${label}="`)),
  };
}

function writeLabels(
  layout: FamilyLayout,
  values: readonly string[],
  fallbacks: readonly string[],
  others: string,
): void {
  labels.clear();
  for (let index = 0; index < layout.labels.length; index++) {
    const value = values[index] || fallbacks[index] || '';
    if (value === '') continue;
    if (labels.length > 0) labels.byte(codes.comma);
    labels.prepared(layout.labels[index] as PreparedText);
    labels.labelValue(value);
    labels.byte(codes.quote);
  }
  if (others === '') return;
  if (labels.length > 0) labels.byte(codes.comma);
  labels.text(others);
}

function writeValue(out: ByteWriter, layout: FamilyLayout, series: CounterSeries | GaugeSeries): void {
  writeSample(
    out,
    layout.sample,
    series.value,
    layout.hasExemplars ? exemplarOf(series as CounterSeries) : undefined,
  );
  if (layout.created !== undefined) writeSample(out, layout.created, series.created);
}

function writeHistogram(out: ByteWriter, layout: FamilyLayout, series: HistogramSeries): void {
  const start = out.length;
  writeOpen(out, layout.open);
  const end = out.length;
  let total = 0;
  for (let bucket = 0; bucket < layout.bounds.length; bucket++) {
    if (bucket > 0) out.again(start, end);
    out.prepared(layout.bounds[bucket] as PreparedText);
    total += series.countIn(bucket);
    out.number(total);
    if (layout.hasExemplars) writeExemplar(out, bucketExemplarOf(series, bucket));
    out.byte(codes.newline);
  }
  // `_count` is written with the sum, and equals the last bucket.
  if (layout.hasNegativeSums || (series.sum >= 0 && !layout.hasNegativeBuckets)) {
    writeSample(out, layout.sum, series.sum);
    writeSample(out, layout.count, total);
  }
  if (layout.created !== undefined) writeSample(out, layout.created, series.created);
}

function writeSummary(
  out: ByteWriter,
  layout: FamilyLayout,
  series: SummarySeries,
  { definition: { quantiles } }: Summary,
): void {
  for (const [index, value] of (series.window?.quantiles(quantiles) ?? []).entries()) {
    if (!layout.hasNegativeSums && value < 0) continue;
    writeOpen(out, layout.open);
    out.prepared(layout.bounds[index] as PreparedText);
    out.number(value);
    out.byte(codes.newline);
  }
  if (layout.hasNegativeSums || series.sum >= 0) writeSample(out, layout.sum, series.sum);
  writeSample(out, layout.count, series.count);
  if (layout.created !== undefined) writeSample(out, layout.created, series.created);
}

/** The name, brace and labels of a sample, up to `le` or `quantile`. */
function writeOpen(out: ByteWriter, open: PreparedText): void {
  out.prepared(open);
  if (labels.length === 0) return;
  out.prepared(labels);
  out.byte(codes.comma);
}

function writeSample(out: ByteWriter, name: PreparedText, value: number, exemplar?: Exemplar): void {
  out.prepared(name);
  if (labels.length > 0) {
    out.byte(codes.open);
    out.prepared(labels);
    out.byte(codes.close);
  }
  out.byte(codes.space);
  out.number(value);
  if (exemplar !== undefined) writeExemplar(out, exemplar);
  out.byte(codes.newline);
}

/** Few samples have a new exemplar at each scrape, so that its text need not be fast. */
function writeExemplar(out: ByteWriter, exemplar: Exemplar | undefined): void {
  if (exemplar === undefined) return;
  const { labels: own, value, timestamp } = exemplar;
  const texts = Object.entries(own).map(([name, text]) => labelText(name, text));
  out.text(` # {${texts.join(',')}} ${numberText(value)} ${timestamp / 1_000}`);
}
