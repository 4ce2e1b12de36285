/** Counts label values that are folded into `other`, and warns once per label. */
import { metricsSeriesFolded } from './catalogue/self.js';
import type { MetricDefinition } from './definition.js';
import { shown } from './errors.js';
import type { FailureRegistry } from './failures.js';
import type { CounterSeries } from './instruments/counter.js';
import type { InstrumentContext } from './instruments/instrument.js';
import { declaredDefinition } from './views.js';

/** Counts the foldings of a metric. The counters are bound, since an attack may fold with every call. */
export function countingFolds(registry: FailureRegistry): ReturnType<InstrumentContext['newFolds']> {
  const foldings = new Map<string, CounterSeries | undefined>();
  let counted: MetricDefinition | undefined;
  return (definition, label, budget, value) => {
    const { name: metric } = definition;
    // A later view may have renamed the metric.
    if (counted !== definition) foldings.clear();
    counted = definition;
    if (foldings.has(label)) {
      foldings.get(label)?.inc();
      return;
    }
    // Foldings of the counter itself are not counted, since counting would fold again.
    const counter =
      declaredDefinition(definition).name === metricsSeriesFolded.name
        ? undefined
        : registry.counter(metricsSeriesFolded).with({ metric, label });
    foldings.set(label, counter);
    counter?.inc();
    registry.warnOnce(`folded ${metric} ${label}`, () => ({
      code: 'METRICS_SERIES_FOLDED',
      message:
        budget === undefined
          ? `Label \`${label}\` of metric \`${metric}\` is a closed set: expected one of ${definition.labels[label]?.values?.join(', ')}, received ${shown(value)}, which is recorded as \`other\`. Pass one of these, or add the value to the definition.`
          : `Metric \`${metric}\` is past its budget of ${budget}: new values of label \`${label}\` are recorded as \`other\`. Totals stay exact. Give the label fewer values (a closed set, a route template instead of a path), or raise the budget (\`maxSeries\` of the definition, METRICS_MAX_SERIES, or the label's own \`limit\`).`,
    }));
  };
}
