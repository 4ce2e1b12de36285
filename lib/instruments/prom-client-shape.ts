/** Makes instruments assignable to the types of prom-client. */

import type { Histogram as PromClientHistogram } from 'prom-client';
import type { LabelShape, LabelValues } from '../label.js';
import type { ExemplarLabels } from './exemplars.js';

/**
 * A recording as one object, in the form of prom-client's metrics with exemplars.
 * @see https://github.com/siimon/prom-client#exemplars
 */
export type RecordingWithExemplar<L extends LabelShape, Value> = (keyof L extends never
  ? { readonly labels?: Record<string, never> }
  : { readonly labels: LabelValues<L> }) &
  Value & {
    /** Labels of the exemplar, in addition to those of the trace. Default: none. */
    readonly exemplarLabels?: ExemplarLabels;
  };

/** Whether an object that holds no labels of a metric is such a recording. */
export function isRecordingWithExemplar(object: object): object is {
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly value?: number;
  readonly exemplarLabels?: ExemplarLabels;
} {
  return Object.keys(object).every((key) => key === 'labels' || key === 'value' || key === 'exemplarLabels');
}

/**
 * The arguments of an overload that only exists for assignability to prom-client's types: it cannot be called, and matches each of
 * prom-client's overloads with the same labels.
 */
export type PromClientArgument<L> = { readonly [K in keyof L]: never } & {
  readonly [K in 'labels' | 'value' | 'exemplarLabels']: never;
};

/** The result of `get()` in prom-client's types, with a numeric `type` and a `collect` that it does not really have. */
export type PromClientReading<L> = Awaited<ReturnType<PromClientHistogram<keyof L & string>['get']>>;

/** The methods of a bound series, each of which can be detached: `const { inc } = counter.labels('a')`. */
export type BoundMethods<S, L extends LabelShape> = Pick<
  S,
  Extract<keyof S, 'inc' | 'dec' | 'set' | 'setToCurrentTime' | 'observe'>
> &
  (S extends { startTimer: unknown } ? BoundTimer<L> : unknown);

/** The timer of a bound series. */
export interface BoundTimer<L extends LabelShape> {
  /** Starts a timer. Labels that are given at its end replace those of the series. */
  startTimer(): StopTimer<L>;
  /** The same, for prom-client's types. */
  startTimer(none?: never): PromClientStop<L>;
}

type RecordingMethod = 'inc' | 'dec' | 'set' | 'setToCurrentTime' | 'observe' | 'startTimer';

/** Ends a timer and returns the seconds. Takes further labels. */
export type StopTimer<L extends LabelShape> = (labels?: Partial<LabelValues<L>>) => number;

/** As {@link StopTimer}, with labels of an exemplar. */
export type StopWithExemplar<L extends LabelShape> = (
  labels?: Partial<LabelValues<L>>,
  exemplarLabels?: ExemplarLabels,
) => number;

/** As {@link StopTimer}, for prom-client's types, which have no closed sets. */
export type PromClientStop<L> = (labels?: Partial<Record<keyof L & string, string | number>>) => number;

/** Binds methods to their instrument, since callers detach them: `const { inc } = counter`. */
export function bindMethods<I extends object>(
  instrument: I,
  methods: readonly (keyof I & RecordingMethod)[],
): void {
  for (const method of methods) {
    const value = (instrument[method] as (...args: unknown[]) => unknown).bind(instrument);
    Object.defineProperty(instrument, method, { value, configurable: true, writable: true });
  }
}
