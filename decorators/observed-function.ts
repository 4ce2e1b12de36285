/**
 * The function that replaces an instrumented one. All decorators see calls through this file, so it alone defines when a
 * call ends: when a value is returned, an error is thrown or a plain promise settles; for a result that goes on (other
 * promises, queries, streams: `stream-result.ts`), when that result ends.
 */

import { switchOffs } from '../lib/instruments/switch-off.js';
import type { Call } from './call.js';
import { maxDepth, recording } from './contained-observer.js';
import { type Declaration, declaredBy } from './declaration.js';
import {
  type AnyFunction,
  type CallObserver,
  fail,
  lastStarted,
  ObservedCall,
  reportSuccess,
  returned,
  succeed,
} from './observed-call.js';
import { combined } from './paired-observers.js';
import { isPlainPromise } from './promise-result.js';
import { hasClassFailures } from './recording/class-settings.js';
import type { StreamLife } from './streams/stream-life.js';
import { followResult } from './streams/stream-result.js';
import { finish, finishOnEmptyStack, unfinished } from './unfinished-calls.js';

/** A function that behaves like `original` and reports every call to `observers`. */
export function observedFunction<F extends AnyFunction>(
  original: F,
  observers: readonly CallObserver[],
  declaration: Declaration,
): F {
  const observer = combined(observers);
  const handled = observers.some(({ handlesRejections }) => handlesRejections);
  const method: ObservedMethod = {
    original,
    observer,
    declaration,
    observedPromise: handled ? aside : settled,
    isOff: offCheck(observers, declaration),
  };
  const general = generalFunction(method);
  // Parameters, `this` and result are the same, so the type is the original's.
  return (observer.isPlain ? plainFunction(method, general) : general) as F;
}

interface ObservedMethod {
  readonly original: AnyFunction;
  readonly observer: CallObserver;
  readonly declaration: Declaration;
  readonly observedPromise: typeof settled;
  /** Whether calls on an instance bypass the observers. */
  readonly isOff: (instance: unknown) => boolean;
}

function offCheck(observers: readonly CallObserver[], declaration: Declaration): ObservedMethod['isOff'] {
  const checks = observers.map(({ isOff }) => isOff ?? isOn);
  const [first = isOn] = checks;
  return checks.length <= 1
    ? (instance) => first(instance, declaration)
    : (instance) => checks.every((isOff) => isOff(instance, declaration));
}

const isOn = (): boolean => false;

function generalFunction({
  original,
  observer,
  declaration,
  observedPromise,
  isOff,
}: ObservedMethod): AnyFunction {
  const { start, around, isSampling = false } = observer;
  // Method syntax: like an undecorated method, the wrapper has no `prototype` and is not a constructor.
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      if (switchOffs() > 0 && isOff(this)) return Reflect.apply(original, this as never, args as never[]);
      if (recording.depth > maxDepth) return Reflect.apply(original, this as never, args as never[]);
      const call = new ObservedCall(this, args, declaration, observer);
      const started = start === undefined ? undefined : startedBy(start, call);
      if (isSampling && started === undefined) return Reflect.apply(original, this as never, args as never[]);
      let result: unknown;
      try {
        result =
          around === undefined
            ? Reflect.apply(original, this as never, args as never[])
            : appliedWithin(around, original, call, started);
      } catch (error) {
        // Linked by assignments only, since the stack may be full. A call further up the stack ends it then.
        call.error = error;
        call.outcome = 'failure';
        call.started = started;
        call.next = unfinished.first;
        unfinished.first = call;
        try {
          finish();
        } catch {
          // Still linked.
        }
        throw error;
      }
      try {
        if (typeof result !== 'object' || result === null) succeed(call, observer, started, result);
        else return followed(result, call, observer, started, observedPromise);
      } catch {
        call.started = started;
        call.next = unfinished.first;
        unfinished.first = call;
        try {
          queueMicrotask(finishOnEmptyStack);
        } catch {
          // The next call that fails ends it.
        }
      }
      return result;
    },
  };
  return observed as AnyFunction;
}

/**
 * For observers that read only how a call ended. The arguments are stored nowhere, so that V8 passes them on without
 * allocating an array and can inline this function into its caller. Both functions contain the two catch blocks, since a
 * shared function would be a call, which a full stack does not allow.
 */
