/** One call of a decorated method, as label sources and value functions see it. */
import type { Outcome } from '../lib/outcome.js';

/**
 * One call of a decorated method: the argument of label sources and of options such as `value`, `failure` and `set`.
 * Sources that are read at the start of a call (`@TracksGauge`, most labels of the presets) find `result` and `error`
 * `undefined`.
 * @example
 * \@Counted(jobs, { labels: { queue: ({ args: [queue] }) => queue, status: ({ result }) => result?.status ?? 0 } })
 */
export interface Call<
  This = unknown,
  Args extends readonly unknown[] = readonly unknown[],
  Result = unknown,
> {
  /** `this` of the call. */
  readonly instance: This;
  /** The arguments of the call. */
  readonly args: Args;
  /**
   * The returned value, or the value that the returned promise was fulfilled with. `undefined` until then, and after a
   * failure. The result of a call that returns a stream is the stream itself.
   */
  readonly result: Result | undefined;
  /** The thrown value, or the reason of the rejection; `undefined` after a success. */
  readonly error: unknown;
  /** How the call ended. `success` until it has ended. */
  readonly outcome: Outcome;
  /**
   * Whether the result was garbage collected before it was consumed to its end, so that the time of the end is unknown.
   * `instance` and `args` no longer hold the result then.
   */
  readonly abandoned: boolean;
}
