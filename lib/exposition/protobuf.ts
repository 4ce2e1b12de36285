/**
 * Writes the families of own instruments as protobuf. The length of a family comes first, so its chunks are kept until it is
 * complete: memory depends on the largest family, not on the whole scrape.
 */
import type { AnyInstrument } from '../instruments/any-instrument.js';
import type { CounterSeries } from '../instruments/counter.js';
import { bucketExemplarOf, type Exemplar, exemplarOf } from '../instruments/exemplars.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import type { Histogram } from '../instruments/histogram.js';
import type { HistogramSeries } from '../instruments/histogram-series.js';
import type { Summary, SummarySeries } from '../instruments/summary.js';
import { ByteWriter, type PreparedText } from './byte-writer.js';
import type { WrittenType } from './format.js';
import {
  labelName,
  preparedExemplar,
  writeBucket,
  writeCounterExemplar,
  writeCreated,
  writeFamilyStart,
  writeHistogramTotals,
  writeLabel,
  writeMetric,
  writeNative,
  writeNativeExemplar,
  writeQuantile,
  writeSummaryTotals,
  writeValue,
} from './protobuf-fields.js';
import type { ConstantLabels } from './third-party-family.js';
import { chunkLength } from './writer.js';

/** The labels and the value of the current series, whose lengths come before them. */
const labels = new ByteWriter(256);
const value = new ByteWriter(1_024);

/** Writes the family of an own instrument. Yields whenever a chunk is full, so that the event loop can turn. */
export function* writeProtobufInstrument(
  out: ByteWriter,
  instrument: AnyInstrument,
  constant: ConstantLabels,
  type: WrittenType,
): Generator<void> {
  const { name, help, labelNames, series: tree } = instrument;
  const names = namesOf(instrument);
  // An empty value is an absent label, so that a label of the registry applies.
  const fallbacks = labelNames.map((label) => constant.get(label) ?? '');
  const others = [...constant].filter(([label]) => !labelNames.includes(label));
  const family = familyBuffer();
  writeFamilyStart(family.out, name, help, type);
  for (const series of tree.read()) {
    writeLabels(names, tree.valuesOf(series), fallbacks, others);
    value.clear();
    if (instrument.type === 'histogram') writeHistogram(instrument as Histogram, series as HistogramSeries);
    else if (instrument.type === 'summary') writeSummary(instrument as Summary, series as SummarySeries);
    else {
      writeValue(value, (series as CounterSeries | GaugeSeries).value);
      if (type === 'counter') {
        const exemplar = prepared(exemplarOf(series as CounterSeries));
        if (exemplar !== undefined) writeCounterExemplar(value, exemplar);
        writeCreated(value, 'counter', series.created);
      }
    }
    writeMetric(family.out, type, labels, value);
    if (family.isFull()) yield;
  }
  yield* family.finish(out);
}

/** The bytes of a family whose length is not known yet. */
export interface FamilyBuffer {
  readonly out: ByteWriter;
  /** Whether a chunk was full, and is set aside. */
  isFull(): boolean;
  /** Writes the length of the family, and the family. Yields whenever a chunk is full. */
  finish(target: ByteWriter): Generator<void>;
}

export function familyBuffer(): FamilyBuffer {
  const out = new ByteWriter(1_024);
  const chunks: Buffer[] = [];
  let length = 0;
  const takeChunk = (): void => {
    length += out.length;
    chunks.push(out.take());
  };
  return {
    out,
    isFull() {
      if (out.length < chunkLength) return false;
      takeChunk();
      return true;
    },
    *finish(target) {
      takeChunk();
      target.varint(length);
      for (const chunk of chunks) {
        target.bytes(chunk);
        if (target.length >= chunkLength) yield;
      }
    },
  };
}

/** Prepared names of labels, kept between scrapes. */
const preparedNames = new WeakMap<readonly string[], readonly PreparedText[]>();

function namesOf({ labelNames }: AnyInstrument): readonly PreparedText[] {
  const existing = preparedNames.get(labelNames);
  if (existing !== undefined) return existing;
  const made = labelNames.map(labelName);
  preparedNames.set(labelNames, made);
  return made;
}

function writeLabels(
  names: readonly PreparedText[],
  values: readonly string[],
  fallbacks: readonly string[],
  others: readonly (readonly [name: string, value: string])[],
): void {
  labels.clear();
  for (let index = 0; index < names.length; index++) {
    const text = values[index] || fallbacks[index] || '';
    if (text !== '') writeLabel(labels, names[index] as PreparedText, text);
  }
  for (const [name, text] of others) writeLabel(labels, labelName(name), text);
}

function writeHistogram(instrument: Histogram, series: HistogramSeries): void {
  const { buckets } = instrument;
  const { count, sum, native } = series;
  const isFloat = !Number.isSafeInteger(count);
  writeHistogramTotals(value, count, sum, isFloat);
  const { exemplars } = series;
  const hasExemplars = typeof exemplars === 'object';
  let cumulative = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    cumulative += series.countIn(bucket);
    const exemplar = hasExemplars ? prepared(bucketExemplarOf(series, bucket)) : undefined;
    writeBucket(value, buckets[bucket] as number, cumulative, isFloat, exemplar);
  }
  // The bucket +Inf is the count, and only written for its exemplar.
  const last =
    buckets.length === 0 || !hasExemplars ? undefined : prepared(bucketExemplarOf(series, buckets.length));
  if (last !== undefined) writeBucket(value, Number.POSITIVE_INFINITY, count, isFloat, last);
  if (native !== undefined) {
    writeNative(value, native, isFloat);
    const places = hasExemplars ? [...exemplars.keys()] : [];
    const taken = places.map((place) => bucketExemplarOf(series, place));
    // Prometheus before 2.48 drops those that are older than the one before.
    for (const each of taken.sort((one, other) => (one?.timestamp ?? 0) - (other?.timestamp ?? 0))) {
      const exemplar = prepared(each);
      if (exemplar !== undefined) writeNativeExemplar(value, exemplar);
    }
  }
  writeCreated(value, 'histogram', series.created);
}

function prepared(exemplar: Exemplar | undefined): PreparedText | undefined {
  if (exemplar === undefined) return undefined;
  return preparedExemplar(Object.entries(exemplar.labels), exemplar.value, exemplar.timestamp);
}

function writeSummary({ definition: { quantiles } }: Summary, series: SummarySeries): void {
  writeSummaryTotals(value, series.count, series.sum);
  for (const [index, each] of (series.window?.quantiles(quantiles) ?? []).entries())
    writeQuantile(value, quantiles[index] ?? 0, each);
  writeCreated(value, 'summary', series.created);
}
