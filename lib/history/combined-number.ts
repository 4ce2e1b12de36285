/** Combines the numbers of several series at one time; NaN for unknown ones. */
export function combinedNumber(rule: 'sum' | 'average' | 'min' | 'max', numbers: readonly number[]): number {
  const known = numbers.filter((number) => !Number.isNaN(number));
  if (known.length === 0) return Number.NaN;
  if (rule === 'min') return known.reduce((one, other) => Math.min(one, other));
  if (rule === 'max') return known.reduce((one, other) => Math.max(one, other));
  const sum = known.reduce((one, other) => one + other, 0);
  return rule === 'sum' ? sum : sum / known.length;
}
