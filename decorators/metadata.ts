/**
 * What is instrumented, kept with reflect-metadata on the functions themselves: it works in both decorator modes. Its
 * `no-conflict` entry adds no functions to `Reflect`, and shares its store with a `reflect-metadata` that the application loads.
 */
import { defineMetadata, getOwnMetadata, getOwnMetadataKeys } from 'reflect-metadata/no-conflict';
import type { MetricDefinition } from '../lib/definition.js';
import { processWideSymbol } from '../lib/process-wide.js';

/** One metric on one method. */
export interface MethodMetric {
  /** Name of the decorator, `Counted` for instance. */
  readonly decorator: string;
  readonly definition: MetricDefinition;
  /** The labels that are the same for every call, as text. */
  readonly staticLabels: Readonly<Record<string, string>>;
}

/** One instrumented method of a class. */
export interface InstrumentedMethod {
  readonly method: string | symbol;
  readonly static: boolean;
  /** From the innermost decorator, the one nearest to the method, to the outermost. */
  readonly metrics: readonly MethodMetric[];
}

/** Any class, abstract ones and those with a private constructor included. */
export type AnyClass = { readonly prototype: object; readonly name: string };

const metricsKey = processWideSymbol('metrics of a method');

/**
 * Which methods of a class carry which metrics: its own and the inherited ones it does not override, instance methods
 * first. A `#private` method cannot be seen from outside its class and is left out.
 */
export function getInstrumentation(target: AnyClass): InstrumentedMethod[] {
  return [...methodsOf(target.prototype, false), ...methodsOf(target, true)];
}

/** The metrics of one function, innermost first. */
export function metricsOf(method: object): readonly MethodMetric[] {
  const kept = metadataStores().map((store) => store.getOwnMetadata(metricsKey, method));
  return kept.find(Array.isArray) ?? [];
}

/** Notes the metrics of a function. */
export function setMetrics(method: object, metrics: readonly MethodMetric[]): void {
  const [store] = metadataStores();
  store?.defineMetadata(metricsKey, Object.freeze(metrics.map((metric) => Object.freeze(metric))), method);
}

/** Gives `wrapper` the name, length, own properties, prototype and Reflect metadata of `original`. */
export function takeOver(wrapper: object, original: object): void {
  for (const key of Reflect.ownKeys(original)) {
    // `prototype`, `caller` and `arguments` belong to the function itself.
    const existing = Reflect.getOwnPropertyDescriptor(wrapper, key);
    if (existing !== undefined && !existing.configurable) continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Reflect.defineProperty(wrapper, key, descriptor);
  }
  let hasAllMetadata = true;
  for (const store of metadataStores()) {
    const keys = store.getOwnMetadataKeys?.(original);
    if (keys === undefined) hasAllMetadata = false;
    else for (const key of keys) store.defineMetadata(key, store.getOwnMetadata(key, original), wrapper);
  }
  // So that a framework that asks for an async function finds one. Metadata that cannot be listed is inherited.
  Reflect.setPrototypeOf(wrapper, hasAllMetadata ? Reflect.getPrototypeOf(original) : original);
}

interface MetadataStore {
  readonly defineMetadata: (key: unknown, value: unknown, target: object) => void;
  readonly getOwnMetadata: (key: unknown, target: object) => unknown;
  /** `@abraham/reflection` has none. */
  readonly getOwnMetadataKeys?: (target: object) => unknown[];
}

const noConflict: MetadataStore = { defineMetadata, getOwnMetadata, getOwnMetadataKeys };

// It reads through a polyfill that was loaded before it, and throws where that one lacks a function.
let isNoConflictUsable = true;
try {
  getOwnMetadataKeys({});
} catch {
  isNoConflictUsable = false;
}

/** That of the application first, which may load it at any time and which may be the one that ours shares. */
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
  const end = isStatic ? Function.prototype : Object.prototype;
  for (let at: object | null = holder; at !== null && at !== end; at = Reflect.getPrototypeOf(at)) {
    for (const method of Reflect.ownKeys(at)) {
      if (seen.has(method)) continue;
      seen.add(method);
      // Read through the descriptor: a getter must not run.
      const value: unknown = Reflect.getOwnPropertyDescriptor(at, method)?.value;
      const metrics = typeof value === 'function' ? metricsOf(value) : [];
      if (metrics.length > 0) methods.push({ method, static: isStatic, metrics });
    }
  }
  return methods;
}
