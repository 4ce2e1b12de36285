/** The labels of exemplars, checked: valid names, texts, and no more than OpenMetrics allows. */
import { metricsError, shown } from '../errors.js';
import { isUserLabelName } from '../naming.js';

/**
 * The labels as text.
 * @param others labels to add to those of them that are not given
 * @throws ERR_METRICS_INVALID_VALUE for an invalid name or value, and if they are too long
 */
export function checkedExemplar(
  labels: Readonly<Record<string, unknown>> | undefined,
  others?: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = { ...others, ...checkedLabels(labels) };
  const length = codePoints(Object.entries(all));
  if (length <= maxCodePoints) return all;
  throw metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid labels of an exemplar: expected ${maxCodePoints} code points of names and values at most, received ${length} (${Object.keys(all).join(', ')}). Those that were added last are left out.`,
  );
}

/** Maximum number of code points of the names and values of an exemplar, in total. */
export const maxCodePoints = 128;

/** The number of code points of all names and values. */
export function codePoints(labels: Iterable<readonly [string, string]>): number {
  let count = 0;
  for (const [name, value] of labels) {
    // A code point has one or two UTF-16 units: what is far too long is not counted exactly.
    if (name.length + value.length > 4 * maxCodePoints) return count + name.length + value.length;
    for (const _ of name) count++;
    for (const _ of value) count++;
  }
  return count;
}

function checkedLabels(labels: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  if (labels === undefined) return {};
  if (typeof labels !== 'object' || labels === null) throw invalidLabels('an object of labels', labels);
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    if (value === undefined || value === null || value === '') continue;
    if (!isUserLabelName(name)) throw invalidLabels('valid label names', name);
    if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol')
      throw invalidLabels(`text for \`${name}\``, value);
    checked[name] = String(value);
  }
  return checked;
}

function invalidLabels(expected: string, received: unknown): Error {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid labels of an exemplar: expected ${expected}, received ${shown(received)}.`,
  );
}
