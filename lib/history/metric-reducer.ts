/**
 * Reduces the series of a metric to the tracks of its history: each series where they are few; else the total, and the largest
 * values of each label. What series belong to is computed when series are added or removed, not at every sample.
 */
import { largestValues } from './largest-values.js';
import { growingWidth, type MetricShape, sizeOf } from './metric-shape.js';
import { MetricStore, type StoredTrack } from './metric-store.js';
import { withTotals } from './totals.js';

/** The series of a metric at one time. */
export interface SeriesReading {
  readonly count: number;
  /** Whether series that are seen for the first time have started from 0. */
  readonly startsAtZero: boolean;
  /** The label values of a series, in the order of the labels of the metric. Called when the series have changed. */
  valuesOf(index: number): readonly string[];
  /** Writes the sample of a series to the start of `point`; NaN for unknown numbers. */
  read(index: number, point: Float64Array): void;
}

/** How the series of one label value come together. */
interface LabelSlots {
  readonly label: string;
  readonly values: readonly string[];
  /** Series -> value. */
  readonly slotOf: Int32Array;
  /** Value -> track, or -1. */
  readonly trackOf: Int32Array;
}

/** Tracks of a metric: a chart shows fewer, and each costs memory. */
const maxTracks = { number: 40, distribution: 16 };

/** Samples between two choices of the largest values: sorting is the most expensive part. */
const samplesPerChoice = 15;

export class MetricReducer {
  readonly store: MetricStore;
  /** The number of series of the last sample. */
  series = 0;

  readonly #maxTracks: number;
  readonly #point: Float64Array;
  #numbers = new Float64Array(0);
  /** With a track per series: series -> track. */
  #trackOf: Int32Array = new Int32Array(0);
  #slots: readonly LabelSlots[] = [];
  #untilChoice = 0;
  /** Of series that may start anywhere: with totals, those of the last reading, and which of this one are new; */
  #known: ReadonlySet<string> | undefined;
  #isAdded: readonly boolean[] = [];
  /** with a track per series, the new tracks. */
  #addedTracks: StoredTrack[] = [];

