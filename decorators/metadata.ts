/**
 * The metrics of each method, stored with reflect-metadata on the functions themselves, which works in both decorator modes.
 * The `no-conflict` entry adds no functions to `Reflect`, and shares its store with a `reflect-metadata` that the application
 * loads.
 */
import { defineMetadata, getOwnMetadata, getOwnMetadataKeys } from 'reflect-metadata/no-conflict';
import type { MetricDefinition } from '../lib/definition.js';
import { processWideSymbol } from '../lib/process-wide.js';

/** One metric of one method. */
export interface MethodMetric {
  /** Name of the decorator, for example `Counted`. */
  readonly decorator: string;
  /** The definition that the decorator was given; the default one if it was given none. */
  readonly definition: MetricDefinition;
  /** Values of the labels that are the same for every call, as text. */
  readonly staticLabels: Readonly<Record<string, string>>;
}

/** One instrumented method of a class. */
export interface InstrumentedMethod {
  /** The key of the method. */
  readonly method: string | symbol;
  /** Whether the method is static. */
  readonly static: boolean;
  /** From the innermost decorator, the one nearest to the method, to the outermost. */
  readonly metrics: readonly MethodMetric[];
}

/** Any class, also an abstract one or one with a private constructor. */
export type AnyClass = {
  /** Its instance methods. */
  readonly prototype: object;
  /** Its name in the code. */
  readonly name: string;
};

const metricsKey = processWideSymbol('metrics of a method');

/**
 * Lists the decorated methods of a class and the metrics of each: own methods and inherited ones that are not overridden,
 * instance methods first. `#private` methods are left out, since they cannot be seen from outside the class.
 * @example
 * for (const { method, metrics } of getInstrumentation(ClaudeProvider))
 *   console.log(method, metrics.map(({ definition }) => definition.name));
 */
export function getInstrumentation(target: AnyClass): InstrumentedMethod[] {
  return [...methodsOf(target.prototype, false), ...methodsOf(target, true)];
}

/** The metrics of one function, innermost first. */
export function metricsOf(method: object): readonly MethodMetric[] {
  const kept = metadataStores().map((store) => store.getOwnMetadata(metricsKey, method));
  return kept.find(Array.isArray) ?? [];
}

/** Stores the metrics of a function. */
export function setMetrics(method: object, metrics: readonly MethodMetric[]): void {
  const [store] = metadataStores();
  store?.defineMetadata(metricsKey, Object.freeze(metrics.map((metric) => Object.freeze(metric))), method);
}

/** Gives `wrapper` the name, length, own properties, prototype and Reflect metadata of `original`. */
export function takeOver(wrapper: object, original: object): void {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Reflect.defineProperty(wrapper, key, descriptor);
  }
  let hasAllMetadata = true;
  for (const store of metadataStores()) {
    const keys = store.getOwnMetadataKeys?.(original);
    if (keys === undefined) hasAllMetadata = false;
    else for (const key of keys) store.defineMetadata(key, store.getOwnMetadata(key, original), wrapper);
  }
  // Frameworks check whether a handler is an async function by its prototype. Metadata that cannot be listed is inherited.
  Reflect.setPrototypeOf(wrapper, hasAllMetadata ? Reflect.getPrototypeOf(original) : original);
}

interface MetadataStore {
  readonly defineMetadata: (key: unknown, value: unknown, target: object) => void;
  readonly getOwnMetadata: (key: unknown, target: object) => unknown;
  /** Missing in `@abraham/reflection`. */
  readonly getOwnMetadataKeys?: (target: object) => unknown[];
}

const noConflict: MetadataStore = { defineMetadata, getOwnMetadata, getOwnMetadataKeys };

// It delegates to a polyfill that was loaded before it, and throws if that polyfill lacks a function.
let isNoConflictUsable = true;
try {
  getOwnMetadataKeys({});
} catch {
  isNoConflictUsable = false;
}

/** The store of the application comes first: it may be loaded at any time, and may be the one that `no-conflict` shares. */
function metadataStores(): MetadataStore[] {
  const { defineMetadata: define, getOwnMetadata: get } = Reflect as object as Partial<MetadataStore>;
  const hasPolyfill = typeof define === 'function' && typeof get === 'function';
  return [
    ...(hasPolyfill ? [Reflect as object as MetadataStore] : []),
    ...(isNoConflictUsable ? [noConflict] : []),
  ];
}

function methodsOf(holder: object, isStatic: boolean): InstrumentedMethod[] {
  const methods: InstrumentedMethod[] = [];
  const seen = new Set<string | symbol>();
  for (let at: object | null = holder; at !== null; at = Reflect.getPrototypeOf(at)) {
    for (const method of Reflect.ownKeys(at)) {
      if (seen.has(method)) continue;
      seen.add(method);
      // Read through the descriptor, so that getters are not called.
      const value: unknown = Reflect.getOwnPropertyDescriptor(at, method)?.value;
      const metrics = typeof value === 'function' ? metricsOf(value) : [];
      if (metrics.length > 0) methods.push({ method, static: isStatic, metrics });
    }
  }
  return methods;
}
