/** Records on the series of a call. Failures are contained: they never reach the caller. */
import type { MetricDefinition } from '../../lib/definition.js';
import type { AnyInstrument } from '../../lib/instruments/any-instrument.js';
import type { Series } from '../../lib/instruments/branch.js';
import type { AnyRegistry } from '../../lib/registry.js';
import { sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import type { CallObserver } from '../observed-call.js';
import { type BoundSources, boundSources } from './label-sources.js';
import { bindingFinder } from './registry-binding.js';

/** None of its functions throws: failures are reported to the registry, which counts them and warns once. */
export interface Recorder<S extends Series> {
  readonly sources: BoundSources;
  /** Whether all calls record on one series in one registry, so that no user code is run. */
  readonly isBound: boolean;
  /** Whether the metric is switched off for calls on an instance. */
  readonly isOff: NonNullable<CallObserver['isOff']>;
  /** The series of a call; `undefined` if a label source failed. */
  readonly seriesOf: (call: Call) => S | undefined;
  /** The result of `value` for a call; `undefined` if it failed or returned `undefined`. */
  readonly amountOf: (call: Call, value: (call: Call) => number | undefined) => number | undefined;
  /** Reports a failed recording. */
  readonly failed: (call: Call, reason: string, error: unknown) => undefined;
  /** Binds the metric once the class is defined, instead of at the first call. */
  readonly bindSoon: () => void;
  /** Binds the metric in the registry of its class only. */
  readonly bind: (registry: AnyRegistry | undefined) => void;
}

export interface RecorderOptions {
  readonly decorator: string;
  readonly definition: MetricDefinition;
  readonly labels: unknown;
  /** A registry, or a function of the instance. Default: the registry of the class, else `sharedRegistry`. */
  readonly registry: unknown;
}

/** The instrument of a definition in one registry, with its series if that does not depend on the call. */
interface Binding<S extends Series> {
  readonly registry: AnyRegistry;
  readonly instrument: AnyInstrument;
  readonly bound: S | undefined;
  readonly of: BoundSources['of'];
  /** Never reset once true. Cached here, since reading it from instruments of many shapes is slow. */
  isOff: boolean;
}

/**
 * Makes the recorder of a decorator. A series whose labels are all fixed values is bound before the first call: immediately
 * if a registry is given, else when the class is defined, which may set another registry than the shared one.
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
  // The type of the definition is the type of the instrument, and so of its series.
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
      // The registry function itself failed: report to the shared registry.
    }
    target.recordingFailed(definition.name, reason, error);
    return undefined;
  };
  // One series for every call: no lookup.
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
        // The recording reports the failure.
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

/** Calls a user function for an amount; if it throws, the error is reported and there is no amount. */
export function containedAmount(failed: Recorder<Series>['failed']): Recorder<Series>['amountOf'] {
  return (call, value) => {
    try {
      return value(call);
    } catch (error) {
      return failed(call, 'value', error);
    }
  };
}
