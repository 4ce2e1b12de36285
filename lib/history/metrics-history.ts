/** The history of the metrics of one target: of this process, of a cluster, or of an endpoint that is scraped. */
import { type AnyInstrument, isInstrument } from '../instruments/any-instrument.js';
import { type FamilyReading, familyReading, type SampledFamily } from './family-reading.js';
import {
  type InstrumentReader,
  instrumentReader,
  keptBounds,
  shapeOfInstrument,
} from './instrument-reading.js';
import { MetricReducer, type SeriesReading } from './metric-reducer.js';
import { isSameShape, type MetricShape } from './metric-shape.js';
import type { MetricStore } from './metric-store.js';

interface Entry {
  readonly reducer: MetricReducer;
  /** When it was read last; of a restored metric, the time of its newest sample. */
  readAt: number;
  /** The instrument and its reader; `undefined` for a metric that comes as samples. */
  instrument?: AnyInstrument;
  reader?: InstrumentReader;
  /** The last reading of samples. */
  reading?: FamilyReading;
}

/** A clock that is set back by less makes a few samples late, and is back in time soon. */
const smallStepMilliseconds = 2_000;

/** A metric that no reading has had for a day is gone: of a service that has been changed, for example. */
const forgetMilliseconds = 24 * 3_600_000;

/** Nothing is forgotten right after a start, since many metrics are registered when they are first recorded. */
const settleMilliseconds = 3_600_000;

export class MetricsHistory {
  readonly #entries = new Map<string, Entry>();
  readonly #maxSamples: number;
  #latest = Number.NEGATIVE_INFINITY;
  #settledAt: number | undefined;
  /** Changes with the metrics, not with their values. */
  revision = 0;

  /** @param maxSamples the maximum number of samples per metric */
  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  /** The names of all metrics, sorted. */
  get names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  storeOf(name: string): MetricStore | undefined {
    return this.#entries.get(name)?.reducer.store;
  }

  /** The number of series of a metric at the last reading. */
  seriesOf(name: string): number {
    return this.#entries.get(name)?.reducer.series ?? 0;
  }

  /** The series of a metric as they were read last, with their current values; `undefined` for a metric that was not read yet. */
  readingOf(name: string): SeriesReading | undefined {
    const entry = this.#entries.get(name);
    return entry?.reader ?? entry?.reading;
  }

  /** The time of the oldest sample; `undefined` without one. */
  get oldest(): number | undefined {
    const times = [...this.#entries.values()].flatMap(({ reducer: { store } }) =>
      store.length === 0 ? [] : [store.times[0] ?? 0],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Adds a sample of an instrument. */
  readInstrument(time: number, instrument: AnyInstrument): void {
    if (instrument.isOff) return;
    this.#follow(time);
    const entry = this.#entryOf(instrument.name, () => shapeOfInstrument(instrument), instrument);
    entry.reader ??= instrumentReader(instrument);
    entry.readAt = time;
    entry.reducer.sample(time, entry.reader, entry.reader.hasChanged());
  }

  /** Adds a sample of a metric that comes as samples. */
  readFamily(time: number, family: SampledFamily): void {
    this.#follow(time);
    const reading = familyReading(family);
    const entry = this.#entryOf(family.name, () => reading.shape);
    addLabels(entry.reducer.store, reading);
    const ordered = inOrderOf(entry.reducer.store.shape, reading);
    entry.reducer.sample(time, ordered, entry.reading?.key !== reading.key);
    entry.reading = ordered;
    entry.readAt = time;
  }

  /** Forgets the metrics that have been gone for a day. To be called after all metrics were read. */
  forget(time: number): void {
    this.#settledAt ??= time + settleMilliseconds;
    if (time < this.#settledAt) return;
    for (const [name, { readAt }] of this.#entries) {
      if (time - readAt < forgetMilliseconds) continue;
      this.#entries.delete(name);
      this.revision++;
    }
  }

  /** If the clock was set back, drops the samples of times that are to come again: charts would stand still until then. */
  #follow(time: number): void {
    if (time < this.#latest - smallStepMilliseconds) {
      for (const entry of this.#entries.values()) {
        entry.reducer.store.dropFrom(time);
        entry.readAt = Math.min(entry.readAt, time);
      }
      this.#latest = time;
      this.revision++;
    }
    this.#latest = Math.max(this.#latest, time);
  }

  /** Notes that nothing is known from a time on. */
  gap(time: number): void {
    this.#follow(time);
    for (const { reducer } of this.#entries.values()) reducer.store.gap(time);
  }

  /** Takes over a restored history, before the first reading. */
  restore(store: MetricStore): void {
    const { shape, newest = Number.NEGATIVE_INFINITY } = store;
    const reducer = new MetricReducer(shape, this.#maxSamples, store);
    this.#entries.set(shape.name, { reducer, readAt: newest });
    this.#latest = Math.max(this.#latest, newest);
    this.revision++;
  }

  /** The entry of a metric; a new one if its type or its buckets have changed. */
  #entryOf(name: string, shapeOf: () => MetricShape, instrument?: AnyInstrument): Entry {
    const existing = this.#entries.get(name);
    const isSame = existing !== undefined && existing.instrument === instrument;
    if (isSame && instrument !== undefined && isUnchanged(existing)) return existing;
    const shape = shapeOf();
    const own = instrument === undefined ? {} : { instrument };
    if (existing !== undefined && isSameShape(existing.reducer.store.shape, shape)) {
      if (isSame) return existing;
      const { reducer } = existing;
      reducer.store.shape = shape;
      const entry: Entry = { reducer, readAt: existing.readAt, ...own };
      this.#entries.set(name, entry);
      return entry;
    }
    const entry: Entry = {
      reducer: new MetricReducer(shape, this.#maxSamples),
      readAt: this.#latest,
      ...own,
    };
    this.#entries.set(name, entry);
    this.revision++;
    return entry;
  }
}

/** Whether neither the buckets nor the labels of an instrument were replaced. */
function isUnchanged({ instrument, reducer: { store } }: Entry): boolean {
  if (!isInstrument(instrument)) return false;
  return (
    store.shape.bounds.length === keptBounds(instrument).length &&
    store.shape.labels.length === instrument.labelNames.length &&
    store.shape.labels.every((label, index) => label === instrument.labelNames[index])
  );
}

/** Series of other libraries may get labels that no series had before. */
function addLabels(store: MetricStore, { shape }: FamilyReading): void {
  const added = shape.labels.filter((label) => !store.shape.labels.includes(label));
  if (added.length > 0) store.shape = { ...store.shape, labels: [...store.shape.labels, ...added] };
}

/** The reading with its label values in the order of another shape. */
function inOrderOf(shape: MetricShape, reading: FamilyReading): FamilyReading {
  if (String(shape.labels) === String(reading.shape.labels)) return reading;
  const places = shape.labels.map((label) => reading.shape.labels.indexOf(label));
  return {
    ...reading,
    valuesOf: (index) => {
      const values = reading.valuesOf(index);
      return places.map((place) => values[place] ?? '');
    },
  };
}
