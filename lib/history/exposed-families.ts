/** Reads an exposition in any format: protobuf, Prometheus' text, or OpenMetrics. */
import { expositionFamilies } from './exposition-families.js';
import type { SampledFamily } from './family-reading.js';
import { isProtobuf, protobufFamilies } from './protobuf-families.js';

/** @throws Error for bytes that are damaged, without a sample, or with too many; of protobuf, during the iteration */
export function exposedFamilies(bytes: Buffer): Iterable<SampledFamily> {
  return isProtobuf(bytes) ? protobufFamilies(bytes) : expositionFamilies(bytes.toString());
}
