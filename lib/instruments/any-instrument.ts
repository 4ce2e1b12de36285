/** The four types of instruments as one type. */
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
  SummaryDefinition,
} from '../definition.js';
import { Counter } from './counter.js';
import { lookAgain } from './exemplar-sources.js';
import { Gauge } from './gauge.js';
import { Histogram } from './histogram.js';
import type { InstrumentContext } from './instrument.js';
import { Summary } from './summary.js';

/** An instrument of any type. */
export type AnyInstrument = Counter | Gauge | Histogram | Summary;

/** Whether a metric of a registry is an instrument of this package, of any `MetricsRegistry`. */
export function isInstrument(metric: unknown): metric is AnyInstrument {
  return (
    metric instanceof Counter ||
    metric instanceof Gauge ||
    metric instanceof Histogram ||
    metric instanceof Summary
  );
}

/** Makes the instrument of a definition. */
export function makeInstrument(definition: MetricDefinition, context: InstrumentContext): AnyInstrument {
  lookAgain();
  switch (definition.type) {
    case 'counter':
      return new Counter(definition as CounterDefinition, context);
    case 'gauge':
      return new Gauge(definition as GaugeDefinition, context);
    case 'histogram':
      return new Histogram(definition as HistogramDefinition, context);
    case 'summary':
      return new Summary(definition as SummaryDefinition, context);
  }
}
