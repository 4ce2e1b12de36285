/**
 * What the grammar and its checker take and Prometheus does not: found by asking both. The grammar is that of the newest
 * Prometheus, and was made for editors.
 */

import type { PrometheusVersion } from '../settings.js';
import type { PromqlNode } from './promql.js';
import { argumentsOf, calleeOf, childrenOf, textOf } from './promql-parts.js';

/** Functions and operators that Prometheus 2.42 lacks. */
const newFunctions =
  /^(sort_by_label(_desc)?|mad_over_time|histogram_(avg|stddev|stdvar|quantiles)|double_exponential_smoothing|limitk|limit_ratio|info|ts_of_\w+|first_over_time|start|end|step|range)$/;
/** Operators of aggregation that have a parameter. */
const withParameter = /^(topk|bottomk|limitk|limit_ratio|quantile|count_values)$/;
/** What may stand after some only. */
const onlyOn: Readonly<Record<string, RegExp>> = {
  MatrixSelector: /^VectorSelector$/,
  SubqueryExpr: /^(?!BinaryExpr|UnaryExpr)/,
  OffsetExpr: /^(VectorSelector|MatrixSelector|SubqueryExpr|StepInvariantExpr)$/,
  StepInvariantExpr: /^(VectorSelector|MatrixSelector|SubqueryExpr|OffsetExpr)$/,
};
/** Units from the longest on. */
const duration = /^-?(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

export function grammarGaps(root: PromqlNode, text: string, target: PrometheusVersion): string[] {
  const inner = childrenOf(root).flatMap((child) => grammarGaps(child, text, target));
  const own = problemOf(root, text) ?? (target === '2.42' ? problemBefore3(root, text) : undefined);
  return own === undefined ? inner : [own, ...inner];
}

function problemOf(node: PromqlNode, text: string): string | undefined {
  const { name } = node;
  const written = textOf(node, text);
  const wanted = onlyOn[name];
  if (wanted !== undefined) {
    const isRange = name === 'MatrixSelector' || name === 'SubqueryExpr';
    const before = node.getChild('Expr') ?? node.getChild('VectorSelector');
    const inner = isRange ? before : lastOperand(before);
    if (inner === null || wanted.test(inner.name)) return undefined;
    const places =
      name === 'MatrixSelector'
        ? 'a selector'
        : isRange
          ? 'parentheses around what stands'
          : 'a selector, a range or a subquery';
    return `expected ${places} before \`${text.slice(inner.to, node.to).trim()}\`, received \`${textOf(inner, text)}\``;
  }
  if (name === 'StringLiteral') return stringProblem(written);
  if (name === 'DurationExpr' && /^0\D*$/.test(written))
    return `duration: expected more than nothing, received \`${written}\``;
  if (name !== 'AggregateExpr') return undefined;
  const operator = calleeOf(node, text);
  const expected = withParameter.test(operator) ? 2 : 1;
  const received = argumentsOf(node).length;
  // Fewer are told of by the checker.
  return received > expected
    ? `\`${operator}\`: expected ${expected === 1 ? 'one argument' : `${expected} arguments`}, received ${received}`
    : undefined;
}

/** The grammar reads `a unless b offset 1h` as if `offset` were of both; it is of the last. */
function lastOperand(node: PromqlNode | null): PromqlNode | null {
  return node !== null && /^(Binary|Unary)Expr$/.test(node.name) ? lastOperand(node.lastChild) : node;
}

function problemBefore3(node: PromqlNode, text: string): string | undefined {
  const { name } = node;
  const written = textOf(node, text);
  const newer = (what: string): string =>
    `\`${what}\`: expected what Prometheus 2.42 has, received what is of Prometheus 3; choose \`target: '3'\`, or write it otherwise`;
  if (name === 'FunctionIdentifier' || name === 'AggregateOp')
    return newFunctions.test(written.toLowerCase()) ? newer(written) : undefined;
  if (/^(QuotedLabelName|Anchored|Smoothed)/.test(name)) return newer(written);
  if (name === 'DurationExpr' || name === 'OffsetDurationExpr')
    return duration.test(written.trim())
      ? undefined
      : `duration: expected one with units, the longest first, such as \`1h30m\`, received \`${written}\``;
  return undefined;
}

/** Escapes are Go's: `"\d"` is none, a regular expression has `"\\d"`. */
function stringProblem(literal: string): string | undefined {
  const quote = literal[0] ?? '';
  if (quote === '`') return undefined;
  const wrong = [...literal.slice(1, -1).matchAll(/\\(.)/gs)].find(
    ([, character = '']) => !/[abfnrtv\\xuU0-7]/.test(character) && character !== quote,
  );
  return wrong === undefined
    ? undefined
    : `text ${literal}: expected an escape that there is, received \`${wrong[0]}\`; for a backslash write two`;
}
