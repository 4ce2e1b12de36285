/** One call of an instrumented function, the observers that record it, and its end: a result or an error. */
import { type Outcome, outcomeOfError } from '../lib/outcome.js';
import { processWide } from '../lib/process-wide.js';
import type { AnyRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { type Declaration, declaredBy } from './declaration.js';
import { failedResult, isFailedByClass } from './failed-result.js';
import { hasClassFailures } from './recording/class-settings.js';

/** Records the calls of one decorator on a method. None of its functions may throw. */
export interface CallObserver<Started = unknown> {
  /** Called before the method runs. Its result is passed to the other functions; `undefined` there if it failed. */
  readonly start?: (call: Call) => Started;
  /** Called once: at the first item of a stream, or at the end of a call that succeeded without a stream. */
  readonly firstItem?: (call: Call, started: Started | undefined) => void;
  /** Called for each item of a stream (a token, a chunk, an event) when its reader gets it. */
  readonly item?: (call: Call, started: Started | undefined, item: unknown) => void;
  /** Runs the method, and the steps of the iterator that it returns. */
  readonly around?: <T>(call: Call, started: Started | undefined, run: () => T) => T;
  /** Called once, when the call has ended. */
  readonly end?: (call: Call, started: Started | undefined) => void;
  /** Whether the method handles rejections of its promise itself: the caller then gets the original promise. */
  readonly handlesRejections?: boolean | undefined;
  /** Whether it runs no user code: it then cannot fail or call the method again, and needs no containment. */
  readonly isPlain?: boolean;
  /** Whether a call for which `start` returned `undefined` is not observed: it is the call of the method itself. */
  readonly isSampling?: boolean;
  /** Whether its metrics are switched off, so that calls are not recorded. Called only if any registry is switched off. */
  readonly isOff?: (instance: unknown, declaration: Declaration) => boolean;
  /** Binds its metrics in the registry of the class; `undefined` if each instance has its own registry. */
  readonly bind?: (registry: AnyRegistry | undefined) => void;
}

/** An observer among others: each one gets back what its own `start` returned, so the type is not needed any more. */
export function erased<Started>(observer: CallObserver<Started>): CallObserver {
  return observer as CallObserver;
}

export type AnyFunction = (this: never, ...args: never[]) => unknown;

const calls = processWide('observed calls', () => ({ started: 0 }));

/** The number of calls started so far, which orders calls by their start. */
export const lastStarted = (): number => calls.started;

/** The fields are declared without initial values: an initializer, or a computed name, would make every call slower. */
export class ObservedCall implements Call {
  declare readonly order: number;
  declare readonly instance: unknown;
  declare readonly args: readonly unknown[];
  declare readonly [declaredBy]: Declaration;
  declare readonly observer: CallObserver;
  declare result: unknown;
  declare error: unknown;
  declare outcome: Outcome;
  declare abandoned: boolean;

  // Used for a call that is over but could not be ended yet (unfinished-calls.ts).
  declare started: unknown;
  /** One bit per observer that has ended already and must not end a second time. */
  declare ended: number;
  declare next: ObservedCall | undefined;

  constructor(instance: unknown, args: readonly unknown[], declaration: Declaration, observer: CallObserver) {
    calls.started += 1;
    this.order = calls.started;
    this.instance = instance;
    this.args = args;
    this[declaredBy] = declaration;
    this.observer = observer;
    this.result = undefined;
    this.error = undefined;
    this.outcome = 'success';
    this.abandoned = false;
    this.started = undefined;
    this.ended = 0;
    this.next = undefined;
  }
}

/** @throws RangeError on a stack overflow, as the other functions here */
export function succeed(call: ObservedCall, observer: CallObserver, started: unknown, result: unknown): void {
  returned(call, result);
  reportSuccess(call, observer, started);
}

/** Reports the success of a call whose result is stored already. */
export function reportSuccess(call: ObservedCall, observer: CallObserver, started: unknown): void {
  if (observer.firstItem !== undefined && call.outcome === 'success') observer.firstItem(call, started);
  if (observer.end !== undefined) observer.end(call, started);
}

/** Stores the result of a call that did not throw; its class may count the result as a failure. */
export function returned(call: ObservedCall, result: unknown): void {
  call.result = result;
  if (!hasClassFailures() || !isFailedByClass(call)) return;
  call.outcome = 'failure';
  call.error = failedResult;
}

export function fail(call: ObservedCall, observer: CallObserver, started: unknown, error: unknown): void {
  call.error = error;
  try {
    call.outcome = outcomeOfError(error);
  } catch {
    // The name of the error cannot be read, or the stack is full.
    call.outcome = 'failure';
  }
  observer.end?.(call, started);
}
