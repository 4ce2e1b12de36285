/** prom-client and its two forks share one interface. */
import type * as PromClient from 'prom-client';
import {
  buckets,
  type Contender,
  type Kind,
  type Labels,
  labelNames,
  labelSets,
  type Shape,
  type Subject,
} from '../contender.js';

export function promClientLike(
  name: string,
  client: Pick<typeof PromClient, 'Counter' | 'Gauge' | 'Histogram' | 'Registry'>,
): Contender {
  return { name, package: name, subject: (kind, shape, metric) => subject(client, kind, shape, metric) };
}

function subject(
  client: Parameters<typeof promClientLike>[1],
  kind: Kind,
  shape: Shape,
  name: string,
): Subject {
  const registers = [new client.Registry()];
  const first = labelSets[0] as Labels;
  const options = {
    name,
    help: 'Measured.',
    registers,
    labelNames: shape === 'unlabelled' ? [] : labelNames,
  };
  if (kind === 'counter') {
    const counter = new client.Counter<string>(options);
    const recorded = async (): Promise<number> =>
      (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
    if (shape === 'unlabelled') return { record: () => counter.inc(), recorded };
    const child = counter.labels(first);
    return { record: shape === 'bound' ? () => child.inc() : (labels) => counter.inc(labels), recorded };
  }
  if (kind === 'gauge') {
    const gauge = new client.Gauge<string>(options);
    const recorded = async (): Promise<number> => {
      const { values } = await gauge.get();
      return (
        values.find(
          ({ labels }) =>
            shape === 'unlabelled' ||
            Object.entries(first).every(([label, value]) => labels[label] === value),
        )?.value ?? 0
      );
    };
    if (shape === 'unlabelled') return { record: (_, value) => gauge.set(value), recorded };
    const child = gauge.labels(first);
    return {
      record:
        shape === 'bound' ? (_, value) => child.set(value) : (labels, value) => gauge.set(labels, value),
      recorded,
    };
  }
  const histogram = new client.Histogram<string>({ ...options, buckets });
  const recorded = async (): Promise<number> =>
    (await histogram.get()).values.reduce(
      (sum, { value, metricName }) => (metricName?.endsWith('_count') ? sum + value : sum),
      0,
    );
  if (kind === 'timer') {
    if (shape === 'unlabelled') return { record: () => histogram.startTimer()(), recorded };
    const child = histogram.labels(first);
    return {
      record: shape === 'bound' ? () => child.startTimer()() : (labels) => histogram.startTimer(labels)(),
      recorded,
    };
  }
  if (shape === 'unlabelled') return { record: (_, value) => histogram.observe(value), recorded };
  const child = histogram.labels(first);
  return {
    record:
      shape === 'bound'
        ? (_, value) => child.observe(value)
        : (labels, value) => histogram.observe(labels, value),
    recorded,
  };
}
