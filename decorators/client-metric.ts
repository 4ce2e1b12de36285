/** Decorators on a metric of prom-client, so that a service can move to definitions one method at a time. */
import type { MetricDefinition } from '../lib/definition.js';
import type { Series } from '../lib/instruments/branch.js';
import { labelText } from '../lib/instruments/label-values.js';
import { label } from '../lib/label.js';
import type { AnyRegistry } from '../lib/registry.js';
import { sharedRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import type { ErrorClass } from './error-classes.js';
import { registryOf } from './recording/class-settings.js';
import { boundSources, type Source } from './recording/label-sources.js';
import { containedAmount, type Recorder, type RecorderOptions, recorderFor } from './recording/recorder.js';

/** A `Counter` of prom-client or `@prometheus-io/client`, by its label names. */
export interface ClientCounter<T extends string> extends Labelled<T, Pick<ClientChild, 'inc'>> {
  readonly set?: never;
}

/** A `Gauge` of prom-client or `@prometheus-io/client`, by its label names. */
export interface ClientGauge<T extends string> extends Labelled<T, Pick<ClientChild, 'inc' | 'dec' | 'set'>> {
  readonly set: unknown;
}

/** A `Histogram` or `Summary` of prom-client or `@prometheus-io/client`, by its label names. */
export type ClientTimer<T extends string> = Labelled<T, Pick<ClientChild, 'observe'>>;

interface Labelled<T extends string, Child> {
  labels(labels: { [Name in T]?: string | number }): Child;
}

interface ClientChild {
  inc(value?: number): void;
  dec(value?: number): void;
  set(value: number): void;
  observe(value: number): void;
}

/** Options of a decorator on a metric of prom-client: a source for each of its labels, where TypeScript knows their names. */
export type ClientOptionsFor<T extends string, C extends Call, Own> = [T] extends [infer Names extends string]
  ? string extends Names
    ? [options?: ClientOptions & Own & { labels?: ClientSources<Names, C> }]
    : [options: ClientOptions & Own & { labels: ClientSources<Names, C> }]
  : never;

interface ClientOptions {
  /** Errors that are no failures: a call that ends with one counts as success. */
  ignore?: readonly ErrorClass[];
}

type ClientSources<T extends string, C> = { readonly [Name in T]: Source<string | number | boolean, C> };

/** What is used of a metric of prom-client at run time. */
export interface ClientMetric {
  readonly type: MetricDefinition['type'];
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly enableExemplars?: boolean;
  labels(...values: string[]): ClientChild;
  inc?(options: object): void;
  observe?(options: object): void;
}

export function isClientMetric(value: unknown): value is ClientMetric {
  if (typeof value !== 'object' || value === null) return false;
  const { type, name, labelNames, labels } = value as Partial<ClientMetric>;
  return (
    typeof type === 'string' &&
    typeof name === 'string' &&
    Array.isArray(labelNames) &&
    typeof labels === 'function'
  );
}

/** The definition of a metric of prom-client, for messages and `getInstrumentation`. */
export function clientDefinition({ type, name, help, labelNames }: ClientMetric): MetricDefinition {
  const labels = Object.fromEntries(labelNames.map((labelName) => [labelName, label()]));
  // What it counts by is all that is read of it: buckets and quantiles stay in the metric.
  return Object.freeze({ type, name, help, labels }) as MetricDefinition;
}

/** The recorder of a decorator: on the metric of prom-client that it was given, else in a registry. */
export function recorderOn<S extends Series>({
  clientMetric,
  ...options
}: RecorderOptions & { readonly clientMetric: ClientMetric | undefined }): Recorder<S> {
  if (clientMetric === undefined) return recorderFor(options);
  return clientRecorder(options.decorator, clientMetric, options.definition, options.labels);
}

/** A recorder on a metric that has registered itself: there is no registry to find. */
function clientRecorder<S extends Series>(
  decorator: string,
  metric: ClientMetric,
  definition: MetricDefinition,
  labels: unknown,
): Recorder<S> {
  const sources = boundSources(decorator, definition, labels);
  const childOf = (values: readonly unknown[]): S => {
    const texts = values.map((value, index) => labelText(value, metric.labelNames[index] ?? '', metric.name));
    // Its type says which of the functions it has, as the type of a definition does.
    return seriesOn(metric, texts) as object as S;
  };
  const failed = (call: Call, reason: string, error: unknown): undefined => {
    let registry: AnyRegistry = sharedRegistry;
    try {
      registry = registryOf(call) ?? sharedRegistry;
    } catch {
      // It is the registry that fails: the shared one hears of it.
    }
    registry.recordingFailed(metric.name, reason, error);
    return undefined;
  };
  const bound = sources.values === undefined ? undefined : childOf(sources.values);
  return {
    sources,
    // It is another library's, and may throw.
    isBound: false,
    isOff: () => false,
    seriesOf: (call) => {
      if (bound !== undefined) return bound;
      try {
        return childOf(sources.of(call));
      } catch (error) {
        return failed(call, 'label', error);
      }
    },
    amountOf: containedAmount(failed),
    failed,
    bind: () => {},
    bindSoon: () => {},
  };
}

function seriesOn(metric: ClientMetric, values: string[]): Partial<ClientChild> {
  const { enableExemplars, labelNames, type } = metric;
  if (enableExemplars === true && type !== 'gauge') {
    // With exemplars its children take no plain value.
    const labels = Object.fromEntries(labelNames.map((name, index) => [name, values[index]]));
    return {
      inc: (value = 1) => metric.inc?.({ labels, value }),
      observe: repeated((value) => metric.observe?.({ labels, value })),
    };
  }
  const child = metric.labels(...values);
  return type === 'counter' || type === 'gauge'
    ? child
    : { observe: repeated((value) => child.observe(value)) };
}

/** prom-client knows no weight: a sampled call is observed as often as it stands for. */
function repeated(observe: (value: number) => void): (value: number, weight?: number) => void {
  return (value, weight = 1) => {
    for (let count = 0; count < weight; count += 1) observe(value);
  };
}
