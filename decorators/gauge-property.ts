/** `@TracksGauge` on a standard `accessor`, or on a property in legacy mode: the gauge follows its value. */
import { metricsError } from '../lib/errors.js';
import type { GaugeSeries } from '../lib/instruments/gauge.js';
import type { Call } from './call.js';
import { recorderOn } from './client-metric.js';
import { definesField } from './defined-fields.js';
import type { DualModeMethodDecorator } from './method-decorator.js';
import { isStandardContext } from './method-site.js';
import type { DecoratorArguments } from './metric-decorator.js';
import type { Recorder } from './recording/recorder.js';

/**
 * A decorator for methods, standard accessors and legacy properties: what `@TracksGauge` with a gauge returns. `Args` and
 * `Result` are inferred from methods only; if they were inferred from the value of an accessor too, TypeScript would match a
 * method against it.
 */
export type DualModeGaugeDecorator<This, Args extends unknown[], Result> = (
  ...at:
    | Parameters<DualModeMethodDecorator<This, Args, Result>>
    | [accessor: AccessorTarget, context: ClassAccessorDecoratorContext<This, unknown>]
    | [target: object, key: string | symbol]
) => void;

/** The getter and the setter of a decorated accessor of any class and type. */
export interface AccessorTarget {
  /** Reads the value. */
  get(this: never): unknown;
  /** Sets the value. */
  set(this: never, value: never): void;
}

/** Whether a decorator is applied to an accessor or a property. */
export function isProperty([first, second, third]: readonly unknown[]): boolean {
  if (isStandardContext(second)) return second.kind === 'accessor';
  if (typeof second !== 'string' && typeof second !== 'symbol') return false;
  // A legacy field has no descriptor, a legacy `accessor` one with both functions.
  if (third === undefined) return typeof first === 'object';
  return (
    typeof third === 'object' &&
    third !== null &&
    'get' in third &&
    'set' in third &&
    typeof third.get === 'function' &&
    typeof third.set === 'function'
  );
}

/** Decorates a property. @throws ERR_METRICS_INVALID_DECORATION if no gauge is given */
export function gaugeProperty(
  { definition, clientMetric, options }: DecoratorArguments,
  at: readonly unknown[],
): unknown {
  const [first, second, third] = at;
  const isStandard = isStandardContext(second);
  const name = isStandard ? second.name : second;
  if (definition === undefined) {
    throw metricsError(
      'ERR_METRICS_INVALID_DECORATION',
      `@TracksGauge() cannot decorate \`${String(name)}\`: expected a method, received a property. Give it the gauge that follows the property.`,
    );
  }
  const recorder = recorderOn<GaugeSeries>({
    decorator: 'TracksGauge',
    definition,
    clientMetric,
    labels: options.labels,
    registry: options.registry,
  });
  recorder.bindSoon();
  const { set } = options as { readonly set?: (call: Call) => number | undefined };
  const follow = (instance: unknown, value: unknown): void => {
    const call: Call = {
      instance,
      args: [value],
      result: value,
      error: undefined,
      outcome: 'success',
      abandoned: false,
    };
    const number = set === undefined ? (value as number | undefined) : recorder.amountOf(call, set);
    // An undefined property leaves the gauge unchanged.
    if (number !== undefined) setSeries(recorder, call, number);
  };
  if (isStandard) return standardAccessor(first as ClassAccessorDecoratorTarget<unknown, unknown>, follow);
  return third === undefined
    ? legacyProperty(first as object, second as PropertyKey, follow)
    : legacyAccessor(third as Required<PropertyDescriptor>, follow);
}

/** Sets the gauge of a call. An invalid value is counted as a failed recording and does not throw. */
export function setSeries({ seriesOf, failed }: Recorder<GaugeSeries>, call: Call, value: number): void {
  try {
    seriesOf(call)?.set(value);
  } catch (error) {
    failed(call, 'value', error);
  }
}

type Follow = (instance: unknown, value: unknown) => void;

function standardAccessor(
  { get, set }: ClassAccessorDecoratorTarget<unknown, unknown>,
  follow: Follow,
): ClassAccessorDecoratorResult<unknown, unknown> {
  return {
    get,
    set(this: unknown, value: unknown) {
      set.call(this, value);
      follow(this, value);
    },
    init(this: unknown, value: unknown) {
      follow(this, value);
      return value;
    },
  };
}

function legacyAccessor(descriptor: Required<PropertyDescriptor>, follow: Follow): PropertyDescriptor {
  const { set } = descriptor;
  descriptor.set = function followed(this: unknown, value: unknown) {
    set.call(this, value);
    follow(this, value);
  };
  return descriptor;
}

/**
 * The first assignment defines an own property of the instance, so that JSON, spread and comparisons see it as they see an
 * undecorated one.
 */
function legacyProperty(prototype: object, key: PropertyKey, follow: Follow): void {
  if (typeof key === 'string' && definesField(prototype.constructor, key)) throw hiddenByField(key);
  Object.defineProperty(prototype, key, {
    configurable: true,
    get: () => undefined,
    set(this: object, first: unknown) {
      followedProperty(this, key, first, follow);
    },
  });
}

function followedProperty(instance: object, key: PropertyKey, first: unknown, follow: Follow): void {
  let current = first;
  Object.defineProperty(instance, key, {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(this: object, value: unknown) {
      // An object that inherits from the instance gets its own property, as with an undecorated one.
      if (Object.prototype.isPrototypeOf.call(instance, this)) {
        followedProperty(this, key, value, follow);
        return;
      }
      current = value;
      follow(instance, value);
    },
  });
  follow(instance, first);
}

function hiddenByField(key: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_DECORATION',
    `@TracksGauge cannot follow the property \`${key}\`: expected a class that sets it, received one that defines it on each instance, where no decorator sees it. Write \`accessor ${key}\`, or set \`useDefineForClassFields: false\` in tsconfig.json.`,
  );
}
