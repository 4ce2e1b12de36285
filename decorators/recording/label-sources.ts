/** Where the labels of a recording come from: a value, or a function of the call. */
import type { MetricDefinition } from '../../lib/definition.js';
import { errorName } from '../../lib/error-labels.js';
import { metricsError, shown } from '../../lib/errors.js';
import type { LabelInput, LabelShape } from '../../lib/label.js';
import type { Outcome } from '../../lib/outcome.js';
import type { Call } from '../call.js';

/** A value, or a function of the call that gives it. */
export type Source<Value, C> = Value | ((call: C) => Value);

/** A source for each label of a definition, none missing and none more. */
export type LabelSources<L extends LabelShape, C> = { readonly [K in keyof L]: Source<LabelInput<L[K]>, C> };

/**
 * How the call ended: `success`, `failure`, or `escalation` for an `EscalationError`. For a closed set without `escalation`, such
 * as `label('success', 'failure')`, an escalation is a `failure`.
 */
export function outcome(call: { readonly outcome: Outcome }): Outcome;
export function outcome(call: { readonly outcome: Outcome }): Exclude<Outcome, 'escalation'>;
export function outcome(call: { readonly outcome: Outcome }): Outcome {
  return call.outcome;
}

function outcomeWithoutEscalation(call: { readonly outcome: Outcome }): Outcome {
  return call.outcome === 'escalation' ? 'failure' : call.outcome;
}

/** Class name of what was thrown, `none` where nothing was. What is no error gives its type (`string`, `undefined`). */
export function errorType(call: { readonly outcome: Outcome; readonly error: unknown }): string {
  return call.outcome === 'success' ? 'none' : errorName(call.error);
}

/** The labels of a decorator, ready to be read call by call. */
export interface BoundSources {
  /** Label values in declared order where all are values; else `undefined`. */
  readonly values: readonly unknown[] | undefined;
  /** The values that do not depend on the call, by label. */
  readonly staticLabels: Readonly<Record<string, string>>;
  /** Label values in declared order for one call. Throws what a source throws. */
  readonly of: (call: Call) => readonly unknown[];
  /** The same for an instrument that has only some of the labels: the sources of the others are not asked. */
  readonly among: (labelNames: readonly string[]) => Pick<BoundSources, 'values' | 'of'>;
}

/**
 * Checks sources against a definition and puts them into its order.
 * @throws ERR_METRICS_INVALID_OPTION for a missing, misspelt or unusable source
 */
export function boundSources(decorator: string, definition: MetricDefinition, labels: unknown): BoundSources {
  const names = Object.keys(definition.labels);
  const given = labels ?? {};
  if (typeof given !== 'object')
    throw invalidLabels(decorator, definition, `an object, received ${shown(labels)}`);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw invalidLabels(decorator, definition, `${listed(names)}, received an unknown label \`${unknown}\``);
  const sources = names.map((name) => {
    if (!Object.hasOwn(given, name))
      throw invalidLabels(decorator, definition, `${listed(names)}, received no source for \`${name}\``);
    const source = (given as Record<string, unknown>)[name];
    const knowsEscalation = definition.labels[name]?.values?.includes('escalation') ?? true;
    return source === outcome && !knowsEscalation ? outcomeWithoutEscalation : source;
  });
  const staticLabels: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const source = sources[index];
    if (typeof source !== 'function') staticLabels[name] = String(source);
  }
  const own = read(sources);
  return {
    ...own,
    staticLabels: Object.freeze(staticLabels),
    among: (labelNames) =>
      labelNames.length === names.length
        ? own
        : read(sources.map((source, index) => (labelNames.includes(names[index] ?? '') ? source : ''))),
  };
}

function read(sources: readonly unknown[]): Pick<BoundSources, 'values' | 'of'> {
  const isStatic = sources.every((source) => typeof source !== 'function');
  return {
    values: isStatic ? sources : undefined,
    of: (call) => sources.map((source) => (typeof source === 'function' ? source(call) : source)),
  };
}

function invalidLabels(decorator: string, definition: MetricDefinition, expected: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`labels\` of @${decorator} on metric \`${definition.name}\`: expected ${expected}.`,
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no labels' : `a source for each of ${names.join(', ')}`;
}
