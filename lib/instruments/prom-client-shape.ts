/** What makes an instrument assignable to prom-client's types, which describe less than is so and ask for more. */

import type { Histogram as PromClientHistogram } from 'prom-client';
import type { LabelShape, LabelValues } from '../label.js';

/**
 * The arguments of an overload that exists for prom-client's types alone: nothing can call it, and each of prom-client's
 * overloads for the same labels takes it.
 */
export type PromClientArgument<L> = { readonly [K in keyof L]: never } & {
  readonly [K in 'labels' | 'value' | 'exemplarLabels']: never;
};

/** What prom-client's types have `get()` give: a number as `type`, and a `collect` that it does not give either. */
export type PromClientReading<L> = Awaited<ReturnType<PromClientHistogram<keyof L & string>['get']>>;

/** The methods of a bound series, each usable on its own: `const { inc } = counter.labels('a')`. */
export type BoundMethods<S, L extends LabelShape> = Pick<
  S,
  Extract<keyof S, 'inc' | 'dec' | 'set' | 'setToCurrentTime' | 'observe'>
> &
  (S extends { startTimer: unknown } ? BoundTimer<L> : unknown);

interface BoundTimer<L extends LabelShape> {
  /** Starts a stopwatch. Labels that are given at its end replace those of the series. */
  startTimer(): StopTimer<L>;
  startTimer(none?: never): PromClientStop<L>;
}

type RecordingMethod = 'inc' | 'dec' | 'set' | 'setToCurrentTime' | 'observe' | 'startTimer';

/** Ends a stopwatch. Labels may be given here that were not at the start. */
export type StopTimer<L extends LabelShape> = (labels?: Partial<LabelValues<L>>) => number;

/** As {@link StopTimer}, of the overload for prom-client's types, which know no closed sets. */
export type PromClientStop<L> = (labels?: Partial<Record<keyof L & string, string | number>>) => number;

/** Makes methods independent of their `this`, as callers detach them: `const { inc } = counter`. */
export function bindMethods<I extends object>(
  instrument: I,
  methods: readonly (keyof I & RecordingMethod)[],
): void {
  for (const method of methods) {
    const value = (instrument[method] as (...args: unknown[]) => unknown).bind(instrument);
    Object.defineProperty(instrument, method, { value, configurable: true, writable: true });
  }
}
