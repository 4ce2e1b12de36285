/** Whether the labels of a series meet conditions. */
import type { LabelMatch } from './panel.js';

/** Whether all conditions hold. A missing label has the value `''`. */
export function meets(
  labels: Readonly<Record<string, string>>,
  matches: readonly LabelMatch[] = [],
): boolean {
  return matches.every(({ label, ...match }) => isMet(labels[label] ?? '', match));
}

/** Whether a value meets a condition. */
export function isMet(value: string, { test, values }: Pick<LabelMatch, 'test' | 'values'>): boolean {
  if (test === 'startsWith') return values.some((start) => value.startsWith(start));
  return values.includes(value) === (test === 'equals');
}