function plainFunction(
  { original, observer, declaration, observedPromise, isOff }: ObservedMethod,
  general: AnyFunction,
): AnyFunction {
  const { start, isSampling = false } = observer;
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      if (switchOffs() > 0 && isOff(this)) return Reflect.apply(original, this as never, args as never[]);
      // `failure` of a class needs the instance and the arguments.
      if (hasClassFailures()) return Reflect.apply(general, this as never, args as never[]);
      const call = new ObservedCall(undefined, noArguments, declaration, observer);
      const started = start === undefined ? undefined : startedBy(start, call);
      if (isSampling && started === undefined) return Reflect.apply(original, this as never, args as never[]);
      let result: unknown;
      try {
        result = Reflect.apply(original, this as never, args as never[]);
      } catch (error) {
        // As above.
        call.error = error;
        call.outcome = 'failure';
        call.started = started;
        call.next = unfinished.first;
        unfinished.first = call;
        try {
          finish();
        } catch {
          // Still linked.
        }
        throw error;
      }
      try {
        if (typeof result !== 'object' || result === null) reportSuccess(call, observer, started);
        else return followed(result, call, observer, started, observedPromise);
      } catch {
        call.started = started;
        call.next = unfinished.first;
        unfinished.first = call;
        try {
          queueMicrotask(finishOnEmptyStack);
        } catch {
          // The next call that fails ends it.
        }
      }
      return result;
    },
  };
  return observed as AnyFunction;
}

const noArguments: readonly never[] = [];

function startedBy(start: NonNullable<CallObserver['start']>, call: ObservedCall): unknown {
  try {
    return start(call);
  } catch {
    // The stack is full: this call is not recorded.
    return undefined;
  }
}

/** What the caller gets for a result that may go on. @throws RangeError on a stack overflow */
function followed(
  result: object,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
  observedPromise: typeof settled,
): unknown {
  if (isPlainPromise(result)) return observedPromise(result, call, observer, started);
  if (!follow(result, call, observer, started)) succeed(call, observer, started, result);
  return result;
}

/** A function of its own: a closure within `observed` would slow down every call, also those that never make it. */
function appliedWithin(
  around: NonNullable<CallObserver['around']>,
  original: AnyFunction,
  call: ObservedCall,
  started: unknown,
): unknown {
  return around(call, started, () => Reflect.apply(original, call.instance as never, call.args as never[]));
}

/** Returns the chained promise, so that a rejection which the caller does not handle is still reported as unhandled. */
function settled(
  promise: Promise<unknown>,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
): Promise<unknown> {
  return promise.then(
    (value) => {
      if (typeof value !== 'object' || value === null || !follow(value, call, observer, started)) {
        succeed(call, observer, started, value);
      }
      return value;
    },
    (error: unknown) => {
      fail(call, observer, started, error);
      throw error;
    },
  );
}

/** Returns the original promise. Observing it marks its rejection as handled, which the method does by itself anyway. */
function aside(
  promise: Promise<unknown>,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
): Promise<unknown> {
  settled(promise, call, observer, started).catch(() => {});
  return promise;
}

/** Keeps the call in progress until its result ends; `false` if the result has no end to wait for. */
function follow(value: object, call: ObservedCall, observer: CallObserver, started: unknown): boolean {
  const { around, item: eachItem } = observer;
  let isFirst = true;
  const life: StreamLife = {
    started: call.order,
    everyItem: eachItem !== undefined,
    run: around === undefined ? undefined : (step) => around(call, started, step),
    // `call` does not hold the stream while it is read: an unreferenced stream can be collected, which ends the call.
    item: (item) => {
      if (isFirst) observer.firstItem?.(call, started);
      isFirst = false;
      eachItem?.(call, started, item);
    },
    succeed: (settled) => succeed(call, observer, started, settled),
    end: (stream) => {
      returned(call, stream);
      observer.end?.(call, started);
    },
    fail: (error) => fail(call, observer, started, error),
    abandonment: (stream) => abandonment(call, observer, started, stream),
  };
  return followResult(value, life, lastStarted);
}

/** Ends a call whose result was garbage collected. Not a closure within `follow`: those hold the call and its arguments. */
function abandonment(
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
  result: object,
): () => void {
  const abandoned = withoutResult(call, result);
  return () => observer.end?.(abandoned, started);
}

/** A builder returns itself or one of its arguments, and could never be collected if the call held it. */
function withoutResult({ instance, args, [declaredBy]: declaration }: ObservedCall, result: object): Call {
  const kept = (value: unknown): unknown => (value === result ? undefined : value);
  return {
    instance: kept(instance),
    args: args.map(kept),
    result: undefined,
    error: undefined,
    outcome: 'success',
    abandoned: true,
    ...{ [declaredBy]: declaration },
  };
}
