/** From the arguments of `@Counted`, `@Timed` or `@TracksGauge` to a decorator: what the three share. */
import type { LabelShape, MetricDefinition } from '../lib/definition.js';
import { metricsError, nearest, shown } from '../lib/errors.js';
import type { Series } from '../lib/instruments/branch.js';
import type { MetricsRegistry, StructuralRegistry } from '../lib/registry.js';
import { type LabelSources, outcome } from './label-sources.js';
import {
  type DualModeMethodDecorator,
  type Fixed,
  type FixedArgs,
  methodDecorator,
} from './method-decorator.js';
import type { Call, CallObserver } from './observed-call.js';
import { type Recorder, recorderFor } from './recorder.js';

/** The call of a decorated method as its label sources see it: typed from the method. */
export type CallOf<This, Args, Result> = Call<Fixed<This>, FixedArgs<Args>, Awaited<Fixed<Result>>>;

export interface RegistryOption {
  /** Where to record. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
}

/** Decorator options with sources for the labels of `L`; optional where the metric has no labels. */
export type OptionsFor<L extends LabelShape, C, Own> = keyof L extends never
  ? [options?: RegistryOption & Own & { labels?: Record<string, never> }]
  : [
      options: RegistryOption &
        Own & {
          /** A source for each label: a value, or a function of the call. */
          labels: LabelSources<L, C>;
        },
    ];

/** What makes one of the decorators. */
export interface MetricDecorator<S extends Series, Options> {
  /** Its name, for messages and metadata. */
  readonly decorator: string;
  /** The metric it takes when it is given none, labelled by class and method (and outcome). */
  readonly withoutMetric: MetricDefinition;
  /** Options of its own, beside `labels` and `registry`. */
  readonly ownOptions: readonly string[];
  /** What is done at the start and at the end of a call. Throws for unusable options. */
  readonly observer: (recorder: Recorder<S>, options: Options) => CallObserver;
}

/** Makes the decorator from what its user wrote: `()`, `(options)`, `(definition)` or `(definition, options)`. */
export function metricDecorator<
  S extends Series,
  Options extends object,
  This,
  Args extends unknown[],
  Result,
>(made: MetricDecorator<S, Options>, args: readonly unknown[]): DualModeMethodDecorator<This, Args, Result> {
  const { decorator, withoutMetric, observer } = made;
  const { definition, options } = readArguments(made, args);
  const { labels, registry } = options as {
    labels?: unknown;
    registry?: MetricsRegistry<StructuralRegistry>;
  };
  if (definition !== undefined) {
    const recorder = recorderFor<S>(decorator, definition, labels, registry);
    const { staticLabels } = recorder.sources;
    const observing = observer(recorder, options as Options);
    return methodDecorator({ decorator, definition, staticLabels }, () => observing);
  }
  return methodDecorator(
    { decorator, definition: withoutMetric, staticLabels: {} },
    ({ method, className }) => {
      const byMethod = {
        class: (call: Call) => className(call.instance),
        method,
        ...('outcome' in withoutMetric.labels ? { outcome } : {}),
      };
      return observer(recorderFor<S>(decorator, withoutMetric, byMethod, registry), options as Options);
    },
  );
}

function readArguments(
  {
    decorator,
    withoutMetric,
    ownOptions,
  }: Pick<MetricDecorator<never, never>, 'decorator' | 'withoutMetric' | 'ownOptions'>,
  [first, second]: readonly unknown[],
): { readonly definition: MetricDefinition | undefined; readonly options: object } {
  if (typeof first === 'function') {
    const member = first.name || 'anonymous';
    throw metricsError(
      'ERR_METRICS_INVALID_DECORATION',
      `@${decorator} was put on \`${member}\` without parentheses: expected \`@${decorator}()\`, received the function itself as its first argument.`,
    );
  }
  const definition = isDefinition(first) ? first : undefined;
  const options = (definition === undefined ? first : second) ?? {};
  if (definition !== undefined && definition.type !== withoutMetric.type) {
    throw metricsError(
      'ERR_METRICS_WRONG_TYPE',
      `@${decorator} cannot record on metric \`${definition.name}\`: expected a ${withoutMetric.type}, received a ${definition.type}.`,
    );
  }
  if (typeof options !== 'object') {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid argument of @${decorator}: expected a definition and options, received ${shown(options)}.`,
    );
  }
  const known = [...(definition === undefined ? [] : ['labels']), 'registry', ...ownOptions];
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const meant = nearest(option, known);
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Unknown option \`${option}\` of @${decorator}: expected some of ${known.join(', ')}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    );
  }
  return { definition, options };
}

function isDefinition(value: unknown): value is MetricDefinition {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'name' in value && 'labels' in value
  );
}
