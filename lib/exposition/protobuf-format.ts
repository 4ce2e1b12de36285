/** Prometheus' protobuf format, the only one that has native histograms (Prometheus, "Exposition formats", "Protobuf format"). */
import type { BinaryFormat } from './family-writer.js';
import { textFormat } from './text.js';

/** The message of a metric, in the schema of prometheus/client_model. */
export const protobufMessage = 'io.prometheus.client.MetricFamily';

export const protobufFormat: BinaryFormat = Object.freeze({
  label: 'protobuf',
  contentType: `application/vnd.google.protobuf; proto=${protobufMessage}; encoding=delimited`,
  claimedNames: textFormat.claimedNames,
  isStrict: false,
  hasNegativeSums: true,
  hasExemplars: true,
  async loadWriter() {
    const { protobufWriter } = await import('./protobuf-writer.js');
    return protobufWriter(protobufFormat);
  },
} satisfies BinaryFormat);
