/** Checks a matcher against what is known about the values of its label: one that can never match is a mistake. */
import { didYouMean, shown } from '../../errors.js';
import type { PrometheusVersion } from '../settings.js';
import { boundTexts } from './expression.js';
import type { LabelRule } from './series-shape.js';

/** Replaces a Grafana variable within a string; it matches anything. */
export const grafanaVariable = 'GRAFANA_VARIABLE';

export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

interface Reader {
  readonly target: PrometheusVersion;
  /** Whether the selector is one series, whose `le` has one spelling. Default: false. */
  readonly isSeries?: boolean;
}

type Test = (text: string) => boolean;

/** A message, or `undefined` where nothing is wrong. */
export function matcherProblem(
  matcher: LabelMatcher,
  { values, bounds }: LabelRule,
  reader: Reader,
): string | undefined {
  const { label, operator, value } = matcher;
  if (value.includes(grafanaVariable)) return undefined;
  const matches = testOf(operator, value);
  if (matches === undefined)
    return `label \`${label}\`: expected a regular expression, received ${shown(value)}`;
  if (bounds !== undefined) return boundProblem(matcher, bounds, matches, reader);
  if (values === undefined) return undefined;
  // The alternatives of a simple pattern are checked one by one.
  const parts = operator.endsWith('~') && !/[()[\]]/.test(value) ? value.split('|') : [value];
  // A label that is absent is empty, and a folded value is `other`.
  const all = [...values, 'other', ''];
  const wrong = parts.find((part) => !all.some(testOf(operator, part) ?? (() => true)));
  if (wrong === undefined) return undefined;
  return `value of label \`${label}\`: expected one of ${values.join(', ')}, received ${shown(wrong)}${suggestion(wrong, values)}`;
}

/** The end of a message about an unknown name, if another name is similar. */
export function suggestion(name: string, names: Iterable<string>): string {
  const hint = didYouMean(name, names);
  return hint && `.${hint}`;
}

/** Whether it matches a series without the label. */
export function matchesAbsent({ operator, value }: LabelMatcher): boolean {
  return testOf(operator, value)?.('') === !operator.startsWith('!');
}

function boundProblem(
  { label, value, operator }: LabelMatcher,
  bounds: readonly number[],
  matches: Test,
  { target, isSeries = false }: Reader,
): string | undefined {
  if (matches('+Inf')) return undefined;
  const touched = bounds.filter((bound) => boundTexts(bound).some(matches));
  if (touched.length === 0)
    return `value of label \`${label}\`: expected one of its bounds (${bounds.join(', ')}, +Inf), received ${shown(value)}`;
  if (isSeries) return undefined;
  const textsOf = (bound: number) => boundTexts(bound).slice(target === '3' ? -1 : 0);
  const half = touched.find((bound) => !textsOf(bound).every(matches));
  if (half === undefined) return undefined;
  const wanted = textsOf(half).map((text) => text.replaceAll(/[.+]/g, '\\\\$&'));
  const sign = operator.startsWith('!') ? '!' : '=';
  return `value of label \`${label}\`: expected every spelling that Prometheus has of the bound ${half}, ${label}${sign}~"${wanted.join('|')}", received ${shown(value)}`;
}

/** Tests for equality or a pattern, whatever the sign; `undefined` for an invalid pattern. Prometheus anchors, and `.` matches all. */
export function testOf(operator: LabelMatcher['operator'], value: string): Test | undefined {
  if (!operator.endsWith('~')) return (text) => text === value;
  // JavaScript has these, RE2 has not.
  if (/\(\?<?[=!]|\(\?<\w|\\[1-9]/.test(value)) return undefined;
  // JavaScript has no flags at the start.
  const [flags = '', names = ''] = /^\(\?([is]+)\)/.exec(value) ?? [];
  try {
    const pattern = new RegExp(`^(?:${value.slice(flags.length)})$`, names.includes('i') ? 'is' : 's');
    return (text) => pattern.test(text);
  } catch {
    return undefined;
  }
}
