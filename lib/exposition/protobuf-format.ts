/** Prometheus' protobuf format, the only one that has native histograms (Prometheus, "Exposition formats", "Protobuf format"). */
import type { ScrapeFormat } from './format.js';
import { textFormat } from './text.js';

/** The message of a metric, in the schema of prometheus/client_model. */
export const protobufMessage = 'io.prometheus.client.MetricFamily';

export const protobufFormat: ScrapeFormat = Object.freeze({
  label: 'protobuf',
  contentType: `application/vnd.google.protobuf; proto=${protobufMessage}; encoding=delimited`,
  claimedNames: textFormat.claimedNames,
  isStrict: false,
  hasNegativeSums: true,
} satisfies ScrapeFormat);