  /** @param maxSamples the maximum number of samples of the metric */
  constructor(shape: MetricShape, maxSamples: number, store = new MetricStore(shape, maxSamples)) {
    this.store = store;
    const isNumber = shape.type !== 'histogram' && shape.type !== 'summary';
    this.#maxTracks = Math.max(
      1,
      Math.min(isNumber ? maxTracks.number : maxTracks.distribution, Math.floor(maxSamples / 16)),
    );
    this.#point = new Float64Array(store.fullWidth);
  }

  /**
   * Adds a sample.
   * @param hasChanged whether series were added or removed since the last sample
   */
  sample(time: number, reading: SeriesReading, hasChanged: boolean): void {
    const { store } = this;
    this.series = reading.count;
    if (hasChanged) this.#arrange(reading);
    if (store.detail === 'labels' && this.#untilChoice-- <= 0) {
      this.#choose(reading);
      this.#untilChoice = samplesPerChoice;
    }
    const size = store.tracks.length * store.fullWidth;
    if (this.#numbers.length !== size) this.#numbers = new Float64Array(size);
    this.#numbers.fill(Number.NaN);
    if (store.detail === 'series') this.#readSeries(reading);
    else this.#readTotals(reading);
    store.append(time, this.#numbers);
  }

  #readSeries(reading: SeriesReading): void {
    const { fullWidth } = this.store;
    for (let index = 0; index < reading.count; index++) {
      reading.read(index, this.#point);
      this.#numbers.set(this.#point, (this.#trackOf[index] ?? 0) * fullWidth);
    }
    this.#startTracks(this.#addedTracks, this.#numbers);
    this.#addedTracks = [];
  }

  /** Counts the numbers of these tracks as what they had before the history saw them. */
  #startTracks(tracks: readonly StoredTrack[], numbers: Float64Array): void {
    const { store } = this;
    for (const track of tracks) {
      const at = store.tracks.indexOf(track) * store.fullWidth;
      store.startFrom(track, numbers.subarray(at, at + store.fullWidth));
    }
  }

  #readTotals(reading: SeriesReading): void {
    const { fullWidth } = this.store;
    const combined = combiner(this.store, this.#numbers);
    const added = this.#isAdded.includes(true) ? this.#numbers.slice() : undefined;
    const combinedAdded = added && combiner(this.store, added);
    for (let index = 0; index < reading.count; index++) {
      reading.read(index, this.#point);
      const isAdded = this.#isAdded[index] === true;
      const add = (track: number): void => {
        combined.add(track * fullWidth, this.#point);
        if (isAdded) combinedAdded?.add(track * fullWidth, this.#point);
      };
      add(0);
      for (const { slotOf, trackOf } of this.#slots) {
        const track = trackOf[slotOf[index] ?? 0] ?? -1;
        if (track >= 0) add(track);
      }
    }
    combined.end();
    if (added === undefined) return;
    this.#startTracks(this.store.tracks, added);
    this.#isAdded = [];
  }

  /** Notes which series are seen for the first time, if what they have counted by then is no increase. */
  #noteAdded(reading: SeriesReading): void {
    if (reading.startsAtZero || growingWidth(this.store.shape) === 0) return;
    const keys = Array.from({ length: reading.count }, (_, index) => JSON.stringify(reading.valuesOf(index)));
    const known = this.#known;
    this.#isAdded = known === undefined ? [] : keys.map((key) => !known.has(key));
    this.#known = new Set(keys);
  }

  /** Finds the track or the label values of each series. */
  #arrange(reading: SeriesReading): void {
    const { store } = this;
    const { labels } = store.shape;
    if (store.detail === 'series') {
      if (reading.count <= this.#maxTracks) {
        this.#arrangeSeries(
          Array.from({ length: reading.count }, (_, index) => reading.valuesOf(index)),
          reading.startsAtZero,
        );
        return;
      }
      if (store.length > 0) this.#known = new Set(store.tracks.map((track) => seriesKey(labels, track)));
      withTotals(store, this.#maxTracks);
    }
    this.#noteAdded(reading);
    this.#slots = labels.map((label, at) => {
      const slots = new Map<string, number>();
      const slotOf = new Int32Array(reading.count);
      for (let index = 0; index < reading.count; index++) {
        const value = reading.valuesOf(index)[at] ?? '';
        let slot = slots.get(value);
        if (slot === undefined) {
          slot = slots.size;
          slots.set(value, slot);
        }
        slotOf[index] = slot;
      }
      return { label, values: [...slots.keys()], slotOf, trackOf: new Int32Array(slots.size).fill(-1) };
    });
    this.#findTracks();
    this.#untilChoice = 0;
  }

  #arrangeSeries(values: readonly (readonly string[])[], startsAtZero: boolean): void {
    const { store } = this;
    const { labels } = store.shape;
    const keyOf = (own: readonly string[]): string => JSON.stringify(own);
    const live = new Set(values.map(keyOf));
    const trackKey = (track: StoredTrack): string => seriesKey(labels, track);
    // Tracks of removed series stay as long as there is room.
    let excess = new Set([...live, ...store.tracks.map(trackKey)]).size - this.#maxTracks;
    if (excess > 0)
      store.removeTracks((track) => {
        if (live.has(trackKey(track)) || excess <= 0) return false;
        excess--;
        return true;
      });
    const tracks = new Map(store.tracks.map((track, index) => [trackKey(track), index]));
    this.#trackOf = Int32Array.from(values, (own) => {
      const key = keyOf(own);
      const existing = tracks.get(key);
      if (existing !== undefined) return existing;
      const present = labels.flatMap((label, at) => (own[at] ? [[label, own[at]] as const] : []));
      const track = store.addTrack(Object.fromEntries(present), store.length > 0);
      if (!startsAtZero && store.length > 0) this.#addedTracks.push(track);
      tracks.set(key, store.tracks.length - 1);
      return store.tracks.length - 1;
    });
  }

  #findTracks(): void {
    for (const { label, values, trackOf } of this.#slots) {
      const slots = new Map(values.map((value, slot) => [value, slot]));
      trackOf.fill(-1);
      for (const [index, { labels }] of this.store.tracks.entries()) {
        const slot = index === 0 ? undefined : slots.get(labels[label] ?? '');
        if (slot !== undefined && Object.hasOwn(labels, label)) trackOf[slot] = index;
      }
    }
  }

  /** Chooses the values of each label that have a track. A tracked value gives way to one that is twice as large. */
  #choose(reading: SeriesReading): void {
    const { store } = this;
    const sizes = this.#slots.map(({ values }) => new Float64Array(values.length));
    for (let index = 0; index < reading.count; index++) {
      reading.read(index, this.#point);
      const size = sizeOf(store.shape, this.#point, 0, store.fullWidth);
      for (const [at, { slotOf }] of this.#slots.entries())
        (sizes[at] as Float64Array)[slotOf[index] ?? 0] =
          (sizes[at]?.[slotOf[index] ?? 0] ?? 0) + (size || 0);
    }
    const chosen = largestValues(
      this.#slots.map(({ label, values, trackOf }, at) => ({
        label,
        values,
        weights: (sizes[at] as Float64Array).map((size, slot) =>
          (trackOf[slot] ?? -1) >= 0 ? 2 * size + 1e-9 : size,
        ),
      })),
      this.#maxTracks - 1,
    );
    store.removeTracks((track) => {
      const [entry] = Object.entries(track.labels);
      return entry !== undefined && chosen.get(entry[0])?.has(entry[1]) !== true;
    });
    for (const [label, values] of chosen) {
      const tracked = new Set(store.tracks.map(({ labels }) => labels[label]));
      for (const value of values) if (!tracked.has(value)) store.addTrack({ [label]: value }, false);
    }
    this.#findTracks();
  }
}

function seriesKey(labels: readonly string[], track: StoredTrack): string {
  return JSON.stringify(labels.map((label) => track.labels[label] ?? ''));
}

/** Adds samples together, in the places of their tracks. */
function combiner(
  { shape, fullWidth }: MetricStore,
  numbers: Float64Array,
): { add(at: number, point: Float64Array): void; end(): void } {
  const { type, combine } = shape;
  const isLevel = type === 'gauge' || type === 'unknown';
  if (!isLevel || combine === 'sum') {
    // The quantiles of several series cannot be combined.
    const width = type === 'summary' ? 2 : fullWidth;
    return {
      add(at, point) {
        for (let index = 0; index < width; index++) {
          const number = point[index] as number;
          const before = numbers[at + index] as number;
          if (Number.isNaN(before)) numbers[at + index] = number;
          else if (!Number.isNaN(number)) numbers[at + index] = before + number;
        }
      },
      end() {},
    };
  }
  const counts = combine === 'average' ? new Float64Array(numbers.length) : undefined;
  return {
    add(at, [number = Number.NaN]) {
      const before = numbers[at] ?? Number.NaN;
      if (Number.isNaN(number)) return;
      if (counts !== undefined) (counts[at] as number) += 1;
      if (Number.isNaN(before)) numbers[at] = number;
      else if (combine === 'average') numbers[at] = before + number;
      else numbers[at] = combine === 'min' ? Math.min(before, number) : Math.max(before, number);
    },
    end() {
      if (counts === undefined) return;
      for (const [at, count] of counts.entries()) if (count > 0) (numbers[at] as number) /= count;
    },
  };
}
