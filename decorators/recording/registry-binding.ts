/** Finds the registry in which a decorator records. */
import type { MetricDefinition } from '../../lib/definition.js';
import { invalidOption } from '../../lib/option-names.js';
import type { AnyRegistry } from '../../lib/registry.js';
import { MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import { type Declaration, declarationOf, declaredBy, prototypeOf } from '../declaration.js';
import { type ClassSettings, settingOf, settingsVersion } from './class-settings.js';

/** The state of a decorator for one registry. */
export interface RegistryBinding {
  readonly registry: AnyRegistry;
}

export interface BindingFinder<B extends RegistryBinding> {
  readonly bindingOf: (call: Call) => B;
  /** As `bindingOf`, before there is a call. Missing if `registry` is a function of the instance, which runs once per call. */
  readonly bindingAt?: (instance: unknown, declaration: Declaration | undefined) => B | undefined;
  /** Binds in the registry of the class only. */
  readonly bind: (registry: AnyRegistry | undefined) => void;
  /** Binds once the class is defined, instead of at the first call. */
  readonly bindSoon: () => void;
  /** The only binding, if one registry is given for all calls. */
  readonly fixed?: B;
}

/**
 * Finds the binding of a call: in the registry of the option, else of the class, else in the shared one.
 * @param registry the option: a registry, or a function of the instance
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
  // Reports a conflict at class definition, as with a registry of the option.
  for (const definition of definitions) sharedRegistry.checkConflict(definition);
  let shared: B | undefined;
  const bindShared = (): B => {
    shared ??= bindingIn(sharedRegistry);
    return shared;
  };
  let claimed = false;
  // Nearly every call has the same class as the one before.
  let lastPrototype: unknown;
  let lastDeclaration: Declaration | undefined;
  let lastBinding: B | undefined;
  let lastVersion = 0;
  /** `undefined` if each instance has a registry of its own. */
  const bindingAt = (instance: unknown, declaration: Declaration | undefined): B | undefined => {
    const version = settingsVersion();
    if (version === 0) return bindShared();
    const prototype = prototypeOf(instance);
    if (
      lastBinding !== undefined &&
      prototype === lastPrototype &&
      declaration === lastDeclaration &&
      version === lastVersion
    )
      return lastBinding;
    const found = registryAt(instance, declaration);
    // A registry function may return another registry for each instance: not cached.
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
      // In a microtask the class is defined, and `@Instrumented` has set another registry if there is one.
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

/** The registry of the class of a call, or its function of the instance. */
function registryAt(instance: unknown, declaration: Declaration | undefined): ClassSettings['registry'] {
  return settingOf({ instance, ...{ [declaredBy]: declaration } }, ({ registry }) => registry);
}

/** @throws ERR_METRICS_INVALID_OPTION for anything but a `MetricsRegistry` */
export function checkedRegistry(decorator: string, registry: unknown): AnyRegistry {
  if (registry instanceof MetricsRegistry) return registry;
  const expected = 'a MetricsRegistry or a function of the instance that returns one';
  throw invalidOption(`@${decorator}`, 'registry', expected, registry);
}
