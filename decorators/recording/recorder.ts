/** Recording on the series of a call, so that no failure of it reaches the caller. */
import type { MetricDefinition } from '../../lib/definition.js';
import type { AnyInstrument } from '../../lib/instruments/any-instrument.js';
import type { Series } from '../../lib/instruments/branch.js';
import type { AnyRegistry } from '../../lib/registry.js';
import { sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import type { CallObserver } from '../observed-call.js';
import { type BoundSources, boundSources } from './label-sources.js';
import { bindingFinder } from './registry-binding.js';

/** Nothing of it throws: what fails is noted in the registry, which counts it and warns once. */
export interface Recorder<S extends Series> {
  readonly sources: BoundSources;
  /** All calls have one series, in one registry: nothing of the user's is asked. */
  readonly isBound: boolean;
  /** Whether calls on an instance record nothing, since the metric is switched off. */
  readonly isOff: NonNullable<CallObserver['isOff']>;
  /** The series of this call; `undefined` where a label source failed. */
  readonly seriesOf: (call: Call) => S | undefined;
  /** What `value` makes of this call; `undefined` where it failed or has nothing to say. */
  readonly amountOf: (call: Call, value: (call: Call) => number | undefined) => number | undefined;
  /** Takes note of a recording that failed. */
  readonly failed: (call: Call, reason: string, error: unknown) => undefined;
  /** Binds when the class is defined; without it, at the first call. */
  readonly bindSoon: () => void;
  /** Makes ready in the registry of its class, and in no other. */
  readonly bind: (registry: AnyRegistry | undefined) => void;
}

export interface RecorderOptions {
  readonly decorator: string;
  readonly definition: MetricDefinition;
  readonly labels: unknown;
  /** A registry, or what gives the one of an instance. Default: that of the class, else `sharedRegistry`. */
  readonly registry: unknown;
}

/** A definition in one registry, with the series that needs no call to be found. */
interface Binding<S extends Series> {
  readonly registry: AnyRegistry;
  readonly instrument: AnyInstrument;
  readonly bound: S | undefined;
  readonly of: BoundSources['of'];
  /** Once it is, it stays so: kept here, since instruments are of many shapes, and slow to read from. */
  isOff: boolean;
}

/**
 * Makes the recorder of a decorator. A series whose labels are all values is bound before the first call: at once in a
 * registry that is given, else when the class is defined, which may name another than the shared one.
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_DEFINITION_CONFLICT
 */
export function recorderFor<S extends Series>({
  decorator,
  definition,
  labels,
  registry,
}: RecorderOptions): Recorder<S> {
  const sources = boundSources(decorator, definition, labels);
  const bindings = new WeakMap<AnyRegistry, Binding<S>>();
  // The definition says the instrument's type, and so its series'.
  const seriesAt = (instrument: AnyInstrument, values: readonly unknown[]): S =>
    instrument.series.at(values) as Series as S;
  const bindingIn = (target: AnyRegistry): Binding<S> => {
    const existing = bindings.get(target);
    if (existing !== undefined) return existing;
    const instrument = target.instrument(definition);
    const { values, of } = sources.among(instrument.isOff ? [] : instrument.labelNames);
    const bound = values === undefined ? undefined : seriesAt(instrument, values);
    const binding: Binding<S> = { registry: target, instrument, bound, of, isOff: instrument.isOff };
    bindings.set(target, binding);
    return binding;
  };
  const { bindingOf, bindingAt, bind, bindSoon, fixed } = bindingFinder(
    decorator,
    [definition],
    registry,
    bindingIn,
  );

  const failed = (call: Call, reason: string, error: unknown): undefined => {
    let target: AnyRegistry = sharedRegistry;
    try {
      target = bindingOf(call).registry;
    } catch {
      // It is the registry that fails: the shared one hears of it.
    }
    target.recordingFailed(definition.name, reason, error);
    return undefined;
  };
  // One series for every call: nothing is looked up.
  const always = fixed?.bound;
  const seriesOf = (call: Call): S | undefined => {
    if (always !== undefined) return always;
    try {
      const { instrument, bound, of } = bindingOf(call);
      return bound ?? seriesAt(instrument, of(call));
    } catch (error) {
      return failed(call, 'label', error);
    }
  };
  return {
    sources,
    isBound: always !== undefined,
    isOff: (instance, declaration) => {
      try {
        const binding = bindingAt?.(instance, declaration);
        if (binding === undefined) return false;
        binding.isOff ||= binding.instrument.isOff;
        return binding.isOff;
      } catch {
        // What fails is noted by the recording.
        return false;
      }
    },
    seriesOf,
    bind,
    bindSoon,
    amountOf: containedAmount(failed),
    failed,
  };
}

/** Asks a function of the user for an amount; what it throws is noted, and gives none. */
export function containedAmount(failed: Recorder<Series>['failed']): Recorder<Series>['amountOf'] {
  return (call, value) => {
    try {
      return value(call);
    } catch (error) {
      return failed(call, 'value', error);
    }
  };
}
