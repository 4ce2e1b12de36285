/** prom-client's metrics and ours with the same interface, so that one statement can run on both. */
import * as client from 'prom-client';
import { exponentialBuckets, linearBuckets } from '../../lib/bucket-generators.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry } from '../../lib/testing.js';
import { parseText } from '../helpers/parse-text.js';

export interface MetricOptions {
  readonly labelNames?: string[];
  /** Run at each scrape. */
  readonly collect?: (this: client.Metric) => void | Promise<void>;
  readonly buckets?: number[];
  readonly quantiles?: number[];
  readonly enableExemplars?: boolean;
}

/** prom-client or this package, with a new registry. */
export interface Side {
  readonly registry: client.Registry;
  /** `jobs_total`. */
  counter(options?: MetricOptions): client.Counter;
  /** `depth`. */
  gauge(options?: MetricOptions): client.Gauge;
  /** `wait_seconds`. */
  histogram(options?: MetricOptions): client.Histogram;
  /** `size_bytes`. */
  summary(options?: MetricOptions): client.Summary;
  text(format?: 'text' | 'openmetrics'): Promise<string>;
  readonly linearBuckets: typeof client.linearBuckets;
  readonly exponentialBuckets: typeof client.exponentialBuckets;
}

export function promClientSide(): Side {
  const registry = new client.Registry();
  const common = { help: 'Help.', registers: [registry] };
  const withQuantiles = ({ quantiles, ...others }: MetricOptions) => ({
    ...others,
    ...(quantiles === undefined ? {} : { percentiles: quantiles }),
  });
  return {
    registry,
    counter: (options) => new client.Counter({ name: 'jobs_total', ...common, ...options }),
    gauge: (options) => new client.Gauge({ name: 'depth', ...common, ...options }),
    histogram: (options) => new client.Histogram({ name: 'wait_seconds', ...common, ...options }),
    summary: (options = {}) =>
      new client.Summary({ name: 'size_bytes', ...common, ...withQuantiles(options) }),
    text: async (format = 'text') => {
      if (format === 'openmetrics') registry.setContentType(client.openMetricsContentType as never);
      const text = await registry.metrics();
      registry.setContentType(client.prometheusContentType);
      return text;
    },
    linearBuckets: client.linearBuckets,
    exponentialBuckets: client.exponentialBuckets,
  };
}

export function ourSide(): Side {
  const registry = createTestRegistry();
  const definition = (name: string, { labelNames = [], collect: _, ...others }: MetricOptions = {}) => ({
    name,
    help: 'Help.',
    labels: Object.fromEntries(labelNames.map((labelName) => [labelName, label()])),
    ...others,
  });
  const collected = ({ collect }: MetricOptions = {}) =>
    collect === undefined ? undefined : { collect: collect as () => void };
  return {
    registry: registry.prometheus,
    counter: (options) =>
      registry.counter(defineCounter(definition('jobs_total', options)), collected(options)),
    gauge: (options) => registry.gauge(defineGauge(definition('depth', options)), collected(options)),
    histogram: (options) =>
      registry.histogram(defineHistogram(definition('wait_seconds', options)), collected(options)),
    summary: (options) =>
      registry.summary(defineSummary(definition('size_bytes', options)), collected(options)),
    text: (format = 'text') => registry.metrics({ format }),
    linearBuckets,
    exponentialBuckets,
  };
}

/** The samples of a scrape, one per line, with sorted labels. */
export async function lines(side: Side): Promise<string[]> {
  return parseText(await side.text()).map(({ name, labels, value }) => {
    const pairs = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
    const text = pairs.map(([key, each]) => `${key}="${each}"`).join(',');
    return `${name}${text === '' ? '' : `{${text}}`} ${value}`;
  });
}
