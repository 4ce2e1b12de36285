/** Labels that satisfy matchers, for the series of test cases. */
import type { MetricDefinition } from '../../definition.js';
import { type Match, type Matches, monitoringError } from '../promql/expression.js';
import { testOf } from '../promql/matcher-checks.js';
import type { Slo } from './slo-model.js';

/** Values to try for a label without a closed set. */
const usual: readonly string[] = ['sample', '200', '500', '404', '429', 'GET', 'POST', ''];

/**
 * A value for each label of a metric, so that every matcher of `all` holds and at least one of `none` does not.
 * @throws ERR_METRICS_INVALID_MONITORING if there are no such values, because no label distinguishes the events
 */
export function labelsFor(
  slo: Slo,
  metric: MetricDefinition,
  all: readonly Matches[],
  none: Matches = {},
): Record<string, string> {
  const labels = new Map(
    Object.entries(metric.labels).map(([label, { values }]) => {
      const matches = all.flatMap((some) => some[label] ?? []);
      const excluded = none[label];
      const candidates = (
        values ?? [
          ...[...matches, ...(excluded === undefined ? [] : [excluded])].flatMap(mentioned),
          ...usual,
        ]
      ).filter((value) => matches.every((match) => holds(match, value)));
      return [label, candidates] as const;
    }),
  );
  const chosen: Record<string, string> = {};
  let isDistinct = Object.keys(none).length === 0;
  for (const [label, candidates] of labels) {
    const excluded = none[label];
    const distinct =
      isDistinct || excluded === undefined ? undefined : candidates.find((value) => !holds(excluded, value));
    if (distinct !== undefined) isDistinct = true;
    const value = distinct ?? candidates[0];
    if (value === undefined) throw unsatisfied(slo, metric, label);
    if (value !== '') chosen[label] = value;
  }
  if (!isDistinct) throw unsatisfied(slo, metric, Object.keys(none).join(', '));
  return chosen;
}

function unsatisfied(slo: Slo, metric: MetricDefinition, label: string): Error {
  return monitoringError(
    `matches of SLO \`${slo.name}\``,
    `matchers that distinguish good and bad values of \`${label}\` of metric \`${metric.name}\``,
    label,
    'With `{ oneOf: [...] }` instead of `{ raw }` the values are known.',
  );
}

function holds(match: Match, value: string): boolean {
  if (typeof match === 'string') return match === value;
  if ('oneOf' in match) return match.oneOf.includes(value);
  if ('noneOf' in match) return !match.noneOf.includes(value);
  const { operator, text } = rawParts(match.raw);
  if (operator === '=') return text === value;
  if (operator === '!=') return text !== value;
  // A pattern that RE2 or JavaScript cannot compile matches nothing.
  return (testOf('=~', text)?.(value) ?? false) === (operator === '=~');
}

/** The values that a matcher names, or the simplest that its regular expression matches. */
function mentioned(match: Match): readonly string[] {
  if (typeof match === 'string') return [match];
  if ('oneOf' in match) return match.oneOf;
  if ('noneOf' in match) return match.noneOf;
  return rawParts(match.raw)
    .text.split('|')
    .map((text) =>
      text
        .replaceAll(/\[([^\]^])[^\]]*\]/g, '$1')
        .replaceAll(/\\d[+*]?/g, '0')
        .replaceAll(/(?<!\\)\.[+*]/g, 'x')
        .replaceAll(/(?<!\\)\./g, '0')
        .replaceAll(/[\\^$()?:]/g, ''),
    );
}

/** `=~"5.."` in its parts; PromQL's string escapes are close enough to JSON's. */
function rawParts(raw: string): { readonly operator: string; readonly text: string } {
  const [, operator = '=', quoted = '""'] = /^\s*(=~|!~|!=|=)\s*(".*")\s*$/s.exec(raw) ?? [];
  try {
    return { operator, text: String(JSON.parse(quoted)) };
  } catch {
    return { operator, text: quoted.slice(1, -1) };
  }
}
