/** `@Instrumented`: the settings that all methods of a class share. */
import { didYouMean, metricsError } from '../lib/errors.js';
import { checkOptionNames, invalidOption, type OptionNames } from '../lib/option-names.js';
import type { AnyRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { Counted } from './counted.js';
import type { AnyClass } from './metadata.js';
import { checkParentheses } from './method-decorator.js';
import { checkFunctionOption } from './metric-decorator.js';
import { claimMethods, type OwnFunction, observedBy, ownMethods } from './observed-functions.js';
import { type SharedLabelSource, setClassSettings } from './recording/class-settings.js';
import { checkedRegistry } from './recording/registry-binding.js';
import { Timed } from './timed.js';
import { TracksGauge } from './tracks-gauge.js';

/** The options of `@Instrumented`. */
export interface InstrumentedOptions<Instance> {
  /** Labels for the sources `fromClass('name')` of its methods: values, or functions of the call. Default: none. */
  labels?: Readonly<Record<string, SharedLabelSource>>;
  /**
   * The registry of methods whose decorator names none: one for all instances, or a function of the instance. Default:
   * `sharedRegistry`.
   */
  registry?: AnyRegistry | ((instance: Instance) => AnyRegistry);
  /**
   * Methods without a decorator that are instrumented too: a list of names, or `true` for all own methods, static ones and
   * those with symbol keys included. They get `@Counted()`, `@Timed()` and `@TracksGauge()`. Getters, setters, fields and
   * the constructor are never instrumented. Default: none.
   */
  methods?: true | readonly (keyof Instance | string | symbol)[];
  /**
   * Whether a call that returned failed nevertheless, as `failure` of `@Counted`. Applies to all decorators of the class,
   * presets included; `failure` of a decorator takes precedence. Default: no result is a failure.
   */
  failure?: (call: Call<Instance>) => boolean;
  /** Value of the `class` label, for minified builds. Default: the name of the class in the source. */
  name?: string;
}

/**
 * The members of a `ClassDecoratorContext` that are read. TypeScript's own type is limited to classes with a public
 * constructor.
 */
export interface ClassContext {
  /** Always `class`. */
  readonly kind: 'class';
  /** Name of the class in the source; `undefined` for an anonymous one. */
  readonly name: string | undefined;
}

/**
 * Sets the registry and the shared labels of the methods of a class, static and `#private` ones included. A subclass
 * inherits both; its own settings take precedence.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a class, ERR_METRICS_INVALID_OPTION for an
 *   unknown option or method
 * @example
 * \@Instrumented({ labels: { provider: 'claude' }, registry })
 * class ClaudeProvider {
 *   \@Counted(aiRateLimits, { labels: { provider: fromClass('provider') } })
 *   limited(): void {}
 * }
 * @see https://www.typescriptlang.org/docs/handbook/release-notes/typescript-5-0.html#decorators
 */
export function Instrumented<Class extends AnyClass>(
  options: InstrumentedOptions<Class['prototype']> = {},
): (target: Class, context?: ClassContext) => void {
  checkParentheses('Instrumented', [options]);
  checkOptions(options);
  const { labels = {}, registry, methods, name, failure } = options;
  return (target, context) => {
    checkTarget(target, context);
    // Bundlers rename classes, but pass the name in the source to standard decorators.
    const sourceName = context?.name;
    setClassSettings(target, {
      labels: Object.freeze({ ...labels }),
      registry: registry as AnyRegistry | undefined,
      name: name ?? sourceName,
      failure: failure as ((call: Call) => boolean) | undefined,
    });
    if (methods !== undefined) for (const method of chosenMethods(target, methods)) instrumentMethod(method);
    claimMethods(target, ({ bind }) => {
      if (registry !== undefined) bind?.(typeof registry === 'function' ? undefined : registry);
    });
  };
}

const optionNames = {
  labels: true,
  registry: true,
  methods: true,
  name: true,
  failure: true,
} satisfies OptionNames<InstrumentedOptions<never>>;

function checkOptions(options: InstrumentedOptions<never>): void {
  const where = '@Instrumented';
  checkOptionNames(where, options, optionNames);
  const { labels, registry, methods, name, failure } = options;
  checkFunctionOption('Instrumented', 'failure', failure);
  if (registry !== undefined && typeof registry !== 'function') checkedRegistry('Instrumented', registry);
  if (labels !== undefined && (typeof labels !== 'object' || labels === null))
    throw invalidOption(where, 'labels', 'an object', labels);
  if (methods !== undefined && methods !== true && !Array.isArray(methods))
    throw invalidOption(where, 'methods', 'true or a list of names', methods);
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw invalidOption(where, 'name', 'the name of the class', name);
}

function checkTarget(target: unknown, context: unknown): void {
  const kind =
    typeof context === 'object' && context !== null && 'kind' in context ? String(context.kind) : undefined;
  if (
    typeof target === 'function' &&
    (kind === undefined || kind === 'class') &&
    typeof context !== 'string' &&
    typeof context !== 'symbol'
  )
    return;
  const member =
    typeof context === 'object' && context !== null && 'name' in context
      ? String(context.name)
      : String(context);
  throw metricsError(
    'ERR_METRICS_INVALID_DECORATION',
    `@Instrumented cannot decorate \`${member}\`: expected a class, received a ${kind ?? 'member'}. Put it on the class, and @Counted, @Timed or @TracksGauge on its methods.`,
  );
}

/** The methods to instrument that have no decorator yet. */
function chosenMethods(target: AnyClass, methods: true | readonly PropertyKey[]): OwnFunction[] {
  const own = ownMethods(target);
  const keys = own.map(({ key }) => key);
  const unknown =
    methods === true ? undefined : methods.find((method) => !keys.some((key) => key === method));
  if (unknown !== undefined) {
    const names = keys.filter((key) => typeof key === 'string');
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Unknown method \`${String(unknown)}\` in \`methods\` of @Instrumented on \`${target.name}\`: expected methods of its own.${typeof unknown === 'string' ? didYouMean(unknown, names) : ''}`,
    );
  }
  return own.filter(
    ({ key, value }) => observedBy(value) === undefined && (methods === true || methods.includes(key)),
  );
}

function instrumentMethod({ holder, key }: OwnFunction): void {
  const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
  if (descriptor === undefined) return;
  // Applied as legacy decorators in both modes, since the class exists already.
  for (const decorator of [TracksGauge(), Counted(), Timed()] as unknown as readonly ((
    ...at: unknown[]
  ) => void)[])
    decorator(holder, key, descriptor);
  Reflect.defineProperty(holder, key, descriptor);
}
