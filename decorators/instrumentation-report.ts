/** Which methods carry no metric: for tests that hold a service to its instrumentation. */
import { type AnyClass, getInstrumentation } from './metadata.js';
import { nameOf } from './method-site.js';
import { methodOn } from './observed-functions.js';

/** One public method of a class. */
export interface ReportedMethod {
  readonly class: string;
  readonly method: string;
  readonly static: boolean;
  /** Names of its metrics; none where it carries no decorator. */
  readonly metrics: readonly string[];
}

export interface InstrumentationReport {
  readonly methods: readonly ReportedMethod[];
  /** Those that carry no metric, as `Class.method`. */
  readonly uninstrumented: readonly string[];
  /** The methods as a table for people. */
  toString(): string;
}

/**
 * Reports on the own public methods of classes: what is no getter, field, constructor or `#private` method.
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
  return [target.prototype, target].flatMap((holder) =>
    Reflect.ownKeys(holder)
      .filter((key) => methodOn(holder, key) !== undefined)
      .map((key): ReportedMethod => {
        const isStatic = holder === target;
        const found = instrumented.find((entry) => entry.method === key && entry.static === isStatic);
        const metrics = (found?.metrics ?? []).map(({ definition }) => definition.name);
        return {
          class: nameOf(target),
          method: typeof key === 'symbol' ? `[${key.description ?? 'symbol'}]` : key,
          static: isStatic,
          metrics,
        };
      }),
  );
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
