/**
 * The messages of prometheus/client_model's `metrics.proto`, field by field. A tag is the number of a field, times 8, and how it is
 * encoded: 0 for an integer, 1 for a double, 2 for text, messages and packed lists, which have their length first.
 */
import type { NativeBuckets } from '../instruments/native-buckets.js';
import { ByteWriter, type PreparedText } from './byte-writer.js';
import type { WrittenType } from './format.js';

const integer = (field: number): number => field * 8;
const double = (field: number): number => field * 8 + 1;
const lengthy = (field: number): number => field * 8 + 2;

/** The values of the enum `MetricType`, and the fields of `Metric`. */
const types = {
  counter: { type: 0, field: lengthy(3) },
  gauge: { type: 1, field: lengthy(2) },
  summary: { type: 2, field: lengthy(4) },
  unknown: { type: 3, field: lengthy(5) },
  histogram: { type: 4, field: lengthy(7) },
} as const;

/** The start of a `MetricFamily`: name, help and type. */
export function writeFamilyStart(out: ByteWriter, name: string, help: string, type: WrittenType): void {
  writeText(out, lengthy(1), name);
  if (help !== '') writeText(out, lengthy(2), help);
  out.byte(integer(3));
  out.varint(types[type].type);
}

function writeText(out: ByteWriter, tag: number, text: string): void {
  out.byte(tag);
  out.varint(Buffer.byteLength(text));
  out.text(text);
}

/** The name of a label, up to its value. */
export function labelName(name: string): PreparedText {
  const out = new ByteWriter(name.length + 8);
  writeText(out, lengthy(1), name);
  out.byte(lengthy(2));
  return out;
}

