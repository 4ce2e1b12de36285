/** From the arguments of `@Counted`, `@Timed` or `@TracksGauge` to a decorator: what the three share. */
import type { MetricDefinition, MetricType } from '../lib/definition.js';
import { metricsError, nearest, shown } from '../lib/errors.js';
import type { Series } from '../lib/instruments/branch.js';
import type { LabelShape } from '../lib/label.js';
import type { AnyRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { type ClientMetric, clientDefinition, isClientMetric, recorderOn } from './client-metric.js';
import { checkErrorClasses, type ErrorClass, ignoring } from './error-classes.js';
import { judging } from './failure-option.js';
import {
  checkParentheses,
  type DualModeMethodDecorator,
  type Fixed,
  type FixedArgs,
  methodDecorator,
} from './method-decorator.js';
import type { MethodSite } from './method-site.js';
import type { CallObserver } from './observed-call.js';
import { type LabelSources, outcome } from './recording/label-sources.js';
import { type Recorder, recorderFor } from './recording/recorder.js';

/** The call of a decorated method as its label sources see it: typed from the method. */
export type CallOf<This, Args, Result> = Call<Fixed<This>, FixedArgs<Args>, Awaited<Fixed<Result>>>;

/** Options of every decorator. */
export interface CommonOptions<This = unknown> {
  /** Where to record, the same for all or by instance. Default: the registry of `@Instrumented`, else `sharedRegistry`. */
  registry?: AnyRegistry | ((instance: This) => AnyRegistry);
  /** Errors that are no failures: a call that ends with one counts as success. */
  ignore?: readonly ErrorClass[];
  /**
   * Says that the method itself handles rejections of the promise that it returns, as one that starts a background task
   * does. The caller then gets that very promise; a rejection that nobody handles is not reported by Node. Default: false,
   * the caller gets a promise chained to it, whose rejections are the caller's to handle.
   */
  handlesRejections?: boolean;
}

/** Options of a decorator that is given no metric. */
export interface MetriclessOptions<This = unknown> extends CommonOptions<This> {
  /** What to say instead of the names in the code, for minified builds: `Class.method`, or the method alone. */
  name?: string;
  /** Not an option: keeps a definition whose options are missing from being taken for options. */
  type?: never;
}

/** Decorator options with sources for the labels of `L`; optional where the metric has no labels. */
export type OptionsFor<L extends LabelShape, C extends Call, Own> = keyof L extends never
  ? [options?: CommonOptions<C['instance']> & Own & { labels?: Record<string, never> }]
  : [
      options: CommonOptions<C['instance']> &
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
  /** Options of its own, beside those of all. */
  readonly ownOptions: readonly string[];
  /** Types of prom-client's metrics that it takes. Default: that of `withoutMetric`. */
  readonly clientTypes?: readonly MetricType[];
  /** What is done at the start and at the end of a call. Throws for unusable options. */
  readonly observer: (recorder: Recorder<S>, options: Options) => CallObserver;
}

/** What its user wrote: `()`, `(options)`, `(definition)` or `(definition, options)`. */
export interface DecoratorArguments {
  readonly definition: MetricDefinition | undefined;
  /** The metric of prom-client that was given in place of a definition. */
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

/** Makes the decorator from what its user wrote. */
export function metricDecorator<
  S extends Series,
  Options extends object,
  This,
  Args extends unknown[],
  Result,
>(
  made: MetricDecorator<S, Options>,
  { definition, clientMetric, options }: DecoratorArguments,
): DualModeMethodDecorator<This, Args, Result> {
  const { decorator, withoutMetric } = made;
  const { registry, ignore, handlesRejections, name, failure } = options;
  const observing = (recorder: Recorder<S>): CallObserver => {
    const observer = {
      ...made.observer(recorder, options as Options),
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

/** Functions, and the classes of errors, whose `Symbol.hasInstance` may be anyone's. */
function hasUserCode(options: object): boolean {
  return Object.values(options).some((option) => typeof option === 'function' || Array.isArray(option));
}

/** A `#private` method cannot be found by `@Instrumented`, which may name another registry: it binds at its first call. */
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
  }: Pick<MetricDecorator<never, never>, 'decorator' | 'withoutMetric' | 'ownOptions' | 'clientTypes'>,
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
      `Invalid argument of @${decorator}: expected a definition or a metric of prom-client, and options, received ${shown(options)}.`,
    );
  }
  checkOptionNames(decorator, options, [
    definition === undefined ? 'name' : 'labels',
    // A metric of prom-client has registered itself.
    ...(clientMetric === undefined ? ['registry'] : []),
    'ignore',
    'failure',
    'handlesRejections',
    ...ownOptions,
  ]);
  if ('ignore' in options && options.ignore !== undefined)
    checkErrorClasses(decorator, 'ignore', options.ignore);
  if ('failure' in options) checkFunctionOption(decorator, 'failure', options.failure);
  if (
    'name' in options &&
    options.name !== undefined &&
    (typeof options.name !== 'string' || options.name === '')
  ) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`name\` of @${decorator}: expected \`Class.method\` or \`method\`, received ${shown(options.name)}.`,
    );
  }
  return { definition, clientMetric, options };
}

/** @throws ERR_METRICS_INVALID_OPTION for an option that is not known, with the one that may be meant */
export function checkOptionNames(decorator: string, options: object, known: readonly string[]): void {
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const meant = nearest(option, known);
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Unknown option \`${option}\` of @${decorator}: expected some of ${known.join(', ')}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    );
  }
}

/** @throws ERR_METRICS_INVALID_OPTION for an option that is there and no function */
export function checkFunctionOption(decorator: string, name: string, option: unknown): void {
  if (option === undefined || typeof option === 'function') return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`${name}\` of @${decorator}: expected a function of the call, received ${shown(option)}.`,
  );
}

/** The error of a function that has no name and is given none: several of them would share one series. */
export function anonymous(decorator: string, option: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `@${decorator} of \`instrument\` has no name to record: expected a function with a name, received an anonymous one. Name it, or write \`${decorator}({ ${option} })\`.`,
  );
}

/** Where a method stands, as labels: by the name its user gives, or by the code. */
function siteLabels(
  decorator: string,
  { method, className }: MethodSite,
  name: string | undefined,
): Record<string, unknown> {
  if (name === undefined && method === '') throw anonymous(decorator, "name: 'plan'");
  const dot = name?.lastIndexOf('.') ?? -1;
  return {
    class: name !== undefined && dot > 0 ? name.slice(0, dot) : className,
    method: name === undefined ? method : name.slice(dot + 1),
  };
}

/** A metric, but of no library that is known here. */
function isRecordable(value: object): boolean {
  return ['inc', 'observe', 'set'].some(
    (name) => typeof Reflect.get(value, name) === 'function' && !Object.hasOwn(value, name),
  );
}

function isDefinition(value: unknown): value is MetricDefinition {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'name' in value && 'labels' in value
  );
}
