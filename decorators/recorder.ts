/** Recording on the series of a call, so that no failure of it reaches the caller. */
import type { MetricDefinition } from '../lib/definition.js';
import type { Series } from '../lib/instruments/branch.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
import { type BoundSources, boundSources } from './label-sources.js';
import type { Call } from './observed-call.js';

/** Nothing of it throws: what fails is noted in the registry, which counts it and warns once. */
export interface Recorder<S extends Series> {
  readonly sources: BoundSources;
  /** The series of this call; `undefined` where a label source failed. */
  readonly seriesOf: (call: Call) => S | undefined;
  /** What `value` makes of this call; `undefined` where it failed or has nothing to say. */
  readonly valueOf: (call: Call, value: (call: Call) => number | undefined) => number | undefined;
  /** Runs `record` on the series of this call. */
  readonly record: (call: Call, record: (series: S) => void) => void;
}

/** Makes the recorder of a decorator. A series whose labels are all values is bound here, before the first call. */
export function recorderFor<S extends Series>(
  decorator: string,
  definition: MetricDefinition,
  labels: unknown,
  registry: MetricsRegistry<StructuralRegistry> = sharedRegistry,
): Recorder<S> {
  const sources = boundSources(decorator, definition, labels);
  const instrument = registry.instrument(definition);
  // The definition says the instrument's type, and so its series'.
  const seriesAt = (values: readonly unknown[]): S => instrument.series.at(values) as Series as S;
  const bound = sources.values === undefined ? undefined : seriesAt(sources.values);
  const contained = <T>(reason: string, run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      registry.recordingFailed(definition.name, reason, error);
      return undefined;
    }
  };
  const seriesOf = (call: Call): S | undefined =>
    bound ?? contained('label', () => seriesAt(sources.of(call)));
  return {
    sources,
    seriesOf,
    valueOf: (call, value) => contained('value', () => value(call)),
    record: (call, record) => {
      const series = seriesOf(call);
      if (series !== undefined) contained('value', () => record(series));
    },
  };
}
