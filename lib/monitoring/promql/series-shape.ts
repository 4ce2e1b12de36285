/** The labels that a series may have: of a metric by its definition, of a record by its expression. */
import type { MetricDefinition } from '../../definition.js';
import { targetLabels } from './expression.js';

/** What is known about the values of a label. */
export interface LabelRule {
  /** Its closed set. */
  readonly values?: readonly string[];
  /** Of `le`: the bounds of the histogram, without +Inf. */
  readonly bounds?: readonly number[];
}

export interface SeriesShape {
  readonly labels: ReadonlyMap<string, LabelRule>;
  /** Whether it may have other labels too, so that an unknown label is no mistake. */
  readonly isOpen: boolean;
}

/** Of an expression with a mistake, which is reported once. */
export const unknownShape: SeriesShape = Object.freeze({ labels: new Map(), isOpen: true });

/** The series of a metric by name. @param natives names of the histograms that are native too */
export function shapesOf(
  definition: MetricDefinition,
  natives?: ReadonlySet<string>,
): [name: string, shape: SeriesShape][] {
  const { name, type } = definition;
  const labels = Object.entries(definition.labels).map(
    ([label, { values }]) => [label, values === undefined ? {} : { values }] as const,
  );
  const shape = shapeWith(shapeOf(targetLabels), labels);
  if (type === 'counter' || type === 'gauge') return [[name, shape]];
  const parts: [string, SeriesShape][] = [
    [`${name}_sum`, shape],
    [`${name}_count`, shape],
  ];
  if (natives?.has(name) === true) parts.push([name, shape]);
  return type === 'histogram'
    ? [[`${name}_bucket`, shapeWith(shape, [['le', { bounds: definition.buckets }]])], ...parts]
    : [[name, shapeWith(shape, [['quantile', { values: definition.quantiles.map(String) }]])], ...parts];
}

/** Exactly these labels, with what another shape knows about them. */
export function shapeOf(
  labels: readonly string[],
  { labels: known }: SeriesShape = unknownShape,
): SeriesShape {
  return { labels: new Map(labels.map((label) => [label, known.get(label) ?? {}])), isOpen: false };
}

export function shapeWith(
  { labels, isOpen }: SeriesShape,
  more: Iterable<readonly [string, LabelRule]>,
): SeriesShape {
  return { labels: new Map([...labels, ...more]), isOpen };
}

export function shapeWithout({ labels, isOpen }: SeriesShape, removed: readonly string[]): SeriesShape {
  return { labels: new Map([...labels].filter(([label]) => !removed.includes(label))), isOpen };
}

/** Series of the one shape or the other. */
export function shapeOfEither(left: SeriesShape, right: SeriesShape): SeriesShape {
  const more = [...right.labels].map(
    ([label, rule]) => [label, eitherRule(left.labels.get(label) ?? rule, rule)] as const,
  );
  return { ...shapeWith(left, more), isOpen: left.isOpen || right.isOpen };
}

/** What only one of them limits is not limited. */
function eitherRule(left: LabelRule, right: LabelRule): LabelRule {
  return {
    ...(left.values && right.values && { values: [...new Set([...left.values, ...right.values])] }),
    ...(left.bounds && right.bounds && { bounds: [...new Set([...left.bounds, ...right.bounds])] }),
  };
}
