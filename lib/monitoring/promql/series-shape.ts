/** Which labels a series may have: of a metric by its definition, of a recorded one by its expression. */
import type { MetricDefinition } from '../../definition.js';
import { targetLabels } from './expression.js';

/** What is known of a label's values. */
export interface LabelRule {
  /** All values it may have, where they are a closed set. */
  readonly values?: readonly string[];
  /** Of `le`: the bounds of the histogram, without +Inf. */
  readonly bounds?: readonly number[];
}

export interface SeriesShape {
  readonly labels: ReadonlyMap<string, LabelRule>;
  /** Others cannot be ruled out: nothing is said of a label that is not among these. */
  readonly isOpen: boolean;
}

/** Of what nothing is known: an expression with a mistake in it is told of once. */
export const unknownShape: SeriesShape = Object.freeze({ labels: new Map(), isOpen: true });

/** A metric's series by their names: a histogram has three. */
export function shapesOf(definition: MetricDefinition): [name: string, shape: SeriesShape][] {
  const labels = new Map<string, LabelRule>(targetLabels.map((label) => [label, {}]));
  for (const [label, { values }] of Object.entries(definition.labels))
    labels.set(label, values === undefined ? {} : { values });
  const { name } = definition;
  const shape = { labels, isOpen: false };
  if (definition.type === 'histogram') {
    const withBounds = shapeWith(shape, [['le', { bounds: definition.buckets }]]);
    return [
      [`${name}_bucket`, withBounds],
      [`${name}_sum`, shape],
      [`${name}_count`, shape],
    ];
  }
  if (definition.type !== 'summary') return [[name, shape]];
  return [
    [name, shapeWith(shape, [['quantile', { values: definition.quantiles.map(String) }]])],
    [`${name}_sum`, shape],
    [`${name}_count`, shape],
  ];
}

export function shapeWith(
  { labels, isOpen }: SeriesShape,
  more: Iterable<readonly [string, LabelRule]>,
): SeriesShape {
  return { labels: new Map([...labels, ...more]), isOpen };
}

export function shapeWithout({ labels, isOpen }: SeriesShape, gone: readonly string[]): SeriesShape {
  return { labels: new Map([...labels].filter(([label]) => !gone.includes(label))), isOpen };
}

/** What `by (…)` leaves. */
export function shapeOfOnly({ labels }: SeriesShape, kept: readonly string[]): SeriesShape {
  return { labels: new Map(kept.map((label) => [label, labels.get(label) ?? {}])), isOpen: false };
}

/** Series of one shape or another. */
export function shapeOfEither(one: SeriesShape, other: SeriesShape): SeriesShape {
  const labels = new Map(one.labels);
  for (const [label, rule] of other.labels) {
    const known = labels.get(label);
    labels.set(label, known === undefined ? rule : eitherRule(known, rule));
  }
  return { labels, isOpen: one.isOpen || other.isOpen };
}

function eitherRule(one: LabelRule, other: LabelRule): LabelRule {
  return {
    ...(one.values !== undefined && other.values !== undefined
      ? { values: [...new Set([...one.values, ...other.values])] }
      : {}),
    ...(one.bounds !== undefined && other.bounds !== undefined
      ? { bounds: [...new Set([...one.bounds, ...other.bounds])] }
      : {}),
  };
}
