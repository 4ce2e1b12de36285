/**
 * One call of an instrumented function, from start to end. All decorators see calls through this file, so what "a call"
 * and "its end" mean is decided here alone: a value returned, an error thrown, a plain promise settled, and where what is
 * returned or fulfilled goes on (`stream-result.ts`: other promises, queries, streams), its end.
 */
import { type Outcome, outcomeOfError } from '../lib/escalation.js';
import { sharedRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import type { AnyRegistry } from './class-settings.js';
import { type Declaration, declaredBy } from './declaration.js';
import { failedResult, isFailedByClass } from './failed-result.js';
import { isPlainPromise } from './promise-result.js';
import type { StreamLife } from './stream-life.js';
import { followResult } from './stream-result.js';

/** What records on calls: one for each decorator of a method. No function of it may throw. */
export interface CallObserver {
  /** Before the method runs. What it returns is handed to the others. */
  readonly start?: (call: Call) => unknown;
  /** Once, at the first item of a stream, or at the end of a call that succeeded with no stream. */
  readonly firstItem?: (call: Call, started: unknown) => void;
  /** At each item of a stream: a token, a chunk, an event, as its reader gets it. */
  readonly item?: (call: Call, started: unknown, item: unknown) => void;
  /** Runs the method, and the steps of the iterator that it returns. */
  readonly around?: <T>(call: Call, started: unknown, run: () => T) => T;
  /** Once, when the call has ended. */
  readonly end?: (call: Call, started: unknown) => void;
  /** Whether the method handles rejections of its promise itself, so that the promise is observed from the side. */
  readonly handlesRejections?: boolean | undefined;
  /** Makes ready in the registry of the class that the method stands in; `undefined` where each instance has its own. */
  readonly bind?: (registry: AnyRegistry | undefined) => void;
}

export type AnyFunction = (this: never, ...args: never[]) => unknown;

/** A function that behaves as `original` and tells `observers` of every call. */
export function observedFunction<F extends AnyFunction>(
  original: F,
  observers: readonly CallObserver[],
  declaration: Declaration,
): F {
  const observer = combined(observers);
  const { around } = observer;
  const observedPromise = observers.some(({ handlesRejections }) => handlesRejections) ? aside : settled;
  // A method and no function: like a bare method it has no `prototype` and is no constructor.
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      if (isEnding || reporting > maxReporting)
        return Reflect.apply(original, this as never, args as never[]);
      const call = new ObservedCall(this, args, declaration, observer);
      const started = observer.start === undefined ? undefined : begun(observer, call);
      let result: unknown;
      try {
        result =
          around === undefined
            ? Reflect.apply(original, this as never, args as never[])
            : appliedWithin(around, original, call, started);
      } catch (error) {
        // Linked without a call, and without anything new: the stack may have no room. A call further up ends it then.
        call.error = error;
        call.hasFailed = true;
        call.started = started;
        call.next = unfinished;
        unfinished = call;
        try {
          finish();
        } catch {
          // Still linked.
        }
        throw error;
      }
      try {
        if (typeof result !== 'object' || result === null) succeed(call, observer, started, result);
        else if (isPlainPromise(result)) return observedPromise(result, call, observer, started);
        else if (!follow(result, call, observer, started)) succeed(call, observer, started, result);
      } catch {
        call.started = started;
        call.next = unfinished;
        unfinished = call;
        try {
          queueMicrotask(finishOnEmptyStack);
        } catch {
          // The next call that fails ends it.
        }
      }
      return result;
    },
  };
  // Same parameters, same `this`, same result: the type is the original's.
  return observed as AnyFunction as F;
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

/** Calls that have started, so that of two it is known which came first. */
let callsStarted = 0;
const lastStarted = (): number => callsStarted;

class ObservedCall implements Call {
  readonly order = ++callsStarted;
  result: unknown = undefined;
  error: unknown = undefined;
  outcome: Outcome = 'success';
  abandoned = false;

  // Of a call that is over and has not ended.
  hasFailed = false;
  started: unknown = undefined;
  next: ObservedCall | undefined = undefined;

  readonly [declaredBy]: Declaration;

  constructor(
    readonly instance: unknown,
    readonly args: readonly unknown[],
    declaration: Declaration,
    readonly observer: CallObserver,
  ) {
    this[declaredBy] = declaration;
  }
}

/** The calls that are over and have not ended: one at a time, unless the stack was full. */
let unfinished: ObservedCall | undefined;

/** Ends are made up for: a method that a label source calls then is not observed, or it would overflow the stack again. */
let isEnding = false;

/** How often an end has overflowed the stack since all had ended. */
let overflows = 0;

/** Ends that overflow more often are endless themselves, and wait for an empty stack. */
const maxOverflows = 200;

/** Ends them. @throws RangeError where the stack is full; the rest is kept */
function finish(): void {
  for (let call = unfinished; call !== undefined; call = unfinished) {
    if (overflows > maxOverflows) {
      queueMicrotask(finishOnEmptyStack);
      return;
    }
    unfinished = call.next;
    try {
      endUnfinished(call);
    } catch (overflow) {
      overflows += 1;
      call.next = unfinished;
      unfinished = call;
      throw overflow;
    }
  }
  overflows = 0;
}

/**
 * Ends them for good: what overflows an empty stack is an endless recursion of its own, and so are the calls that it leaves
 * unfinished meanwhile.
 */
function finishOnEmptyStack(): void {
  overflows = 0;
  isEnding = true;
  let call = unfinished;
  while (call !== undefined) {
    unfinished = undefined;
    try {
      endUnfinished(call);
    } catch (error) {
      recordingFailed(error);
    }
    call = call.next;
  }
  unfinished = undefined;
  isEnding = false;
}

