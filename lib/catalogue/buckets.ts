/** Bucket sets that several metrics share. `buckets` of `MetricsConfig` replaces them by unit, and a view for one metric. */

/** Sizes in bytes: 1 KiB to 16 MiB, each four times the one before. */
export const sizeBuckets: readonly number[] = Object.freeze(
  [0, 1, 2, 3, 4, 5, 6, 7].map((power) => 1024 * 4 ** power),
);

/**
 * Durations of HTTP requests, in seconds.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export const httpDurationBuckets: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]);

/**
 * Durations of AI requests, in seconds: 0.01 doubling to 655.36. These are the buckets of OpenTelemetry's conventions and three
 * more, since a reasoning model may take minutes.
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
 */
export const aiDurationBuckets: readonly number[] = Object.freeze(
  Array.from({ length: 17 }, (_, power) => Number((0.01 * 2 ** power).toFixed(2))),
);

/** Lifetimes of pull requests, in hours: a quarter of an hour to 30 days. */
export const pullRequestLifetimeBuckets: readonly number[] = Object.freeze([
  0.25, 0.5, 1, 2, 4, 8, 24, 48, 72, 168, 336, 720,
]);
