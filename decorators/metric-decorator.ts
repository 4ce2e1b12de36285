/** The implementation that `@Counted`, `@Timed` and `@TracksGauge` share: from their arguments to a decorator. */
import { isDefinition, type MetricDefinition, type MetricType } from '../lib/definition.js';
import { metricsError, shown } from '../lib/errors.js';
import type { Series } from '../lib/instruments/branch.js';
import type { LabelShape } from '../lib/label.js';
import { checkOptionNames, invalidOption, type OptionNames } from '../lib/option-names.js';
import type { AnyRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { type ClientMetric, clientDefinition, isClientMetric, recorderOn } from './client-metric.js';
import { checkErrorClasses, type ErrorClass, ignoring } from './error-classes.js';
import { type FailureOption, judging } from './failure-option.js';
import {
  checkParentheses,
  type DualModeMethodDecorator,
  methodDecorator,
  type NotInferred,
  type NotInferredArgs,
} from './method-decorator.js';
import type { MethodSite } from './method-site.js';
import { type CallObserver, erased } from './observed-call.js';
import { type LabelSources, outcome } from './recording/label-sources.js';
import { type Recorder, recorderFor } from './recording/recorder.js';

/** The {@link Call} of a decorated method as its label sources see it, typed from the method. */
export type CallOf<This, Args, Result> = Call<
  NotInferred<This>,
  NotInferredArgs<Args>,
  Awaited<NotInferred<Result>>
>;

/** Options of every decorator. */
export interface DecoratorOptions<This = unknown> {
  /**
   * The registry to record in: one for all instances, or a function of the instance. Default: the registry of
   * `@Instrumented`, else `sharedRegistry`.
   */
  registry?: AnyRegistry | ((instance: This) => AnyRegistry);
  /** Errors that are not failures: a call that ends with one of them counts as a success. Default: none. */
  ignore?: readonly ErrorClass[];
  /**
   * Whether the method itself handles rejections of the promise that it returns, as one that starts a background task does.
   * The caller then gets the same promise, and Node does not report a rejection that the caller leaves unhandled. Default:
   * false, the caller gets a promise chained to it and has to handle its rejections.
   */
  handlesRejections?: boolean;
}

/** Options of a decorator without a metric. */
export interface MetriclessOptions<This = unknown> extends DecoratorOptions<This> {
  /**
   * Values of the labels `class` and `method`, for minified builds: `Class.method`, or the method alone. Default: the names
   * in the code.
   */
  name?: string;
  /** Not an option: prevents a definition without its options from being accepted as options. */
  type?: never;
}

/** The options of a decorator with sources for the labels of `L`. The argument is optional if the metric has no labels. */
export type DecoratorOptionsFor<L extends LabelShape, C extends Call, Own> = keyof L extends never
  ? [options?: DecoratorOptions<C['instance']> & Own & { labels?: Record<string, never> }]
  : [
      options: DecoratorOptions<C['instance']> &
        Own & {
          /** A source for each label: a value, or a function of the call. */
          labels: LabelSources<L, C>;
        },
    ];

/** The parts in which the three decorators differ. */
export interface MetricDecorator<S extends Series, Options, Started = unknown> {
  /** The name of the decorator, for messages and metadata. */
  readonly decorator: string;
  /** The default metric, labelled by class and method (and outcome). */
  readonly withoutMetric: MetricDefinition;
  /** The options of this decorator alone. */
  readonly ownOptions: OptionNames<Omit<Options, keyof FailureOption<Call>>>;
  /** Accepted types of prom-client metrics. Default: the type of `withoutMetric`. */
  readonly clientTypes?: readonly MetricType[];
  /** Records the start and the end of a call. @throws ERR_METRICS_INVALID_OPTION */
  readonly observer: (recorder: Recorder<S>, options: Options) => CallObserver<Started>;
}

/** The arguments of a decorator: `()`, `(options)`, `(definition)` or `(definition, options)`. */
export interface DecoratorArguments {
  readonly definition: MetricDefinition | undefined;
  /** The prom-client metric that was given instead of a definition. */
  readonly clientMetric: ClientMetric | undefined;
  readonly options: {
    readonly labels?: unknown;
    readonly registry?: unknown;
    readonly ignore?: readonly ErrorClass[];
    readonly handlesRejections?: boolean;
    readonly name?: string;
    readonly failure?: (call: Call) => boolean;
  };
}

/** Makes a decorator from its arguments. */
export function metricDecorator<
  S extends Series,
  Options extends object,
  Started,
  This,
  Args extends unknown[],
  Result,
>(
  made: MetricDecorator<S, Options, Started>,
  { definition, clientMetric, options }: DecoratorArguments,
): DualModeMethodDecorator<This, Args, Result> {
  const { decorator, withoutMetric } = made;
  const { registry, ignore, handlesRejections, name, failure } = options;
  const observing = (recorder: Recorder<S>): CallObserver => {
    const observer = {
      ...erased(made.observer(recorder, options as Options)),
      isPlain: recorder.isBound && !hasUserCode(options),
      bind: recorder.bind,
      isOff: recorder.isOff,
      handlesRejections,
    };
    const ignorant = ignore === undefined ? observer : ignoring(observer, ignore);
    return failure === undefined ? ignorant : judging(ignorant, failure, recorder.failed);
  };
  if (definition !== undefined) {
    const recorder = recorderOn<S>({
      decorator,
      definition,
      clientMetric,
      labels: options.labels,
      registry,
    });
    const observer = observing(recorder);
    const { staticLabels } = recorder.sources;
    return methodDecorator([{ decorator, definition, staticLabels }], (site) => {
      bindSoon(recorder, site);
      return observer;
    });
  }
  return methodDecorator([{ decorator, definition: withoutMetric, staticLabels: {} }], (site) => {
    const labels = {
      ...siteLabels(decorator, site, name),
      ...('outcome' in withoutMetric.labels ? { outcome } : {}),
    };
    const recorder = recorderFor<S>({ decorator, definition: withoutMetric, labels, registry });
    bindSoon(recorder, site);
    return observing(recorder);
  });
}

/** Whether options hold code that recording would run: functions, and error classes, which may have `Symbol.hasInstance`. */
function hasUserCode(options: object): boolean {
  return Object.values(options).some((option) => typeof option === 'function' || Array.isArray(option));
}

/** A `#private` method binds at its first call: `@Instrumented`, which may set another registry, cannot find it before. */
function bindSoon(recorder: Recorder<Series>, site: MethodSite): void {
  if (!site.private) recorder.bindSoon();
}

/** @throws ERR_METRICS_INVALID_DECORATION, ERR_METRICS_WRONG_TYPE, ERR_METRICS_INVALID_OPTION */
export function readArguments(
  {
    decorator,
    withoutMetric,
    ownOptions,
    clientTypes = [withoutMetric.type],
  }: Pick<MetricDecorator<never, object>, 'decorator' | 'withoutMetric' | 'ownOptions' | 'clientTypes'>,
  args: readonly unknown[],
): DecoratorArguments {
  checkParentheses(decorator, args);
  const [first, second] = args;
  const clientMetric = isClientMetric(first) ? first : undefined;
  const definition =
    clientMetric === undefined ? (isDefinition(first) ? first : undefined) : clientDefinition(clientMetric);
  const options = (definition === undefined ? first : second) ?? {};
  const types = clientMetric === undefined ? [withoutMetric.type] : clientTypes;
  if (definition !== undefined && !types.includes(definition.type)) {
    throw metricsError(
      'ERR_METRICS_WRONG_TYPE',
      `@${decorator} cannot record on metric \`${definition.name}\`: expected a ${types.join(' or ')}, received a ${definition.type}.`,
    );
  }
  if (typeof options !== 'object' || isRecordable(options)) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid argument of @${decorator}: expected a definition or a prom-client metric, and options, received ${shown(options)}.`,
    );
  }
  const known = {
    [definition === undefined ? 'name' : 'labels']: true,
    // A prom-client metric is registered already.
    ...(clientMetric === undefined ? { registry: true } : {}),
    ignore: true,
    failure: true,
    handlesRejections: true,
    ...ownOptions,
  };
  checkOptionNames<object>(`@${decorator}`, options, known);
  const { ignore, exemplar, failure, name } = options as Readonly<Record<string, unknown>>;
  if (ignore !== undefined) checkErrorClasses(decorator, 'ignore', ignore);
  checkFunctionOption(decorator, 'exemplar', exemplar);
  checkFunctionOption(decorator, 'failure', failure);
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw invalidOption(`@${decorator}`, 'name', '`Class.method` or `method`', name);
  return { definition, clientMetric, options };
}

/** @throws ERR_METRICS_INVALID_OPTION for an option that is given and is not a function */
export function checkFunctionOption(decorator: string, name: string, option: unknown): void {
  if (option !== undefined && typeof option !== 'function')
    throw invalidOption(`@${decorator}`, name, 'a function of the call', option);
}

/** The error of an anonymous function without the option `name`: several such functions would share one series. */
export function anonymous(decorator: string, option: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `@${decorator} of \`instrument\` has no name to record: expected a function with a name, received an anonymous one. Name it, or write \`${decorator}({ ${option} })\`.`,
  );
}

/** The labels `class` and `method`: from the option `name`, else from the code. */
function siteLabels(
  decorator: string,
  { method, className }: MethodSite,
  name: string | undefined,
): Record<string, unknown> {
  if (name !== undefined) {
    const dot = name.lastIndexOf('.');
    return { class: dot > 0 ? name.slice(0, dot) : className, method: name.slice(dot + 1) };
  }
  if (method === '') throw anonymous(decorator, "name: 'plan'");
  return { class: className, method };
}

/** Whether a value is a metric of an unsupported library. */
function isRecordable(value: object): boolean {
  return ['inc', 'observe', 'set'].some(
    (name) => typeof Reflect.get(value, name) === 'function' && !Object.hasOwn(value, name),
  );
}
