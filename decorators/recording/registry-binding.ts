/** Which registry a decorator records in. */
import type { MetricDefinition } from '../../lib/definition.js';
import { metricsError, shown } from '../../lib/errors.js';
import type { AnyRegistry } from '../../lib/registry.js';
import { MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import { type Declaration, declarationOf, declaredBy, prototypeOf } from '../declaration.js';
import { type ClassSettings, settingOf, settingsVersion } from './class-settings.js';

/** What a decorator keeps for each registry that it records in. */
export interface RegistryBinding {
  readonly registry: AnyRegistry;
}

export interface BindingFinder<B extends RegistryBinding> {
  readonly bindingOf: (call: Call) => B;
  /** As `bindingOf`, before there is a call. Missing where the user gives a registry by instance, and is asked once a call. */
  readonly bindingAt?: (instance: unknown, declaration: Declaration | undefined) => B | undefined;
  /** Makes ready in the registry of its class, and in no other. */
  readonly bind: (registry: AnyRegistry | undefined) => void;
  /** Binds when the class is defined; without it, at the first call. */
  readonly bindSoon: () => void;
  /** The only binding there is, where one registry is given for all. */
  readonly fixed?: B;
}

/**
 * Finds the registry that a call records in, and what is bound to it: the one that is given, for all or by instance, else
 * that of the class, else the shared one.
 * @param registry as its user gave it
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_DEFINITION_CONFLICT
 */
export function bindingFinder<B extends RegistryBinding>(
  decorator: string,
  definitions: readonly MetricDefinition[],
  registry: unknown,
  bindingIn: (registry: AnyRegistry) => B,
): BindingFinder<B> {
  if (registry instanceof MetricsRegistry) {
    const binding = bindingIn(registry);
    return {
      bindingOf: () => binding,
      bindingAt: () => binding,
      bind: () => {},
      bindSoon: () => {},
      fixed: binding,
    };
  }
  if (typeof registry === 'function') {
    return {
      bindingOf: (call) => bindingIn(checkedRegistry(decorator, registry(call.instance))),
      bind: () => {},
      bindSoon: () => {},
    };
  }
  if (registry !== undefined) checkedRegistry(decorator, registry);
  return byClass(definitions, bindingIn);
}

/** The registry of the class, else the shared one. */
function byClass<B extends RegistryBinding>(
  definitions: readonly MetricDefinition[],
  bindingIn: (registry: AnyRegistry) => B,
): BindingFinder<B> {
  // A conflict is reported at class definition, as it is with a registry that is given.
  for (const definition of definitions) sharedRegistry.checkConflict(definition);
  let shared: B | undefined;
  const bindShared = (): B => {
    shared ??= bindingIn(sharedRegistry);
    return shared;
  };
  let claimed = false;
  // Nearly every call has the class of the one before.
  let lastPrototype: unknown;
  let lastDeclaration: Declaration | undefined;
  let lastBinding: B | undefined;
  let lastVersion = 0;
  /** `undefined` where each instance has a registry of its own. */
  const bindingAt = (instance: unknown, declaration: Declaration | undefined): B | undefined => {
    const version = settingsVersion();
    if (version === 0) return shared ?? bindShared();
    const prototype = prototypeOf(instance);
    if (
      lastBinding !== undefined &&
      prototype === lastPrototype &&
      declaration === lastDeclaration &&
      version === lastVersion
    )
      return lastBinding;
    const found = registryAt(instance, declaration);
    // A registry of the instance differs from call to call of one class: it is never the last.
    if (typeof found === 'function') return undefined;
    lastBinding = found === undefined ? bindShared() : bindingIn(found);
    lastPrototype = prototype;
    lastDeclaration = declaration;
    lastVersion = version;
    return lastBinding;
  };
  return {
    bindingAt,
    bindingOf: (call) => {
      const { instance } = call;
      const declaration = declarationOf(call);
      const binding = bindingAt(instance, declaration);
      if (binding !== undefined) return binding;
      const found = registryAt(instance, declaration) as (instance: never) => unknown;
      return bindingIn(checkedRegistry('Instrumented', found(instance as never)));
    },
    bind: (registry) => {
      claimed = true;
      if (registry !== undefined) bindingIn(registry);
    },
    bindSoon: () =>
      // By then the class is defined, and `@Instrumented` has said whether another registry is meant.
      queueMicrotask(() => {
        if (claimed) return;
        try {
          bindShared();
        } catch (error) {
          sharedRegistry.recordingFailed(definitions[0]?.name ?? '', 'definition', error);
        }
      }),
  };
}

/** The registry of the class of a call, or what gives the one of an instance. */
function registryAt(instance: unknown, declaration: Declaration | undefined): ClassSettings['registry'] {
  return settingOf({ instance, ...{ [declaredBy]: declaration } }, ({ registry }) => registry);
}

/** @throws ERR_METRICS_INVALID_OPTION for what is no registry of ours */
export function checkedRegistry(decorator: string, registry: unknown): AnyRegistry {
  if (registry instanceof MetricsRegistry) return registry;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`registry\` of @${decorator}: expected a MetricsRegistry or a function of the instance that gives one, received ${shown(registry)}.`,
  );
}
