import { type DataPoint, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  buckets,
  type Contender,
  type Kind,
  type Labels,
  labelSets,
  type Shape,
  type Subject,
} from '../contender.js';

export const openTelemetry: Contender = {
  name: '@opentelemetry/sdk-metrics',
  package: '@opentelemetry/sdk-metrics',
  subject,
};

/** Collects on demand; without a reader the SDK would record nothing. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** OpenTelemetry has no bound instruments. */
function subject(kind: Kind, shape: Shape, name: string): Subject | undefined {
  if (shape === 'bound') return undefined;
  const reader = new ManualReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('bench');
  const attributes = (labels: Labels): Labels | undefined => (shape === 'labelled' ? labels : undefined);
  const points = async (): Promise<DataPoint<number | Histogram>[]> => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ dataPoints }) => dataPoints as DataPoint<number | Histogram>[]),
    );
  };
  if (kind === 'counter') {
    const counter = meter.createCounter(name);
    return {
      record: (labels) => counter.add(1, attributes(labels)),
      recorded: async () => (await points()).reduce((sum, { value }) => sum + Number(value), 0),
    };
  }
  if (kind === 'gauge') {
    const gauge = meter.createGauge(name);
    const first = labelSets[0];
    const isFirst = ({ attributes: own }: DataPoint<unknown>): boolean =>
      shape === 'unlabelled' || Object.entries(first ?? {}).every(([label, value]) => own[label] === value);
    return {
      record: (labels, value) => gauge.record(value, attributes(labels)),
      recorded: async () => Number((await points()).find(isFirst)?.value ?? 0),
    };
  }
  const histogram = meter.createHistogram(name, { advice: { explicitBucketBoundaries: buckets } });
  const recorded = async (): Promise<number> =>
    (await points()).reduce((sum, { value }) => sum + (typeof value === 'number' ? 0 : value.count), 0);
  if (kind === 'histogram')
    return { record: (labels, value) => histogram.record(value, attributes(labels)), recorded };
  return {
    record: (labels) => {
      const start = performance.now();
      histogram.record((performance.now() - start) / 1000, attributes(labels));
    },
    recorded,
  };
}
