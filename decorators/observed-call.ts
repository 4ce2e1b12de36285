/** One call of an instrumented function, what records on it, and how it ends: a result, or an error. */
import { type Outcome, outcomeOfError } from '../lib/outcome.js';
import { processWide } from '../lib/process-wide.js';
import type { AnyRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { type Declaration, declaredBy } from './declaration.js';
import { failedResult, isFailedByClass } from './failed-result.js';
import { hasClassFailures } from './recording/class-settings.js';

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
  /** It runs no code of the user's, so it cannot fail and cannot call the method again: it needs no containment. */
  readonly isPlain?: boolean;
  /** Whether nothing of a call is recorded, since all it records on is switched off. Asked only where anything is. */
  readonly isOff?: (instance: unknown, declaration: Declaration) => boolean;
  /** Makes ready in the registry of the class that the method stands in; `undefined` where each instance has its own. */
  readonly bind?: (registry: AnyRegistry | undefined) => void;
}

export type AnyFunction = (this: never, ...args: never[]) => unknown;

const calls = processWide('observed calls', () => ({ started: 0 }));

/** How many calls have started: of two calls, it tells which came first. */
export const lastStarted = (): number => calls.started;

/** Its fields are only assigned: a field with an initial value, and one with a computed name, cost every call more. */
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

  // Of a call that is over and has not ended.
  declare started: unknown;
  /** A bit for each observer that has ended, and that must not end again with the others. */
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

/** @throws RangeError where the stack is full, as the others here */
export function succeed(call: ObservedCall, observer: CallObserver, started: unknown, result: unknown): void {
  returned(call, result);
  reportSuccess(call, observer, started);
}

/** Of a call whose result has been looked at. */
export function reportSuccess(call: ObservedCall, observer: CallObserver, started: unknown): void {
  if (observer.firstItem !== undefined && call.outcome === 'success') observer.firstItem(call, started);
  if (observer.end !== undefined) observer.end(call, started);
}

/** The outcome of a call that did not throw: its class may take the result for a failure. */
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
    // An error whose name cannot be read, or no stack left to read it with.
    call.outcome = 'failure';
  }
  observer.end?.(call, started);
}
