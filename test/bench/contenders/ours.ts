import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { MetricsRegistry } from '../../../lib/registry.js';
import {
  buckets,
  type Contender,
  type Kind,
  type Labels,
  labelSets,
  type Shape,
  type Subject,
} from '../contender.js';

const help = 'Measured.';
const three = { provider: label(), model: label(), operation: label() };
const lint = { allow: ['counter-total'], why: 'the benchmark names it' } as const;

export const ours: Contender = { name: '@tamma/observability', package: undefined, subject };

function subject(kind: Kind, shape: Shape, name: string): Subject {
  const registry = new MetricsRegistry();
  const first = labelSets[0] as Labels;
  if (kind === 'counter') {
    if (shape === 'unlabelled') {
      const counter = registry.counter(defineCounter({ name, help, lint }));
      return { record: () => counter.inc(), recorded: () => counter.series.unlabelled().value };
    }
    const counter = registry.counter(defineCounter({ name, help, labels: three, lint }));
    const bound = counter.with(first);
    const recorded = (): number => [...counter.series].reduce((sum, { value }) => sum + value, 0);
    return { record: shape === 'bound' ? () => bound.inc() : (labels) => counter.inc(labels), recorded };
  }
  if (kind === 'gauge') {
    if (shape === 'unlabelled') {
      const gauge = registry.gauge(defineGauge({ name, help }));
      return { record: (_, value) => gauge.set(value), recorded: () => gauge.series.unlabelled().value };
    }
    const gauge = registry.gauge(defineGauge({ name, help, labels: three }));
    const bound = gauge.with(first);
    return {
      record:
        shape === 'bound' ? (_, value) => bound.set(value) : (labels, value) => gauge.set(labels, value),
      recorded: () => bound.value,
    };
  }
  if (shape === 'unlabelled') {
    const histogram = registry.histogram(defineHistogram({ name, help, buckets }));
    const recorded = (): number => histogram.series.unlabelled().count;
    return kind === 'timer'
      ? { record: () => histogram.startTimer()(), recorded }
      : { record: (_, value) => histogram.observe(value), recorded };
  }
  const histogram = registry.histogram(defineHistogram({ name, help, labels: three, buckets }));
  const bound = histogram.with(first);
  const recorded = (): number => [...histogram.series].reduce((sum, { count }) => sum + count, 0);
  if (kind === 'timer')
    return {
      record: shape === 'bound' ? () => bound.startTimer()() : (labels) => histogram.startTimer(labels)(),
      recorded,
    };
  return {
    record:
      shape === 'bound'
        ? (_, value) => bound.observe(value)
        : (labels, value) => histogram.observe(labels, value),
    recorded,
  };
}
