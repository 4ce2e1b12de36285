/** What `@Instrumented` says of a class: the registry of its methods, their shared labels, and its name. */

import { processWide } from '../../lib/process-wide.js';
import type { AnyRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import { type CallSite, ownerOf } from '../declaration.js';

export interface ClassSettings {
  readonly labels: Readonly<Record<string, SharedSource>>;
  readonly registry: AnyRegistry | ((instance: never) => AnyRegistry) | undefined;
  readonly name: string | undefined;
  readonly failure: ((call: Call) => boolean) | undefined;
}

type SharedValue = string | number | boolean;
export type SharedSource = SharedValue | ((call: Call) => SharedValue);

const settingsByClass = processWide('class settings', () => new WeakMap<object, ClassSettings>());
const all = processWide('all class settings', () => ({ version: 0, hasFailure: false }));

/** Grows with every class that is given settings: what was found before may be out of date. 0: there are none. */
export function settingsVersion(): number {
  return all.version;
}

export function setClassSettings(target: object, settings: ClassSettings): void {
  settingsByClass.set(target, settings);
  all.version += 1;
  all.hasFailure ||= settings.failure !== undefined;
}

/** The name that a class is given, itself and not by a superclass. */
export function ownName(target: object): string | undefined {
  return settingsByClass.get(target)?.name;
}

/** The first setting that the class of a call or one of its superclasses has: a subclass's wins. */
export function settingOf<T>(
  call: CallSite,
  pick: (settings: ClassSettings) => T | undefined,
): T | undefined {
  for (let at = classOf(call); typeof at === 'function'; at = Reflect.getPrototypeOf(at)) {
    const settings = settingsByClass.get(at);
    const picked = settings === undefined ? undefined : pick(settings);
    if (picked !== undefined) return picked;
  }
  return undefined;
}

/** Whether any class takes results for failures: most programs have none, and look no class up. */
export const hasClassFailures = (): boolean => all.hasFailure;

/** Whether the class of a call takes its result for a failure. Throws what `failure` throws. */
export function failsByClass(call: Call): boolean {
  return settingOf(call, ({ failure }) => failure)?.(call) === true;
}

/** The registry of the class of a call; `undefined` where it has none. */
export function registryOf(call: Call): AnyRegistry | undefined {
  const registry = settingOf(call, (settings) => settings.registry);
  return typeof registry === 'function' ? registry(call.instance as never) : registry;
}

/**
 * A label source: the label that `@Instrumented({ labels })` gives the class of the call, a subclass's before that of its
 * superclass, `fallback` where there is none.
 * @param fallback default: empty, which is an absent label
 * @example
 * \@Instrumented({ labels: { provider: 'claude' } })
 * class ClaudeProvider {
 *   \@Counted(aiRateLimits, { labels: { provider: fromClass('provider') } })
 *   limited(): void {}
 * }
 */
export function fromClass(name: string, fallback = ''): (call: Call) => string {
  return (call) => {
    const source = settingOf(call, ({ labels }) => (Object.hasOwn(labels, name) ? labels[name] : undefined));
    return String((typeof source === 'function' ? source(call) : source) ?? fallback);
  };
}

/** The class that a call belongs to. */
export function classOf(call: CallSite): unknown {
  const owner = ownerOf(call);
  return typeof owner === 'object' && owner !== null ? owner.constructor : owner;
}
