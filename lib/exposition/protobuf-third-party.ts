/** Writes the family of a third-party metric, or of a cluster, as protobuf. Samples that are not valid are left out. */
import type { MetricSnapshot, Sample } from '../instruments/instrument.js';
import { ByteWriter } from './byte-writer.js';
import { familyBuffer } from './protobuf.js';
import {
  labelName,
  writeBucket,
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
    labels.clear();
    for (const [label, text] of lines[0]?.pairs ?? []) writeLabel(labels, labelName(label), text);
    value.clear();
    if (type === 'histogram') writeHistogram(lines, name);
    else if (type === 'summary') writeSummary(lines, name);
    else writeValue(value, lines[0]?.value ?? 0);
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
  for (const { bound = Number.POSITIVE_INFINITY, value: cumulative } of buckets)
    if (bound !== Number.POSITIVE_INFINITY) writeBucket(value, bound, cumulative, isFloat);
  const native = lines.find((line) => line.native !== undefined)?.native;
  if (native !== undefined) writeNative(value, native, isFloat);
}

function writeSummary(lines: readonly Line[], metric: string): void {
  const part = (suffix: string): number =>
    lines.find(({ name }) => name === `${metric}${suffix}`)?.value ?? 0;
  writeSummaryTotals(value, part('_count'), part('_sum'));
  for (const { bound, value: quantile } of lines)
    if (bound !== undefined) writeQuantile(value, bound, quantile);
}