/** A `LabelPair` of a `Metric`. */
export function writeLabel(out: ByteWriter, name: PreparedText, value: string): void {
  out.byte(lengthy(1));
  const start = out.length;
  // Of most labels, both lengths take one byte: they are filled in when they are known.
  out.byte(0);
  out.binary(name);
  const valueStart = out.length;
  out.byte(0);
  out.text(value);
  const valueLength = out.length - valueStart - 1;
  const length = out.length - start - 1;
  if (length < 128) {
    out.view.setUint8(start, length);
    out.view.setUint8(valueStart, valueLength);
    return;
  }
  out.length = start;
  out.varint(name.length + sizeOfVarint(valueLength) + valueLength);
  out.binary(name);
  out.varint(valueLength);
  out.text(value);
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** A `Metric` of a family. @param value what `Counter`, `Gauge`, ... have, by the type */
export function writeMetric(
  out: ByteWriter,
  type: WrittenType,
  labels: PreparedText,
  value: PreparedText,
): void {
  out.byte(lengthy(4));
  out.varint(labels.length + 1 + sizeOfVarint(value.length) + value.length);
  out.binary(labels);
  out.byte(types[type].field);
  out.varint(value.length);
  out.binary(value);
}

/** The value of a counter, a gauge or an untyped metric. */
export function writeValue(out: ByteWriter, value: number): void {
  out.taggedDouble(double(1), value);
}

/** The fields of `created_timestamp`. */
const createdTags = { counter: lengthy(3), summary: lengthy(4), histogram: lengthy(15) } as const;

/** When a series started to count, in whole seconds since 1970. */
export function writeCreated(out: ByteWriter, type: keyof typeof createdTags, seconds: number): void {
  out.byte(createdTags[type]);
  out.byte(1 + sizeOfVarint(seconds));
  out.byte(integer(1));
  out.varint(seconds);
}

/** Count and sum of a `Summary`, whose count is always an integer. */
export function writeSummaryTotals(out: ByteWriter, count: number, sum: number): void {
  out.byte(integer(1));
  out.varint(Math.min(Math.max(0, Math.round(count)), Number.MAX_SAFE_INTEGER));
  out.taggedDouble(double(2), sum);
}

export function writeQuantile(out: ByteWriter, quantile: number, value: number): void {
  out.byte(lengthy(3));
  out.byte(18);
  out.taggedDouble(double(1), quantile);
  out.taggedDouble(double(2), value);
}

/** Count and sum of a `Histogram`. @param isFloat whether counts are doubles, since some are no safe integers */
export function writeHistogramTotals(out: ByteWriter, count: number, sum: number, isFloat: boolean): void {
  writeCount(out, 1, 4, count, isFloat);
  out.taggedDouble(double(2), sum);
}

/** A classic bucket. @param exemplar the message of its exemplar, if it has one */
export function writeBucket(
  out: ByteWriter,
  bound: number,
  cumulativeCount: number,
  isFloat: boolean,
  exemplar?: PreparedText,
): void {
  out.byte(lengthy(3));
  const start = out.length;
  out.byte(0);
  writeCount(out, 1, 4, cumulativeCount, isFloat);
  out.taggedDouble(double(2), bound);
  const length = out.length - start - 1;
  if (exemplar === undefined) {
    out.view.setUint8(start, length);
    return;
  }
  // Its length takes two bytes: the bucket is written again.
  out.length = start;
  out.varint(length + 1 + sizeOfVarint(exemplar.length) + exemplar.length);
  writeCount(out, 1, 4, cumulativeCount, isFloat);
  out.taggedDouble(double(2), bound);
  writeMessage(out, exemplarTags.bucket, exemplar);
}

/** The field of an exemplar in each message. The one of `Histogram` has a number of two bytes. */
const exemplarTags = { counter: lengthy(2), bucket: lengthy(3) } as const;

/** The exemplar of a counter, after its value. */
export function writeCounterExemplar(out: ByteWriter, exemplar: PreparedText): void {
  writeMessage(out, exemplarTags.counter, exemplar);
}

/** One of the exemplars of a native histogram. */
export function writeNativeExemplar(out: ByteWriter, exemplar: PreparedText): void {
  out.varint(lengthy(16));
  out.varint(exemplar.length);
  out.binary(exemplar);
}

function writeMessage(out: ByteWriter, tag: number, message: PreparedText): void {
  out.byte(tag);
  out.varint(message.length);
  out.binary(message);
}

/** An exemplar as a message, which the next call replaces. */
const exemplarMessage = new ByteWriter(256);
const timestampMessage = new ByteWriter(16);

/** @param timestamp milliseconds since 1970 */
export function preparedExemplar(
  labels: readonly (readonly [name: string, value: string])[],
  value: number,
  timestamp: number | undefined,
): PreparedText {
  exemplarMessage.clear();
  for (const [name, text] of labels) writeLabel(exemplarMessage, labelName(name), text);
  exemplarMessage.taggedDouble(double(2), value);
  if (timestamp === undefined || timestamp < 0) return exemplarMessage;
  const seconds = Math.floor(timestamp / 1_000);
  timestampMessage.clear();
  timestampMessage.byte(integer(1));
  timestampMessage.varint(seconds);
  timestampMessage.byte(integer(2));
  timestampMessage.varint(Math.round((timestamp - seconds * 1_000) * 1e6));
  writeMessage(exemplarMessage, lengthy(3), timestampMessage);
  return exemplarMessage;
}

function writeCount(
  out: ByteWriter,
  integerField: number,
  doubleField: number,
  count: number,
  isFloat: boolean,
): void {
  if (isFloat) {
    out.taggedDouble(double(doubleField), count);
  } else {
    out.byte(integer(integerField));
    out.varint(count);
  }
}

/** The fields of native buckets of one sign. */
interface BucketFields {
  readonly span: number;
  readonly deltas: number;
  readonly counts: number;
}

const negativeFields: BucketFields = { span: lengthy(9), deltas: lengthy(10), counts: lengthy(11) };
const positiveFields: BucketFields = { span: lengthy(12), deltas: lengthy(13), counts: lengthy(14) };

/** The native part of a `Histogram`. */
export function writeNative(out: ByteWriter, native: NativeBuckets, isFloat: boolean): void {
  const { schema, zeroThreshold, zeroCount, positive, negative } = native;
  out.byte(integer(5));
  out.varint(zigzag(schema));
  out.taggedDouble(double(6), zeroThreshold);
  writeCount(out, 7, 8, zeroCount, isFloat);
  writeNativeBuckets(out, negative, negativeFields, isFloat);
  writeNativeBuckets(out, positive, positiveFields, isFloat);
  // Without anything, a native histogram would look like a classic one.
  if (zeroThreshold === 0 && zeroCount === 0 && positive.size === 0 && negative.size === 0)
    writeSpan(out, positiveFields.span, 0, 0);
}

/** The counts of one sign, written beside the spans. */
const packed = new ByteWriter(512);

/** Up to this many empty buckets are written, since a span takes more bytes. */
const maxGap = 2;

function writeNativeBuckets(
  out: ByteWriter,
  buckets: ReadonlyMap<number, number>,
  { span, deltas, counts }: BucketFields,
  isFloat: boolean,
): void {
  if (buckets.size === 0) return;
  packed.clear();
  let [offset, length, next, before] = [0, 0, 0, 0];
  for (const [index, count] of buckets) {
    const gap = index - next;
    if (length === 0) offset = gap;
    else if (gap > maxGap) {
      writeSpan(out, span, offset, length);
      [offset, length] = [gap, 0];
    } else
      for (let empty = 0; empty < gap; empty++) {
        writePacked(0, before, isFloat);
        [before, length] = [0, length + 1];
      }
    writePacked(count, before, isFloat);
    [before, length, next] = [count, length + 1, index + 1];
  }
  writeSpan(out, span, offset, length);
  out.byte(isFloat ? counts : deltas);
  out.varint(packed.length);
  out.binary(packed);
}

function writePacked(count: number, before: number, isFloat: boolean): void {
  if (isFloat) packed.double(count);
  else packed.varint(zigzag(count - before));
}

function writeSpan(out: ByteWriter, tag: number, offset: number, length: number): void {
  out.byte(tag);
  const start = out.length;
  out.byte(0);
  out.byte(integer(1));
  out.varint(zigzag(offset));
  out.byte(integer(2));
  out.varint(length);
  out.view.setUint8(start, out.length - start - 1);
}

/** A signed integer as an unsigned one: 0, -1, 1, -2, 2, ... are 0, 1, 2, 3, 4, ... */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
