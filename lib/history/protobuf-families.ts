/**
 * Reads an exposition in Prometheus' protobuf format into families of samples. It is the only format with native histograms. The
 * fields are those of `io.prometheus.client.MetricFamily`, in prometheus/client_model.
 */
import type { NativeBuckets } from '../instruments/native-buckets.js';
import { maxSchema, minSchema } from '../native-histogram.js';
import { type FamilySample, feedType, type SampledFamily } from './family-reading.js';
import {
  delimitedMessages,
  doublesOf,
  fieldsOf,
  integersOf,
  type MessageFields,
  zigzag,
} from './protobuf-message.js';

/** The values of `MetricType`. */
const types = ['counter', 'gauge', 'summary', 'untyped', 'histogram', 'gaugehistogram'];

/** The fields of a `Metric` with its value, by their number. */
const valueFields = { gauge: 2, counter: 3, summary: 4, untyped: 5, histogram: 7 };

/** Samples of one exposition that are read: a target must not use up the memory of the page's server. */
const maxSamples = 1_000_000;

/** Whether bytes may be of this format: a length, and a message that starts with a name. */
export function isProtobuf(bytes: Buffer): boolean {
  const end = bytes.findIndex((byte) => byte < 128);
  return end !== -1 && end < 5 && bytes[end + 1] === 0x0a;
}

/**
 * The families one by one, so that other work can run in between.
 * @throws Error for bytes that are damaged, without a sample, or with too many
 */
export function* protobufFamilies(bytes: Buffer): Generator<SampledFamily> {
  let samples = 0;
  for (const message of delimitedMessages(bytes)) {
    const family = familyIn(message);
    samples += family.samples.length;
    if (samples > maxSamples) throw new Error(`expected at most ${maxSamples} samples, received more`);
    if (family.samples.length > 0) yield family;
  }
  if (samples === 0) throw new Error('expected metrics, received none');
}

function familyIn(message: Buffer): SampledFamily {
  const fields = fieldsOf(message);
  const name = textIn(fields, 1);
  const type = types[numberIn(fields, 3, 0)] ?? 'untyped';
  const samples = (fields.get(4) ?? []).flatMap((metric) => samplesIn(name, fieldsOf(metric as Buffer)));
  return { name, type: feedType(type), help: textIn(fields, 2), combine: 'sum', samples };
}

function samplesIn(name: string, metric: MessageFields): FamilySample[] {
  const labels = Object.fromEntries(
    (metric.get(1) ?? []).map((pair) => {
      const fields = fieldsOf(pair as Buffer);
      return [textIn(fields, 1), textIn(fields, 2)];
    }),
  );
  const valueIn = (field: number): MessageFields | undefined => {
    const message = metric.get(field)?.[0];
    return message === undefined ? undefined : fieldsOf(message as Buffer);
  };
  const histogram = valueIn(valueFields.histogram);
  if (histogram !== undefined) return histogramSamples(name, labels, histogram);
  const summary = valueIn(valueFields.summary);
  if (summary !== undefined) return summarySamples(name, labels, summary);
  const single = valueIn(valueFields.counter) ?? valueIn(valueFields.gauge) ?? valueIn(valueFields.untyped);
  return single === undefined ? [] : [{ name, labels, value: numberIn(single, 1, 0) }];
}

function summarySamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  summary: MessageFields,
): FamilySample[] {
  const quantiles = (summary.get(3) ?? []).map((message) => {
    const fields = fieldsOf(message as Buffer);
    return {
      name,
      labels: { ...labels, quantile: String(numberIn(fields, 1, 0)) },
      value: numberIn(fields, 2, 0),
    };
  });
  return [
    ...quantiles,
    { name: `${name}_sum`, labels, value: numberIn(summary, 2, 0) },
    { name: `${name}_count`, labels, value: numberIn(summary, 1, 0) },
  ];
}

function histogramSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  histogram: MessageFields,
): FamilySample[] {
  const count = numberIn(histogram, 4, 0) || numberIn(histogram, 1, 0);
  const buckets = (histogram.get(3) ?? []).map((message) => {
    const fields = fieldsOf(message as Buffer);
    const value = numberIn(fields, 4, 0) || numberIn(fields, 1, 0);
    return { bound: numberIn(fields, 2, 0), value };
  });
  // Programs leave out the last bucket, which holds all observations.
  if (!buckets.some(({ bound }) => bound === Number.POSITIVE_INFINITY))
    buckets.push({ bound: Number.POSITIVE_INFINITY, value: count });
  return [
    ...buckets.map(({ bound, value }) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le: String(bound) },
      value,
    })),
    { name: `${name}_sum`, labels, value: numberIn(histogram, 2, 0) },
    { name: `${name}_count`, labels, value: count, native: nativeIn(histogram) },
  ];
}

/** The native buckets, if a histogram has some, as Prometheus decides it. */
function nativeIn(histogram: MessageFields): NativeBuckets | undefined {
  const schema = zigzag(numberIn(histogram, 5, 0));
  const zeroThreshold = numberIn(histogram, 6, 0);
  const zeroCount = numberIn(histogram, 8, 0) || numberIn(histogram, 7, 0);
  const hasSpans = histogram.has(9) || histogram.has(12);
  if (!hasSpans && zeroThreshold === 0 && zeroCount === 0) return undefined;
  if (schema < minSchema || schema > maxSchema) return undefined;
  return {
    schema,
    zeroThreshold,
    zeroCount,
    positive: bucketsIn(histogram, { span: 12, deltas: 13, counts: 14 }),
    negative: bucketsIn(histogram, { span: 9, deltas: 10, counts: 11 }),
  };
}

function bucketsIn(
  histogram: MessageFields,
  fields: { readonly span: number; readonly deltas: number; readonly counts: number },
): ReadonlyMap<number, number> {
  let sum = 0;
  const counts = histogram.has(fields.counts)
    ? doublesOf(histogram.get(fields.counts))
    : integersOf(histogram.get(fields.deltas)).map((delta) => {
        sum += zigzag(delta);
        return sum;
      });
  const buckets = new Map<number, number>();
  let [index, place] = [0, 0];
  for (const message of histogram.get(fields.span) ?? []) {
    const span = fieldsOf(message as Buffer);
    index += zigzag(numberIn(span, 1, 0));
    // Spans may claim to be longer than the counts are.
    const end = Math.min(counts.length, place + numberIn(span, 2, 0));
    for (; place < end; place++, index++) {
      const count = counts[place] ?? 0;
      if (count > 0) buckets.set(index, count);
    }
  }
  return buckets;
}

function textIn(fields: MessageFields, field: number): string {
  const value = fields.get(field)?.[0];
  return value instanceof Buffer ? value.toString() : '';
}

function numberIn(fields: MessageFields, field: number, absent: number): number {
  const value = fields.get(field)?.[0];
  return typeof value === 'number' ? value : absent;
}
