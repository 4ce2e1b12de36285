/** What is known of one call. */
import type { Outcome } from '../lib/outcome.js';

/** What label sources and values see of a call. At its start `result` and `error` are `undefined`. */
export interface Call<
  This = unknown,
  Args extends readonly unknown[] = readonly unknown[],
  Result = unknown,
> {
  /** `this` of the call. */
  readonly instance: This;
  readonly args: Args;
  /**
   * The returned value, or what the returned promise settled to. `undefined` until then, and on failure. A stream is
   * its own result.
   */
  readonly result: Result | undefined;
  /** What was thrown or rejected with. */
  readonly error: unknown;
  /** How it ended; `success` until it has. */
  readonly outcome: Outcome;
  /** The result was never consumed to its end and has become garbage: when it ended is unknown. `instance` and `args` no longer
   * hold it. */
  readonly abandoned: boolean;
}
