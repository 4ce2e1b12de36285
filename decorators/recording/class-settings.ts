/** The settings that `@Instrumented` gives a class: registry, shared labels, `failure` and name. */
import { processWide } from '../../lib/process-wide.js';
import { type AnyRegistry, MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import { type CallSite, ownerOf } from '../declaration.js';

export interface ClassSettings {
  readonly labels: Readonly<Record<string, SharedLabelSource>>;
  readonly registry: AnyRegistry | ((instance: never) => AnyRegistry) | undefined;
  readonly name: string | undefined;
  readonly failure: ((call: Call) => boolean) | undefined;
}

/** A value of a shared label. */
export type SharedLabelValue = string | number | boolean;

/** A shared label of `@Instrumented`: a value, or a function of the call. */
export type SharedLabelSource = SharedLabelValue | ((call: Call) => SharedLabelValue);

const settingsByClass = processWide('class settings', () => new WeakMap<object, ClassSettings>());
const all = processWide('all class settings', () => ({ version: 0, hasFailure: false }));

/** Increases with every class that gets settings, so that caches can be invalidated. 0: no class has settings. */
export function settingsVersion(): number {
  return all.version;
}

export function setClassSettings(target: object, settings: ClassSettings): void {
  settingsByClass.set(target, settings);
  all.version += 1;
  all.hasFailure ||= settings.failure !== undefined;
}

/** The name given to a class itself, not to a superclass. */
export function ownName(target: object): string | undefined {
  return settingsByClass.get(target)?.name;
}

/** A setting of the class of a call, else of its nearest superclass that has it. */
export function settingOf<T>(
  call: CallSite,
  pick: (settings: ClassSettings) => T | undefined,
): T | undefined {
  if (all.version === 0) return undefined;
  for (let at = classOf(call); typeof at === 'function'; at = Reflect.getPrototypeOf(at)) {
    const settings = settingsByClass.get(at);
    const picked = settings === undefined ? undefined : pick(settings);
    if (picked !== undefined) return picked;
  }
  return undefined;
}

/** Whether any class has the setting `failure`. If not, no class is looked up. */
export const hasClassFailures = (): boolean => all.hasFailure;

/** Whether the class of a call counts its result as a failure. Throws what `failure` throws. */
export function failsByClass(call: Call): boolean {
  return settingOf(call, ({ failure }) => failure)?.(call) === true;
}

/** The registry of the class of a call; `undefined` if it has none. */
function registryOf(call: Call): AnyRegistry | undefined {
  const registry = settingOf(call, (settings) => settings.registry);
  return typeof registry === 'function' ? registry(call.instance as never) : registry;
}

/** Where an error of a call is reported: the registry of its class, or the shared one if the class has none, or fails to return one. */
export function reportingRegistryOf(call: Call): AnyRegistry {
  try {
    const registry: unknown = registryOf(call);
    return registry instanceof MetricsRegistry ? registry : sharedRegistry;
  } catch {
    return sharedRegistry;
  }
}

/** The class that a call belongs to. */
export function classOf(call: CallSite): unknown {
  const owner = ownerOf(call);
  return typeof owner === 'object' && owner !== null ? owner.constructor : owner;
}
