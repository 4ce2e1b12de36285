/** Lower bounds for the cost of each kind of operation on this machine. */
import { type Contender, inputs, type Kind, labelSets, type Shape, type Subject } from '../contender.js';

export const floor: Contender = { name: 'floor', package: undefined, subject };

function subject(kind: Kind, shape: Shape): Subject | undefined {
  if (kind === 'timer') return shape === 'bound' ? twoClockReads() : undefined;
  if (kind === 'histogram' || (kind === 'gauge' && shape !== 'bound')) return undefined;
  return shape === 'labelled' ? threeLookUps() : barePropertyAdd(kind);
}

// Separate classes: object literals of one shape share V8's field representations, and a counter of small integers
// must not pay for a gauge of doubles.
class BareCounter {
  value = 0;
}
class BareGauge {
  value = 0.5;
}

/** `object.value += 1` (or `= value`). */
function barePropertyAdd(kind: Kind): Subject {
  if (kind === 'counter') {
    const counter = new BareCounter();
    const record = (): void => {
      counter.value += 1;
    };
    return { record, recorded: () => counter.value };
  }
  const gauge = new BareGauge();
  const record = (_: unknown, value: number): void => {
    gauge.value = value;
  };
  return { record, recorded: () => gauge.value };
}

/** Three Map look-ups and a property add. */
function threeLookUps(): Subject {
  const root = new Map<string, Map<string, Map<string, BareCounter>>>();
  for (const { provider, model, operation } of labelSets) {
    const models = root.get(provider) ?? new Map<string, Map<string, BareCounter>>();
    const operations = models.get(model) ?? new Map<string, BareCounter>();
    root.set(provider, models);
    models.set(model, operations);
    operations.set(operation, operations.get(operation) ?? new BareCounter());
  }
  return {
    record: ({ provider, model, operation }) => {
      const series = root.get(provider)?.get(model)?.get(operation);
      if (series !== undefined) series.value += 1;
    },
    recorded: () => {
      let sum = 0;
      for (const models of root.values())
        for (const operations of models.values()) for (const { value } of operations.values()) sum += value;
      return sum;
    },
  };
}

/** Two reads of the cheapest monotonic clock; sums up their difference. */
function twoClockReads(): Subject {
  let reads = 0;
  let sum = 0;
  return {
    record: () => {
      const start = process.hrtime();
      const end = process.hrtime();
      sum += end[0] - start[0] + (end[1] - start[1]) * 1e-9;
      reads += 1;
    },
    recorded: () => (sum >= 0 && inputs.length > 0 ? reads : 0),
  };
}
