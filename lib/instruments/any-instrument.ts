/** The four kinds of instrument as one type. */
import { Counter } from './counter.js';
import { Gauge } from './gauge.js';
import { Histogram } from './histogram.js';
import { Summary } from './summary.js';

export type AnyInstrument = Counter | Gauge | Histogram | Summary;

/** Whether a metric of a registry is one of our instruments, of whichever `MetricsRegistry`. */
export function isInstrument(metric: unknown): metric is AnyInstrument {
  return (
    metric instanceof Counter ||
    metric instanceof Gauge ||
    metric instanceof Histogram ||
    metric instanceof Summary
  );
}
