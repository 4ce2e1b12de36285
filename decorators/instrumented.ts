/** `@Instrumented`: what all methods of a class have in common. */
import { metricsError, nearest, shown } from '../lib/errors.js';
import type { AnyRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { Counted } from './counted.js';
import type { AnyClass } from './metadata.js';
import { checkParentheses } from './method-decorator.js';
import { checkFunctionOption, checkOptionNames } from './metric-decorator.js';
import { claimMethods, isInstrumented, methodOn } from './observed-functions.js';
import { type SharedSource, setClassSettings } from './recording/class-settings.js';
import { checkedRegistry } from './recording/registry-binding.js';
import { Timed } from './timed.js';
import { TracksGauge } from './tracks-gauge.js';

export interface InstrumentedOptions<Instance> {
  /** Labels that the sources `fromClass('name')` of its methods find: values, or functions of the call. */
  labels?: Readonly<Record<string, SharedSource>>;
  /** Where its methods record, unless they say otherwise: the same for all, or by instance. Default: `sharedRegistry`. */
  registry?: AnyRegistry | ((instance: Instance) => AnyRegistry);
  /**
   * Methods to instrument that carry no decorator: `true` for all its own, static ones and symbol keys included, or a
   * list. They get `@Counted()`, `@Timed()` and `@TracksGauge()`. Getters, setters, fields and the constructor are left
   * alone. Default: none.
   */
  methods?: true | readonly (keyof Instance | string | symbol)[];
  /**
   * Whether a call that returned has failed all the same, for all decorators of its methods that do not say so themselves.
   * As `failure` of `@Counted`.
   */
  failure?: (call: Call<Instance>) => boolean;
  /** What the `class` label says, for minified builds. Default: the name in the code. */
  name?: string;
}

/** What is used of a `ClassDecoratorContext`, which TypeScript has for classes with a public constructor only. */
interface ClassContext {
  readonly kind: 'class';
  readonly name: string | undefined;
}

/**
 * Gives the methods of a class, static and `#private` ones included, shared labels and a registry. Subclasses inherit
 * both, and what they say themselves wins.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a class, ERR_METRICS_INVALID_OPTION for an
 *   unknown option or method
 * @example
 * \@Instrumented({ labels: { provider: 'claude' }, registry })
 * class ClaudeProvider {
 *   \@Counted(aiRateLimits, { labels: { provider: fromClass('provider') } })
 *   limited(): void {}
 * }
 */
export function Instrumented<Class extends AnyClass>(
  options: InstrumentedOptions<Class['prototype']> = {},
): (target: Class, context?: ClassContext) => void {
  checkParentheses('Instrumented', [options]);
  checkOptions(options);
  const { labels = {}, registry, methods, name, failure } = options;
  return (target, context) => {
    checkTarget(target, context);
    // Bundlers rename classes, and hand the name in the source to standard decorators.
    const sourceName = context?.name;
    setClassSettings(target, {
      labels: Object.freeze({ ...labels }),
      registry: registry as AnyRegistry | undefined,
      name: name ?? sourceName,
      failure: failure as ((call: Call) => boolean) | undefined,
    });
    if (methods !== undefined)
      for (const [holder, key] of chosenMethods(target, methods)) instrumentMethod(holder, key);
    claimMethods(target, ({ bind }) => {
      if (registry !== undefined) bind?.(typeof registry === 'function' ? undefined : registry);
    });
  };
}

function checkOptions(options: InstrumentedOptions<never>): void {
  if (typeof options !== 'object' || options === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid argument of @Instrumented: expected options or nothing, received ${shown(options)}.`,
    );
  }
  checkOptionNames('Instrumented', options, ['labels', 'registry', 'methods', 'name', 'failure']);
  const { labels, registry, methods, name, failure } = options;
  checkFunctionOption('Instrumented', 'failure', failure);
  if (registry !== undefined && typeof registry !== 'function') checkedRegistry('Instrumented', registry);
  if (labels !== undefined && (typeof labels !== 'object' || labels === null)) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`labels\` of @Instrumented: expected an object, received ${shown(labels)}.`,
    );
  }
  if (methods !== undefined && methods !== true && !Array.isArray(methods)) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`methods\` of @Instrumented: expected true or a list of names, received ${shown(methods)}.`,
    );
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`name\` of @Instrumented: expected the name of the class, received ${shown(name)}.`,
    );
  }
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

/** The undecorated methods to instrument, with what they stand on. */
function chosenMethods(
  target: AnyClass,
  methods: true | readonly PropertyKey[],
): [holder: object, key: string | symbol][] {
  const own = [target.prototype, target].flatMap((holder) =>
    Reflect.ownKeys(holder)
      .filter((key) => methodOn(holder, key) !== undefined)
      .map((key): [object, string | symbol] => [holder, key]),
  );
  if (methods !== true) {
    for (const method of methods) {
      if (own.some(([, key]) => key === method)) continue;
      const meant =
        typeof method === 'string'
          ? nearest(
              method,
              own.map(([, key]) => key).filter((key) => typeof key === 'string'),
            )
          : undefined;
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Unknown method \`${String(method)}\` in \`methods\` of @Instrumented on \`${target.name}\`: expected methods of its own.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
      );
    }
  }
  return own.filter(
    ([holder, key]) => !isInstrumented(methodOn(holder, key)) && (methods === true || methods.includes(key)),
  );
}

function instrumentMethod(holder: object, key: string | symbol): void {
  const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
  if (descriptor === undefined) return;
  // As legacy decorators do it, whatever the mode: the class is at hand.
  for (const decorator of [TracksGauge(), Counted(), Timed()] as unknown as readonly ((
    ...at: unknown[]
  ) => void)[])
    decorator(holder, key, descriptor);
  Reflect.defineProperty(holder, key, descriptor);
}
