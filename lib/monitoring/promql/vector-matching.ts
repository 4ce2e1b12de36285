/** How two sides of an operator find each other by their labels. */
import type { Matching } from './promql-parts.js';
import { type SeriesShape, shapeOfEither, shapeOfOnly, shapeWith, shapeWithout } from './series-shape.js';

export interface Sides {
  /** `undefined` for a number. */
  readonly left: SeriesShape | undefined;
  readonly right: SeriesShape | undefined;
}

export interface Telling {
  /** Tells of a label that a shape has not. */
  readonly need: (shape: SeriesShape, label: string, what: string) => void;
  readonly tell: (problem: string) => void;
}

/** The shape of the result; mistakes are told. */
export function binaryShape(
  { left, right }: Sides,
  operator: string,
  matching: Matching | undefined,
  { need, tell }: Telling,
): SeriesShape | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  for (const label of matching?.labels ?? []) {
    if (matching?.on === true) {
      need(left, label, `label of \`on\`, left of \`${operator}\``);
      need(right, label, `label of \`on\`, right of \`${operator}\``);
    } else need(shapeOfEither(left, right), label, 'label of `ignoring`');
  }
  if (operator === 'or') return shapeOfEither(left, right);
  if (matching?.on !== true) warnOfLonelyLabels(left, right, operator, matching, tell);
  if (operator === 'and' || operator === 'unless') return left;
  const [many, one] = matching?.many === 'right' ? [right, left] : [left, right];
  if (matching?.many !== undefined) {
    for (const label of matching.taken) need(one, label, `label of \`group_${matching.many}\``);
    return shapeWith(
      many,
      matching.taken.map((label) => [label, one.labels.get(label) ?? {}]),
    );
  }
  if (matching === undefined) return left;
  return matching.on ? shapeOfOnly(left, matching.labels) : shapeWithout(left, matching.labels);
}

/** Without `on`, all labels of both sides must be equal: one that only one side has matches nothing. */
function warnOfLonelyLabels(
  left: SeriesShape,
  right: SeriesShape,
  operator: string,
  matching: Matching | undefined,
  tell: (problem: string) => void,
): void {
  if (left.isOpen || right.isOpen) return;
  const lonely = [...left.labels.keys()]
    .filter((label) => !right.labels.has(label))
    .concat([...right.labels.keys()].filter((label) => !left.labels.has(label)))
    .filter((label) => !(matching?.labels ?? []).includes(label));
  if (lonely.length === 0) return;
  const common = [...left.labels.keys()].filter((label) => right.labels.has(label));
  tell(
    `sides of \`${operator}\`: expected the same labels left and right, received ${lonely.map((label) => `\`${label}\``).join(', ')} on one of them only; write \`on (${common.join(', ')})\` or \`ignoring (${lonely.join(', ')})\``,
  );
}
