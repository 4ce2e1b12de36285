/** Instruments that are switched off: recording on them does nothing, whoever holds them or a series of theirs. */
import type { MetricDefinition } from '../definition.js';
import { processWide } from '../process-wide.js';
import type { AnyInstrument } from './any-instrument.js';
import type { Series } from './branch.js';
import { CounterSeries } from './counter.js';
import { GaugeSeries } from './gauge.js';
import { HistogramSeries } from './histogram.js';
import type { Instrument } from './instrument.js';
import { SeriesTree } from './series.js';
import { SummarySeries } from './summary.js';

/** Of all copies: the decorators of one may record in a registry that another has switched off. */
const all = processWide('switch-offs', () => ({ count: 0 }));

/** Grows when something is switched off: what was found to be on before may no longer be. 0: nothing is. */
export function switchOffs(): number {
  return all.count;
}

/** Says that something is switched off that is no instrument: a registry, with all that it will make. */
export function noteSwitchOff(): void {
  all.count += 1;
}

class OffCounterSeries extends CounterSeries {
  override inc(): void {}
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

/** Makes a series do nothing from now on. A caller that holds it has no look-up to do, as with one that is on. */
function silence<S extends Series>(series: S): S {
  for (const [on, off] of offKinds) if (series instanceof on) Object.setPrototypeOf(series, off.prototype);
  return series;
}

/** Has one series for all labels, and shows none. */
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

/** Switches an instrument off, for good. Series that are bound already do nothing from now on. */
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
  // One that was removed from its registry must not come back into it.
  tree.registeredAgain();
  instrument.series = new OffSeries(tree.metric, silence(tree.detached()));
}

function doNothing(): void {}
