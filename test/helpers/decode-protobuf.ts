/**
 * Decodes and encodes scrapes in protobuf with another implementation. `test/fixtures/protobuf/metrics.json` is the descriptor of
 * `io/prometheus/client/metrics.proto` of github.com/prometheus/client_model.
 */
import { readFile } from 'node:fs/promises';
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema, file_google_protobuf_timestamp } from '@bufbuild/protobuf/wkt';
import { fromRoot } from './package-root.js';

/** A `MetricFamily`, as protobuf's JSON has it: 64-bit integers are text. */
export interface ProtobufFamily {
  readonly name: string;
  readonly help?: string;
  readonly type?: 'COUNTER' | 'GAUGE' | 'SUMMARY' | 'UNTYPED' | 'HISTOGRAM';
  readonly metric?: readonly ProtobufMetric[];
}

export interface ProtobufMetric {
  readonly label?: readonly { readonly name: string; readonly value: string }[];
  readonly counter?: ProtobufValue;
  readonly gauge?: ProtobufValue;
  readonly untyped?: ProtobufValue;
  readonly summary?: {
    readonly sampleCount: string;
    readonly sampleSum: number;
    readonly quantile?: readonly { readonly quantile: number; readonly value: number | string }[];
    readonly createdTimestamp?: string;
  };
  readonly histogram?: ProtobufHistogram;
}

interface ProtobufValue {
  readonly value: number | string;
  readonly exemplar?: ProtobufExemplar;
  readonly createdTimestamp?: string;
}

export interface ProtobufExemplar {
  readonly label: readonly { readonly name: string; readonly value: string }[];
  readonly value: number;
  readonly timestamp?: string;
}

export interface ProtobufHistogram {
  readonly sampleCount?: string;
  readonly sampleCountFloat?: number;
  readonly sampleSum: number | string;
  readonly bucket?: readonly {
    readonly cumulativeCount?: string;
    readonly cumulativeCountFloat?: number;
    readonly upperBound: number | string;
    readonly exemplar?: ProtobufExemplar;
  }[];
  readonly createdTimestamp?: string;
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: string;
  readonly zeroCountFloat?: number;
  readonly negativeSpan?: readonly ProtobufSpan[];
  readonly negativeDelta?: readonly string[];
  readonly negativeCount?: readonly number[];
  readonly positiveSpan?: readonly ProtobufSpan[];
  readonly positiveDelta?: readonly string[];
  readonly positiveCount?: readonly number[];
  readonly exemplars?: readonly ProtobufExemplar[];
}

interface ProtobufSpan {
  readonly offset: number;
  readonly length: number;
}

const file = fromJson(
  FileDescriptorProtoSchema,
  JSON.parse(await readFile(fromRoot('test/fixtures/protobuf/metrics.json'), 'utf8')) as JsonValue,
);
const schema = createFileRegistry(file, () => file_google_protobuf_timestamp).getMessage(
  'io.prometheus.client.MetricFamily',
);
if (schema === undefined) throw new Error('expected the descriptor of MetricFamily');

/** The families of a scrape, each with its length before it. Throws for anything else, also for unknown fields. */
export function decodeProtobuf(bytes: Uint8Array): ProtobufFamily[] {
  const reader = new BinaryReader(bytes);
  const families: ProtobufFamily[] = [];
  while (reader.pos < reader.len) {
    const family = reader.bytes();
    checkFields(family, schema as NonNullable<typeof schema>);
    families.push(
      toJson(
        schema as NonNullable<typeof schema>,
        fromBinary(schema as NonNullable<typeof schema>, family),
      ) as unknown as ProtobufFamily,
    );
  }
  return families;
}

/** The decoder skips unknown fields, and reads past the end of a message whose length is too small. */
function checkFields(bytes: Uint8Array, { name, fields }: DescMessage): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields.find((each) => each.number === number);
    if (field === undefined) throw new Error(`${name} has no field ${number}`);
    if (field.message === undefined) reader.skip(wireType, number);
    else checkFields(reader.bytes(), field.message);
  }
}

/** A scrape with these families, whose fields are those of protobuf's JSON. */
export function encodeProtobuf(families: readonly JsonValue[]): Buffer {
  const writer = new BinaryWriter();
  for (const family of families)
    writer.bytes(
      toBinary(schema as NonNullable<typeof schema>, fromJson(schema as NonNullable<typeof schema>, family)),
    );
  return Buffer.from(writer.finish());
}

/** The native buckets of a histogram: counts by the index of the bucket. */
export function nativeBucketsOf(
  spans: readonly ProtobufSpan[] = [],
  deltas: readonly string[] = [],
  counts: readonly number[] = [],
): Map<number, number> {
  const buckets = new Map<number, number>();
  let [index, count, at] = [0, 0, 0];
  for (const { offset, length } of spans) {
    index += offset;
    for (let bucket = 0; bucket < length; bucket++) {
      count = counts.length > 0 ? (counts[at] ?? Number.NaN) : count + Number(deltas[at]);
      if (count !== 0) buckets.set(index, count);
      index += 1;
      at += 1;
    }
  }
  return buckets;
}
