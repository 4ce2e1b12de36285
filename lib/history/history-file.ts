/** A history as text, one metric per line, so that it survives restarts. */
import { createHash } from 'node:crypto';
import type { MetricShape } from './metric-shape.js';
import { MetricStore } from './metric-store.js';
import type { MetricsHistory } from './metrics-history.js';

/** Grows whenever an older program could not read a file. */
const version = 1;

type Numbers = readonly (number | null)[];

interface StoredMetric {
  readonly shape: Omit<MetricShape, 'bounds'> & { readonly bounds: Numbers };
  readonly detail: MetricStore['detail'];
  readonly firstBucket: number;
  readonly lastBucket: number;
  readonly times: readonly number[];
  readonly gaps: readonly number[];
  readonly tracks: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly values: Numbers;
    readonly last: Numbers;
    readonly offset: Numbers;
  }[];
}

/** The lines of a history, the last one a checksum of the others. */
export function* historyText(history: MetricsHistory): Generator<Buffer> {
  const hash = createHash('sha256');
  const taken = (value: unknown): Buffer => {
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    hash.update(line);
    return line;
  };
  yield taken({ version });
  for (const name of history.names) {
    const store = history.storeOf(name);
    if (store !== undefined && store.length > 0) yield taken(storedMetric(store));
  }
  yield Buffer.from(`${JSON.stringify({ sha256: hash.digest('hex') })}\n`);
}

/** @throws Error for a text that is damaged, or of another version */
export function restoreHistory(history: MetricsHistory, text: Buffer, maxSamples: number): void {
  const end = text.lastIndexOf(10, text.length - 2) + 1;
  const body = text.subarray(0, end);
  const sum = createHash('sha256').update(body).digest('hex');
  const { sha256 } = JSON.parse(text.subarray(end).toString()) as { readonly sha256?: unknown };
  if (sha256 !== sum) throw new Error('its checksum does not fit its content');
  const [first = '', ...lines] = body.toString().trimEnd().split('\n');
  const header = JSON.parse(first) as { readonly version?: unknown };
  if (header.version !== version)
    throw new Error(`it has version ${String(header.version)}, expected ${version}`);
  for (const line of lines) history.restore(restoredStore(JSON.parse(line) as StoredMetric, maxSamples));
}

function storedMetric(store: MetricStore): StoredMetric {
  const { shape, detail, firstBucket, lastBucket, length, width } = store;
  const times = [...store.times.subarray(0, length)];
  return {
    shape,
    detail,
    firstBucket,
    lastBucket,
    times,
    gaps: times.filter((time) => store.isGap(time)),
    // JSON writes NaN and infinite numbers as null.
    tracks: store.tracks.map(({ labels, values, last, offset }) => ({
      labels,
      values: [...values.subarray(0, length * width)],
      last: [...last],
      offset: [...offset],
    })),
  };
}

function restoredStore(stored: StoredMetric, maxSamples: number): MetricStore {
  const { shape, detail, firstBucket, lastBucket, times, gaps, tracks } = stored;
  const bounds = shape.bounds.map((bound) => bound ?? Number.POSITIVE_INFINITY);
  const store = new MetricStore({ ...shape, bounds }, maxSamples);
  const numbers = (all: Numbers): Float64Array<ArrayBuffer> =>
    Float64Array.from(all, (number) => number ?? Number.NaN);
  store.restore({
    detail,
    firstBucket,
    lastBucket,
    times: Float64Array.from(times),
    gaps,
    tracks: tracks.map(({ labels, values, last, offset }) => ({
      labels,
      values: numbers(values),
      last: numbers(last),
      offset: numbers(offset),
      isRestored: true,
    })),
  });
  return store;
}
