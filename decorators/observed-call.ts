/**
 * One call of an instrumented function, from start to settlement. All decorators see calls through this file, so what
 * "a call" and "its end" mean is decided here alone: a value returned, an error thrown, a native promise settled.
 * Thenables that are no promises are left alone (awaiting one would run a lazy query builder).
 */
import { types } from 'node:util';
import { type Outcome, outcomeOfError } from '../lib/escalation.js';

/** What label sources and values see of a call. At its start `result` and `error` are `undefined`. */
export interface Call<
  This = unknown,
  Args extends readonly unknown[] = readonly unknown[],
  Result = unknown,
> {
  /** `this` of the call. */
  readonly instance: This;
  readonly args: Args;
  /** The returned value, or what the returned promise settled to. `undefined` until then, and on failure. */
  readonly result: Result | undefined;
  /** What was thrown or rejected with. */
  readonly error: unknown;
  /** How it ended; `success` until it has. */
  readonly outcome: Outcome;
}

/** What records on calls: one for each decorator of a method. Neither function may throw. */
export interface CallObserver {
  /** Before the method runs. What it returns is handed to `end`. */
  readonly start?: (call: Call) => unknown;
  /** Once, when the call has ended. */
  readonly end?: (call: Call, started: unknown) => void;
}

export type AnyFunction = (this: never, ...args: never[]) => unknown;

/** A function that behaves as `original` and tells `observers` of every call. */
export function observedFunction<F extends AnyFunction>(original: F, observers: readonly CallObserver[]): F {
  const [only] = observers;
  const observer = observers.length === 1 && only !== undefined ? only : all(observers);
  // A method and no function: like a bare method it has no `prototype` and is no constructor.
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      const call = new ObservedCall(this, args);
      const started = observer.start?.(call);
      let result: unknown;
      try {
        result = Reflect.apply(original, this as never, args as never[]);
      } catch (error) {
        call.fail(error);
        observer.end?.(call, started);
        throw error;
      }
      if (isPromise(result)) return settled(result, call, observer, started);
      call.result = result;
      observer.end?.(call, started);
      return result;
    },
  };
  // Same parameters, same `this`, same result: the type is the original's.
  return observed as AnyFunction as F;
}

class ObservedCall implements Call {
  result: unknown = undefined;
  error: unknown = undefined;
  outcome: Outcome = 'success';

  constructor(
    readonly instance: unknown,
    readonly args: readonly unknown[],
  ) {}

  fail(error: unknown): void {
    this.error = error;
    this.outcome = outcomeOfError(error);
  }
}

/** The chained promise, not a side chain: a rejection nobody handles still surfaces as the caller's own. */
function settled(
  promise: Promise<unknown>,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
): Promise<unknown> {
  return promise.then(
    (value) => {
      call.result = value;
      observer.end?.(call, started);
      return value;
    },
    (error: unknown) => {
      call.fail(error);
      observer.end?.(call, started);
      throw error;
    },
  );
}

/** A promise of this realm or another, subclasses included. Asks no property of the value. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && types.isPromise(value);
}

/** Several observers as one. */
function all(observers: readonly CallObserver[]): CallObserver {
  return {
    start: (call) => observers.map((observer) => observer.start?.(call)),
    end: (call, started) => {
      const states = started as readonly unknown[];
      for (const [index, observer] of observers.entries()) observer.end?.(call, states[index]);
    },
  };
}