function endUnfinished(call: ObservedCall): void {
  if (call.hasFailed) fail(call, call.observer, call.started, call.error);
  else ended(call, call.observer, call.started);
}

function begun(observer: CallObserver, call: Call): unknown {
  reporting += 1;
  try {
    const started = observer.start?.(call);
    reporting -= 1;
    return started;
  } catch (error) {
    reporting -= 1;
    // What finds no room to start has not begun.
    if (!(error instanceof RangeError)) recordingFailed(error);
    return undefined;
  }
}

/** How many calls are being recorded, each from within the recording of the one before. */
let reporting = 0;

/** A label source that calls its own method would be recorded without end: what is nested deeper than this is not recorded. */
const maxReporting = 8;

function succeed(call: ObservedCall, observer: CallObserver, started: unknown, result: unknown): void {
  returned(call, result);
  if (call.outcome === 'success' && observer.firstItem !== undefined)
    report(observer.firstItem, call, started);
  ended(call, observer, started);
}

/** The outcome of a call that did not throw: its class may take the result for a failure. */
function returned(call: ObservedCall, result: unknown): void {
  call.result = result;
  if (!isFailedByClass(call)) return;
  call.outcome = 'failure';
  call.error = failedResult;
}

function fail(call: ObservedCall, observer: CallObserver, started: unknown, error: unknown): void {
  call.error = error;
  try {
    call.outcome = outcomeOfError(error);
  } catch {
    // An error whose name cannot be read, or no stack left to read it with.
    call.outcome = 'failure';
  }
  ended(call, observer, started);
}

function ended(call: Call, observer: CallObserver, started: unknown): void {
  if (observer.end !== undefined) report(observer.end, call, started);
}

/** Nothing that happens here reaches the caller. @throws RangeError where the stack is full: it is tried again then */
function report(of: NonNullable<CallObserver['end']>, call: Call, started: unknown): void {
  reporting += 1;
  try {
    of(call, started);
    reporting -= 1;
  } catch (error) {
    reporting -= 1;
    if (error instanceof RangeError) throw error;
    recordingFailed(error);
  }
}

function recordingFailed(error: unknown): void {
  sharedRegistry.recordingFailed('decorated method', 'recording', error);
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
      if (isFirst && observer.firstItem !== undefined) report(observer.firstItem, call, started);
      isFirst = false;
      if (eachItem !== undefined) report((...of) => eachItem(...of, item), call, started);
    },
    succeed: (settled) => succeed(call, observer, started, settled),
    end: (stream) => {
      returned(call, stream);
      ended(call, observer, started);
    },
    fail: (error) => fail(call, observer, started, error),
    abandon: () => {
      call.abandoned = true;
      ended(call, observer, started);
    },
  };
  return followResult(value, life, lastStarted);
}

/** Several observers as one: two at a time, since each call is then one that V8 can inline. */
function combined(observers: readonly CallObserver[]): CallObserver {
  const [first, ...others] = observers;
  if (first === undefined) return {};
  return others.length === 0 ? first : paired(first, combined(others));
}

/** What two observers started. */
interface Pair {
  ofOne: unknown;
  ofOther: unknown;
  /** Neither ends twice where a full stack cut the end off. */
  hasOneEnded: boolean;
  hasOtherEnded: boolean;
}

function paired(one: CallObserver, other: CallObserver): CallObserver {
  const start = (call: Call): Pair => {
    const pair: Pair = {
      ofOne: undefined,
      ofOther: undefined,
      hasOneEnded: false,
      hasOtherEnded: false,
    };
    try {
      pair.ofOne = begun(one, call);
      pair.ofOther = begun(other, call);
    } catch {
      // The stack is full: what has started is kept, so that it ends.
    }
    return pair;
  };
  const end = (call: Call, started: unknown): void => {
    const pair = started as Pair | undefined;
    // The stack had no room for the start.
    if (pair === undefined) return;
    let overflow: unknown;
    if (!pair.hasOneEnded) {
      try {
        ended(call, one, pair.ofOne);
        pair.hasOneEnded = true;
      } catch (error) {
        overflow = error;
      }
    }
    if (!pair.hasOtherEnded) {
      ended(call, other, pair.ofOther);
      pair.hasOtherEnded = true;
    }
    if (overflow !== undefined) throw overflow;
  };
  return {
    start,
    end,
    ...pairedFirstItem(one, other),
    ...pairedItem(one, other),
    ...pairedAround(one, other),
  };
}

/** Only what one of the two needs: a function that is there costs, also where it does nothing. */
function pairedFirstItem(one: CallObserver, other: CallObserver): Pick<CallObserver, 'firstItem'> {
  if (one.firstItem === undefined && other.firstItem === undefined) return {};
  return {
    firstItem: (call, started) => {
      const { ofOne, ofOther } = started as Pair;
      one.firstItem?.(call, ofOne);
      other.firstItem?.(call, ofOther);
    },
  };
}

function pairedItem(one: CallObserver, other: CallObserver): Pick<CallObserver, 'item'> {
  if (one.item === undefined && other.item === undefined) return {};
  return {
    item: (call, started, item) => {
      const { ofOne, ofOther } = started as Pair;
      one.item?.(call, ofOne, item);
      other.item?.(call, ofOther, item);
    },
  };
}

function pairedAround(one: CallObserver, other: CallObserver): Pick<CallObserver, 'around'> {
  const [ofOne, ofOther] = [one.around, other.around];
  if (ofOne === undefined && ofOther === undefined) return {};
  return {
    around: (call, started, run) => {
      const { ofOne: startedOne, ofOther: startedOther } = started as Pair;
      const inner = ofOther === undefined ? run : () => ofOther(call, startedOther, run);
      return ofOne === undefined ? inner() : ofOne(call, startedOne, inner);
    },
  };
}
