/**
 * The function that takes the place of an instrumented one. All decorators see calls through this file, so what "a call"
 * and "its end" mean is decided here alone: a value returned, an error thrown, a plain promise settled, and where what is
 * returned or fulfilled goes on (`stream-result.ts`: other promises, queries, streams), its end.
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

/** A function that behaves as `original` and reports every call to `observers`. */
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
  // Same parameters, same `this`, same result: the type is the original's.
  return (observer.isPlain ? plainFunction(method, general) : general) as F;
}

interface ObservedMethod {
  readonly original: AnyFunction;
  readonly observer: CallObserver;
  readonly declaration: Declaration;
  readonly observedPromise: typeof settled;
  /** Whether calls on an instance go straight to the method. */
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
  const { start, around } = observer;
  // A method and no function: like a bare method it has no `prototype` and is no constructor.
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      if (switchOffs() > 0 && isOff(this)) return Reflect.apply(original, this as never, args as never[]);
      if (recording.depth > maxDepth) return Reflect.apply(original, this as never, args as never[]);
      const call = new ObservedCall(this, args, declaration, observer);
      const started = start === undefined ? undefined : startedBy(start, call);
      let result: unknown;
      try {
        result =
          around === undefined
            ? Reflect.apply(original, this as never, args as never[])
            : appliedWithin(around, original, call, started);
      } catch (error) {
        // Linked without a call, and without anything new: the stack may have no room. A call further up ends it then.
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
 * For observers that look at nothing of a call but how it ended. The arguments are kept nowhere, so that V8 passes them on
 * without making an array, and the little that is done here is inlined into the caller. The two catch blocks stand in both
 * functions: one for both would be a call, for which a full stack has no room.
 */
function plainFunction(
  { original, observer, declaration, observedPromise, isOff }: ObservedMethod,
  general: AnyFunction,
): AnyFunction {
  const { start } = observer;
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      if (switchOffs() > 0 && isOff(this)) return Reflect.apply(original, this as never, args as never[]);
      // `failure` of a class sees the whole call.
      if (hasClassFailures()) return Reflect.apply(general, this as never, args as never[]);
      const call = new ObservedCall(undefined, noArguments, declaration, observer);
      const started = start === undefined ? undefined : startedBy(start, call);
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
    // What finds no room on the stack to start has not begun.
    return undefined;
  }
}

/** What the caller gets of a result that may go on. @throws RangeError where the stack is full */
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

/** Apart from `observed`: a closure there would cost every call, made or not. */
function appliedWithin(
  around: NonNullable<CallObserver['around']>,
  original: AnyFunction,
  call: ObservedCall,
  started: unknown,
): unknown {
  return around(call, started, () => Reflect.apply(original, call.instance as never, call.args as never[]));
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

/** The very promise. To observe it counts as handling its rejection, which the method is said to do anyway. */
function aside(
  promise: Promise<unknown>,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
): Promise<unknown> {
  settled(promise, call, observer, started).catch(() => {});
  return promise;
}

/** Lets the call go on to the end of its result; `false` where that has none to wait for. */
function follow(value: object, call: ObservedCall, observer: CallObserver, started: unknown): boolean {
  const { around, item: eachItem } = observer;
  let isFirst = true;
  const life: StreamLife = {
    started: call.order,
    everyItem: eachItem !== undefined,
    run: around === undefined ? undefined : (step) => around(call, started, step),
    // `call` does not hold the stream while it runs: a stream that nobody holds can be collected, and ends the call.
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

/** Ends a call whose result is garbage. Apart from `follow`, whose closures hold the call, and so all that its arguments hold. */
function abandonment(
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
  result: object,
): () => void {
  const abandoned = withoutResult(call, result);
  return () => observer.end?.(abandoned, started);
}

/** A builder returns itself or one of its arguments: held by its call, it would never be garbage. */
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
