/**
 * Quantiles over a sliding window: a ring of t-digests. The newest digest takes the values, the oldest is dropped over time, and
 * a reading merges all. (prom-client writes every value into every digest of its ring.)
 */
import type tdigest from 'tdigest';
import loader from './load-tdigest.cjs';

type Digest = InstanceType<typeof tdigest.TDigest>;

/** Loaded with the first summary that exposes quantiles, since most services have none and start faster without it. */
let loaded: typeof tdigest | undefined;

function newDigest(): Digest {
  loaded ??= loader.loadTdigest();
  return new loaded.TDigest();
}

export class QuantileWindow {
  readonly #stepMilliseconds: number;
  readonly #ring: (Digest | undefined)[];
  #newest = 0;
  #newestSince: number;

  constructor(maxAgeSeconds: number, ageBuckets: number) {
    this.#stepMilliseconds = (maxAgeSeconds * 1000) / ageBuckets;
    this.#ring = new Array<Digest | undefined>(ageBuckets).fill(undefined);
    this.#newestSince = Date.now();
  }

  add(value: number): void {
    this.#slide();
    let digest = this.#ring[this.#newest];
    if (digest === undefined) {
      digest = newDigest();
      this.#ring[this.#newest] = digest;
    }
    digest.push(value);
  }

  /** The value at each quantile; NaN if the window is empty, as in the Go client. */
  quantiles(quantiles: readonly number[]): number[] {
    this.#slide();
    const merged = newDigest();
    for (const digest of this.#ring) {
      if (digest === undefined) continue;
      digest.compress();
      merged.push_centroid(digest.toArray());
    }
    merged.compress();
    return quantiles.map((quantile) => merged.percentile(quantile) ?? Number.NaN);
  }

  clear(): void {
    this.#ring.fill(undefined);
  }

  #slide(): void {
    const now = Date.now();
    // The clock was set back: the window continues from the new time instead of waiting for the old one.
    if (now < this.#newestSince) this.#newestSince = now;
    const steps = Math.floor((now - this.#newestSince) / this.#stepMilliseconds);
    for (let step = 0; step < Math.min(steps, this.#ring.length); step++) {
      this.#newest = (this.#newest + 1) % this.#ring.length;
      this.#ring[this.#newest] = undefined;
    }
    this.#newestSince += steps * this.#stepMilliseconds;
  }
}
