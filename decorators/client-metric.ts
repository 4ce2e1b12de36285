/** Decorators that record on a prom-client metric, so that a service can migrate to definitions one method at a time. */
import type { MetricDefinition } from '../lib/definition.js';
import type { Series } from '../lib/instruments/branch.js';
import { checkedExemplar } from '../lib/instruments/exemplar-labels.js';
import type { ExemplarLabels } from '../lib/instruments/exemplars.js';
import { labelText } from '../lib/instruments/label-values.js';
import { label } from '../lib/label.js';
import type { Call } from './call.js';
import type { ErrorClass } from './error-classes.js';
import { reportingRegistryOf } from './recording/class-settings.js';
import { boundSources, type LabelSource } from './recording/label-sources.js';
import { containedAmount, type Recorder, type RecorderOptions, recorderFor } from './recording/recorder.js';

/**
 * A `Counter` of prom-client or `@prometheus-io/client`, typed by its label names `T`.
 * @see https://github.com/siimon/prom-client#counter
 */
export interface ClientCounter<T extends string> extends ClientLabels<T, Pick<ClientChild, 'inc'>> {
  /** Not a member of a counter: distinguishes it from a gauge. */
  readonly set?: never;
}

/**
 * A `Gauge` of prom-client or `@prometheus-io/client`, typed by its label names `T`.
 * @see https://github.com/siimon/prom-client#gauge
 */
export interface ClientGauge<T extends string>
  extends ClientLabels<T, Pick<ClientChild, 'inc' | 'dec' | 'set'>> {
  /** Distinguishes a gauge from a counter. */
  readonly set: unknown;
}

/**
 * A `Histogram` or `Summary` of prom-client or `@prometheus-io/client`, typed by its label names `T`.
 * @see https://github.com/siimon/prom-client#histogram
 */
export type ClientTimer<T extends string> = ClientLabels<T, Pick<ClientChild, 'observe'>>;

/** A prom-client metric with the label names `T`, as far as it is used. */
export interface ClientLabels<T extends string, Child> {
  /** The child of a combination of label values. */
  labels(labels: { [Name in T]?: string | number }): Child;
}

/** The methods of the children of prom-client metrics; each type of metric has some of them. */
export interface ClientChild {
  /** Increments a counter or a gauge. */
  inc(value?: number): void;
  /** Decrements a gauge. */
  dec(value?: number): void;
  /** Sets a gauge. */
  set(value: number): void;
  /** Observes a value in a histogram or a summary. */
  observe(value: number): void;
}

/**
 * Options of a decorator on a prom-client metric, with `labels`: a source for each label. `labels` is required when
 * TypeScript knows the label names of the metric.
 */
export type ClientOptionsFor<T extends string, C extends Call, Own> = [T] extends [infer Names extends string]
  ? string extends Names
    ? [options?: ClientOptions & Own & { labels?: ClientSources<Names, C> }]
    : [options: ClientOptions & Own & { labels: ClientSources<Names, C> }]
  : never;

/** Options of every decorator on a prom-client metric. There is no `registry`: the metric is registered already. */
export interface ClientOptions {
  /** Errors that are not failures: a call that ends with one of them counts as a success. Default: none. */
  ignore?: readonly ErrorClass[];
}

/** A source for each label of a prom-client metric. */
export type ClientSources<T extends string, C> = {
  readonly [Name in T]: LabelSource<string | number | boolean, C>;
};

/** The members of a prom-client metric that are used at run time. */
export interface ClientMetric {
  readonly type: MetricDefinition['type'];
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly enableExemplars?: boolean;
  labels(...values: string[]): ClientChild;
  /** Only of a counter. */
  inc(options: object): void;
  /** Only of a histogram or a summary. */
  observe(options: object): void;
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

/** The definition of a prom-client metric, for error messages and `getInstrumentation`. */
export function clientDefinition({ type, name, help, labelNames }: ClientMetric): MetricDefinition {
  const labels = Object.fromEntries(labelNames.map((labelName) => [labelName, label()]));
  // Only the name, type and labels are read: buckets and quantiles stay in the metric.
  return Object.freeze({ type, name, help, labels }) as MetricDefinition;
}

/** The recorder of a decorator: on its prom-client metric if it has one, else in a registry. */
export function recorderOn<S extends Series>({
  clientMetric,
  ...options
}: RecorderOptions & { readonly clientMetric: ClientMetric | undefined }): Recorder<S> {
  if (clientMetric === undefined) return recorderFor(options);
  return clientRecorder(options.decorator, clientMetric, options.definition, options.labels);
}

/** A recorder on a prom-client metric, which is registered already: no registry is looked up. */
function clientRecorder<S extends Series>(
  decorator: string,
  metric: ClientMetric,
  definition: MetricDefinition,
  labels: unknown,
): Recorder<S> {
  const sources = boundSources(decorator, definition, labels);
  const childOf = (values: readonly unknown[]): S => {
    const texts = metric.labelNames.map((name, index) => labelText(values[index], name, metric.name));
    // The type of the metric decides which methods the child has, as the type of a definition does for a series.
    return seriesOn(metric, texts, failed) as object as S;
  };
  const failed = (call: Call, reason: string, error: unknown): undefined => {
    reportingRegistryOf(call).recordingFailed(metric.name, reason, error);
    return undefined;
  };
  const bound = sources.values === undefined ? undefined : childOf(sources.values);
  return {
    sources,
    // Code of another library, which may throw.
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

function seriesOn(metric: ClientMetric, values: string[], failed: Failed): ExemplarChild {
  const { enableExemplars, labelNames, type } = metric;
  if (enableExemplars === true && type !== 'gauge') {
    // With exemplars enabled, the methods take an object instead of a number.
    const labels = Object.fromEntries(labelNames.map((name, index) => [name, values[index]]));
    return {
      inc: (value = 1, ...exemplar) => metric.inc({ labels, value, ...clientExemplar(exemplar, failed) }),
      observe: repeated((value, exemplar) =>
        metric.observe({ labels, value, ...clientExemplar(exemplar, failed) }),
      ),
    };
  }
  const child = metric.labels(...values);
  return type === 'counter' || type === 'gauge'
    ? child
    : { observe: repeated((value) => child.observe(value)) };
}

/** The methods of a child, which take an exemplar as those of our series do. */
interface ExemplarChild {
  inc?(value?: number, ...exemplar: GivenExemplar): void;
  observe?(value: number, weight?: number, ...exemplar: GivenExemplar): void;
}

/** prom-client has no weighted observation: a sampled call is observed once for each call that it represents. */
function repeated(
  observe: (value: number, exemplar: GivenExemplar) => void,
): (value: number, weight?: number, ...exemplar: GivenExemplar) => void {
  return (value, weight = 1, ...exemplar) => {
    for (let count = 0; count < weight; count += 1) observe(value, exemplar);
  };
}

/** The option `exemplar` of a decorator, and the call. */
type GivenExemplar = readonly [source?: (call: Call) => ExemplarLabels | undefined, call?: Call];

/** Counts a failed recording in the registry of the call. */
type Failed = (call: Call, reason: string, error: unknown) => void;

/** The property `exemplarLabels` of a recording. An error is contained, since the recording itself is valid. */
function clientExemplar([source, given]: GivenExemplar, failed: Failed): object {
  if (source === undefined) return {};
  // With a source, the call is given, too.
  const call = given as Call;
  try {
    const exemplarLabels = checkedExemplar(source(call));
    return Object.keys(exemplarLabels).length === 0 ? {} : { exemplarLabels };
  } catch (error) {
    failed(call, 'exemplar', error);
    return {};
  }
}
