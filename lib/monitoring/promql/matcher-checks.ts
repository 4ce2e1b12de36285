/** Matchers of a selector held to what is known of a label's values: a matcher that can never match is a mistake. */
import { nearest, shown } from '../../errors.js';
import type { PrometheusVersion } from '../settings.js';
import { boundTexts } from './expression.js';
import type { LabelRule } from './series-shape.js';

/** Stands for a variable of Grafana within a text: whatever it is, it is chosen on the board. */
export const grafanaVariable = 'GRAFANA_VARIABLE';

export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

interface Reader {
  readonly target: PrometheusVersion;
  /** Of one series, whose `le` has one text. Default: false. */
  readonly isSeries?: boolean;
}

/** What is wrong with it, in words; `undefined` where nothing is. */
export function matcherProblem(
  matcher: LabelMatcher,
  { values, bounds }: LabelRule,
  reader: Reader,
): string | undefined {
  if (matcher.value.includes(grafanaVariable)) return undefined;
  const pattern = patternOf(matcher);
  if (pattern === undefined)
    return `label \`${matcher.label}\`: expected a regular expression, received ${shown(matcher.value)}`;
  if (bounds !== undefined) return boundProblem(matcher, bounds, pattern.matches, reader);
  if (values === undefined) return undefined;
  // An empty value is a label that is not there, and `other` what is folded.
  const all = [...values, 'other', ''];
  const wrong = pattern.alternatives.find((alternative) => !all.some(alternative.matches));
  if (wrong === undefined) return undefined;
  const meant = nearest(wrong.text, values);
  return `value of label \`${matcher.label}\`: expected one of ${values.join(', ')}, received ${shown(wrong.text)}${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`;
}

/** Whether a series without the label is matched. */
export function matchesNothing(matcher: LabelMatcher): boolean {
  return patternOf(matcher)?.matches('') === !matcher.operator.startsWith('!');
}

function boundProblem(
  { label, value, operator }: LabelMatcher,
  bounds: readonly number[],
  matches: (text: string) => boolean,
  { target, isSeries = false }: Reader,
): string | undefined {
  if (matches('+Inf')) return undefined;
  const textsOf = (bound: number): readonly string[] =>
    target === '3' ? boundTexts(bound).slice(-1) : boundTexts(bound);
  const touched = bounds.filter((bound) => boundTexts(bound).some(matches));
  if (touched.length === 0)
    return `value of label \`${label}\`: expected one of its bounds (${bounds.join(', ')}, +Inf), received ${shown(value)}`;
  if (isSeries) return undefined;
  const half = touched.find((bound) => !textsOf(bound).every(matches));
  if (half === undefined) return undefined;
  const wanted = textsOf(half).map((text) => text.replaceAll(/[.+]/g, '\\\\$&'));
  const negated = operator.startsWith('!') ? '!' : '=';
  return `value of label \`${label}\`: expected each way in which Prometheus writes the bound ${half}, ${label}${negated}~"${wanted.join('|')}", received ${shown(value)}`;
}

interface Alternative {
  readonly text: string;
  readonly matches: (text: string) => boolean;
}

interface Pattern {
  readonly matches: (text: string) => boolean;
  /** What stands between `|`, if that is all there is to it. */
  readonly alternatives: readonly Alternative[];
}

function patternOf({ operator, value }: LabelMatcher): Pattern | undefined {
  const alternativeOf = (text: string): Alternative | undefined => {
    if (!operator.endsWith('~')) return { text, matches: (other) => other === text };
    const regular = regularExpression(text);
    return regular === undefined ? undefined : { text, matches: (other) => regular.test(other) };
  };
  const whole = alternativeOf(value);
  if (whole === undefined) return undefined;
  const parts =
    operator.endsWith('~') && !/[()[\]]/.test(value) ? value.split('|').map(alternativeOf) : [whole];
  const alternatives = parts.filter((part) => part !== undefined);
  return { matches: whole.matches, alternatives };
}

/** As Prometheus has them: anchored, and a dot is a line end too. Flags at the beginning are the only thing that JavaScript lacks. */
function regularExpression(text: string): RegExp | undefined {
  // RE2 has neither: they are of JavaScript.
  if (/\(\?<?[=!]|\(\?<\w|\\[1-9]/.test(text)) return undefined;
  const flags = /^\(\?([is]+)\)/.exec(text);
  try {
    return new RegExp(`^(?:${text.slice(flags?.[0].length ?? 0)})$`, flags?.[1]?.includes('i') ? 'is' : 's');
  } catch {
    return undefined;
  }
}
