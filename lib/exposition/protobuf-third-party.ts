/** Writes the family of a third-party metric, or of a cluster, as protobuf. Samples that are not valid are left out. */
import type { MetricSnapshot, Sample } from '../instruments/instrument.js';
import { ByteWriter, type PreparedText } from './byte-writer.js';
import { familyBuffer } from './protobuf.js';
import {
  labelName,
  preparedExemplar,
  writeBucket,
  writeCounterExemplar,
  writeFamilyStart,
  writeHistogramTotals,
  writeLabel,
  writeMetric,
  writeNative,
  writeQuantile,
  writeSummaryTotals,
  writeValue,
} from './protobuf-fields.js';
import { type Line, seriesOf, type ThirdPartyOptions } from './third-party-family.js';

const labels = new ByteWriter(256);
const value = new ByteWriter(1_024);

/** Yields whenever a chunk is full, so that the event loop can turn. */
export function* writeProtobufFamily(
  out: ByteWriter,
  family: Pick<MetricSnapshot, 'name' | 'help'>,
  samples: Iterable<Sample>,
  options: ThirdPartyOptions,
): Generator<void> {
  const { name, help } = family;
  const { type } = options;
  const buffer = familyBuffer();
  writeFamilyStart(buffer.out, name, typeof help === 'string' ? help : '', type);
  for (const lines of seriesOf(name, samples, options)) {
    if (lines.length === 0) {
      yield;
      continue;
    }
    labels.clear();
    for (const [label, text] of lines[0]?.pairs ?? []) writeLabel(labels, labelName(label), text);
    value.clear();
    if (type === 'histogram') writeHistogram(lines, name);
    else if (type === 'summary') writeSummary(lines, name);
    else {
      writeValue(value, lines[0]?.value ?? 0);
      const exemplar = preparedOf(lines[0]);
      if (exemplar !== undefined) writeCounterExemplar(value, exemplar);
    }
    writeMetric(buffer.out, type, labels, value);
    if (buffer.isFull()) yield;
  }
  yield* buffer.finish(out);
}

function writeHistogram(lines: readonly Line[], metric: string): void {
  const part = (suffix: string): number | undefined =>
    lines.find(({ name }) => name === `${metric}${suffix}`)?.value;
  const buckets = lines.filter(({ bound }) => bound !== undefined);
  const count = part('_count') ?? buckets.at(-1)?.value ?? 0;
  const isFloat = ![count, ...buckets.map((bucket) => bucket.value)].every(Number.isSafeInteger);
  writeHistogramTotals(value, count, part('_sum') ?? Number.NaN, isFloat);
  for (const bucket of buckets) {
    const { bound = Number.POSITIVE_INFINITY, value: cumulative } = bucket;
    const exemplar = preparedOf(bucket);
    // The bucket +Inf is the count, and only written for its exemplar.
    if (bound !== Number.POSITIVE_INFINITY || exemplar !== undefined)
      writeBucket(value, bound, cumulative, isFloat, exemplar);
  }
  const native = lines.find((line) => line.native !== undefined)?.native;
  if (native !== undefined) writeNative(value, native, isFloat);
}

function preparedOf(line: Line | undefined): PreparedText | undefined {
  if (line?.exemplar === undefined) return undefined;
  const { labels, value, timestamp } = line.exemplar;
  return preparedExemplar(labels, value, timestamp === undefined ? undefined : timestamp * 1_000);
}

function writeSummary(lines: readonly Line[], metric: string): void {
  const part = (suffix: string): number =>
    lines.find(({ name }) => name === `${metric}${suffix}`)?.value ?? 0;
  writeSummaryTotals(value, part('_count'), part('_sum'));
  for (const { bound, value: quantile } of lines)
    if (bound !== undefined) writeQuantile(value, bound, quantile);
}
