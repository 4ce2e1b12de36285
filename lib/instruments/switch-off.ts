/** Switches instruments off: recordings on them and their bound series do nothing. */
import type { MetricDefinition } from '../definition.js';
import { processWide } from '../process-wide.js';
import type { AnyInstrument } from './any-instrument.js';
import type { Series } from './branch.js';
import { CounterSeries } from './counter.js';
import { GaugeSeries } from './gauge.js';
import { HistogramSeries } from './histogram-series.js';
import type { Instrument } from './instrument.js';
import { SeriesTree } from './series.js';
import { SummarySeries } from './summary.js';

/** Shared by all copies of this package: the decorators of one copy may record in a registry of another. */
const all = processWide('switch-offs', () => ({ count: 0 }));

/** The number of switch-offs so far. A cached "is on" is valid as long as this number is unchanged. */
export function switchOffs(): number {
  return all.count;
}

/** Notes that a registry is switched off, with all its future instruments. */
export function noteSwitchOff(): void {
  all.count += 1;
}

class OffCounterSeries extends CounterSeries {
  override inc(): void {}
  override add(): void {}
}

class OffGaugeSeries extends GaugeSeries {
  override inc(): void {}
  override dec(): void {}
  override set(): void {}
}

class OffHistogramSeries extends HistogramSeries {
  override observe(): void {}
  override record(): void {}
  override add(): void {}
}

class OffSummarySeries extends SummarySeries {
  override observe(): void {}
}

const offKinds = [
  [CounterSeries, OffCounterSeries],
  [GaugeSeries, OffGaugeSeries],
  [HistogramSeries, OffHistogramSeries],
  [SummarySeries, OffSummarySeries],
] as const;

/** Makes a series do nothing from now on, also for callers that hold it. */
function silence<S extends Series>(series: S): S {
  for (const [on, off] of offKinds) if (series instanceof on) Object.setPrototypeOf(series, off.prototype);
  return series;
}

/** Has one series for all labels and exposes none. */
class OffSeries<S extends Series> extends SeriesTree<S> {
  readonly #only: S;

  constructor(metric: string, only: S) {
    super({ metric, labels: {}, maxSeries: 1, onFold: doNothing, create: () => only });
    this.#only = only;
  }

  override find(): S {
    return this.#only;
  }

  override at(): S {
    return this.#only;
  }

  override unlabelled(): S {
    return this.#only;
  }

  override resolve(): S {
    return this.#only;
  }

  override peek(): undefined {}

  override peekAt(): undefined {}

  override where(): S[] {
    return [];
  }
}

const recordingMethods = ['inc', 'dec', 'set', 'setToCurrentTime', 'observe', 'zero'];

/** Switches an instrument off permanently, with its bound series. */
export function switchOff(instrument: AnyInstrument): void {
  if (instrument.isOff) return;
  noteSwitchOff();
  instrument.isOff = true;
  silenceSeries(instrument as Instrument<MetricDefinition, Series>);
  for (const method of recordingMethods) {
    if (method in instrument) Object.defineProperty(instrument, method, { value: doNothing });
  }
}

function silenceSeries<S extends Series>(instrument: Instrument<MetricDefinition, S>): void {
  const tree = instrument.series;
  for (const series of tree) silence(series);
  // A removed instrument must not be registered again.
  tree.registeredAgain();
  instrument.series = new OffSeries(tree.metric, silence(tree.detached()));
}

function doNothing(): void {}
