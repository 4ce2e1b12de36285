/** Reports which methods have no metrics, for tests that require a service to be instrumented. */
import { type AnyClass, getInstrumentation } from './metadata.js';
import { nameOf } from './method-site.js';
import { ownMethods } from './observed-functions.js';

/** One public method of a class in an {@link InstrumentationReport}. */
export interface ReportedMethod {
  /** Name of the class. */
  readonly class: string;
  /** Name of the method; a symbol key in brackets. */
  readonly method: string;
  /** Whether the method is static. */
  readonly static: boolean;
  /** Names of its metrics; empty if the method has no decorator. */
  readonly metrics: readonly string[];
}

/** The result of {@link instrumentationReport}. */
export interface InstrumentationReport {
  /** All own public methods: by class, instance methods first. */
  readonly methods: readonly ReportedMethod[];
  /** The methods without a metric, as `Class.method`. */
  readonly uninstrumented: readonly string[];
  /** The methods and their metrics as a plain-text table. */
  toString(): string;
}

/**
 * Reports on the own public methods of classes. Getters, setters, fields, constructors and `#private` methods are left out.
 * @example
 * t.deepEqual(instrumentationReport([ClaudeProvider, GitHubPlatform]).uninstrumented, []);
 */
export function instrumentationReport(classes: readonly AnyClass[]): InstrumentationReport {
  const methods = classes.flatMap(reportedMethods);
  const uninstrumented = methods
    .filter(({ metrics }) => metrics.length === 0)
    .map((method) => `${method.class}.${method.method}`);
  return Object.freeze({ methods, uninstrumented, toString: () => table(methods) });
}

function reportedMethods(target: AnyClass): ReportedMethod[] {
  const instrumented = getInstrumentation(target);
  return ownMethods(target).map(({ holder, key }) => {
    const isStatic = holder === target;
    const found = instrumented.find((entry) => entry.method === key && entry.static === isStatic);
    const metrics = (found?.metrics ?? []).map(({ definition }) => definition.name);
    return {
      class: nameOf(target),
      method: typeof key === 'symbol' ? `[${key.description ?? 'symbol'}]` : key,
      static: isStatic,
      metrics,
    };
  });
}

function table(methods: readonly ReportedMethod[]): string {
  const rows = methods.map(
    (method) =>
      [
        `${method.static ? 'static ' : ''}${method.class}.${method.method}`,
        method.metrics.join(', ') || 'NONE',
      ] as const,
  );
  const width = Math.max('method'.length, ...rows.map(([name]) => name.length));
  return [['method', 'metrics'] as const, ...rows]
    .map(([name, metrics]) => `${name.padEnd(width)}  ${metrics}`)
    .join('\n');
}
