/** The options of native histograms in definitions, checked. */
import { metricsError, nearest, shown } from './errors.js';

/** The finest resolution: 256 buckets per power of two. */
export const maxSchema = 8;

/** The coarsest resolution: one bucket per 16 powers of two. */
export const minSchema = -4;

/**
 * Resolution and limits of a native histogram.
 * @see https://prometheus.io/docs/specs/native_histograms/
 */
export interface NativeHistogramOptions {
  /**
   * The ratio of the bounds of a bucket, at most; the resolution is the finest that needs no smaller one. Above 1. Default: 1.1, for
   * quantiles that are off by at most 4.4 %. Excludes `schema`.
   */
  readonly growthFactor?: number;
  /** The resolution itself: an integer from -4 (a bucket per 16 powers of two) to 8 (256 buckets per power of two). Default: 3. */
  readonly schema?: number;
  /**
   * The number of buckets of a series, zero bucket excluded, above which buckets are widened: the zero bucket, as far as
   * `maxZeroThreshold` allows, or all others. A positive integer. Default: 160.
   */
  readonly maxBuckets?: number;
  /** Values from `-zeroThreshold` to `zeroThreshold` are counted in the zero bucket. Default: 2^-128. */
  readonly zeroThreshold?: number;
  /** How far the zero bucket may be widened when there are too many buckets. Default: `zeroThreshold`, so never. */
  readonly maxZeroThreshold?: number;
  /**
   * Seconds after which a series may be reset to 0 if it has too many buckets, instead of losing resolution for ever. Prometheus
   * sees a reset as the restart of a process; observations since the last scrape are lost. Default: 0, for no resets.
   */
  readonly minResetSeconds?: number;
}

/** The settings of a native histogram, complete. */
export interface NativeHistogramSettings {
  /** Resolution, -4 to 8: 2^schema buckets per power of two. */
  readonly schema: number;
  /** See {@link NativeHistogramOptions.maxBuckets}. */
  readonly maxBuckets: number;
  /** See {@link NativeHistogramOptions.zeroThreshold}. */
  readonly zeroThreshold: number;
  /** See {@link NativeHistogramOptions.maxZeroThreshold}. */
  readonly maxZeroThreshold: number;
  /** See {@link NativeHistogramOptions.minResetSeconds}. */
  readonly minResetSeconds: number;
}

/** The zero threshold that Prometheus recommends: smaller distances from 0 are of no interest. */
const defaultZeroThreshold = 2 ** -128;

type Option = keyof NativeHistogramOptions;

const expectations: Readonly<
  Record<Option, readonly [expected: string, allows: (value: number) => boolean]>
> = {
  growthFactor: ['a number above 1', (value) => value > 1 && value < Number.POSITIVE_INFINITY],
  schema: [
    `an integer from ${minSchema} to ${maxSchema}`,
    (value) => Number.isInteger(value) && value >= minSchema && value <= maxSchema,
  ],
  maxBuckets: ['a positive integer', (value) => Number.isInteger(value) && value > 0],
  zeroThreshold: ['a finite number of at least 0', isAmount],
  maxZeroThreshold: ['a finite number of at least 0', isAmount],
  minResetSeconds: ['a finite number of seconds of at least 0', isAmount],
};

/** @throws ERR_METRICS_INVALID_DEFINITION */
export function nativeSettings(metric: string, options: NativeHistogramOptions): NativeHistogramSettings {
  const invalid = (option: string, expected: string, received: unknown, remedy = ''): Error =>
    metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`${option}\` of histogram \`${metric}\`: expected ${expected}, received ${shown(received)}.${remedy}`,
    );
  if (typeof options !== 'object' || options === null)
    throw invalid('native', 'an object such as { growthFactor: 1.1 }', options);
  const known = Object.keys(expectations);
  for (const [option, value] of Object.entries(options)) {
    if (!Object.hasOwn(expectations, option)) {
      const meant = nearest(option, known);
      const remedy = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
      throw invalid('native', `some of ${known.join(', ')}`, option, remedy);
    }
    const [expected, allows] = expectations[option as Option];
    if (value !== undefined && !(typeof value === 'number' && allows(value)))
      throw invalid(`native.${option}`, expected, value);
  }
  const { growthFactor, zeroThreshold = defaultZeroThreshold, maxZeroThreshold = zeroThreshold } = options;
  if (growthFactor !== undefined && options.schema !== undefined)
    throw invalid('native', 'growthFactor or schema', options, ' Leave one of them out.');
  if (maxZeroThreshold < zeroThreshold)
    throw invalid(
      'native.maxZeroThreshold',
      `at least \`zeroThreshold\` (${zeroThreshold})`,
      maxZeroThreshold,
    );
  return Object.freeze({
    schema: options.schema ?? schemaOf(growthFactor ?? 1.1),
    maxBuckets: options.maxBuckets ?? 160,
    zeroThreshold,
    maxZeroThreshold,
    minResetSeconds: options.minResetSeconds ?? 0,
  });
}

/** The resolution whose factor, 2^(2^-schema), is the largest up to the given one. */
function schemaOf(growthFactor: number): number {
  const schema = 0 - Math.floor(Math.log2(Math.log2(growthFactor)));
  return Math.min(maxSchema, Math.max(minSchema, schema));
}

function isAmount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}
