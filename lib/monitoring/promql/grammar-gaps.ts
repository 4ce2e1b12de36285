/**
 * What the editor's grammar accepts and Prometheus refuses, found by comparing both: the grammar is that of the newest Prometheus.
 */
import type { PrometheusVersion } from '../settings.js';
import { childOf, type PromqlNode } from './promql.js';
import { argumentsOf, calleeOf } from './promql-parts.js';

/** Functions and aggregations that Prometheus 2.42 lacks. */
const newFunctions =
  /^(sort_by_label(_desc)?|mad_over_time|histogram_(avg|stddev|stdvar|quantiles)|double_exponential_smoothing|limitk|limit_ratio|info|ts_of_\w+|first_over_time|start|end|step|range)$/;
const hasParameter = /^(topk|bottomk|limitk|limit_ratio|quantile|count_values)$/;
const anySelector = 'a selector, a range or a subquery';
/** What a range, a subquery, `offset` and `@` may follow, and the words for it. */
const onlyAfter: Readonly<Record<string, readonly [RegExp, string]>> = {
  MatrixSelector: [/^VectorSelector$/, 'a selector'],
  SubqueryExpr: [/^(?!BinaryExpr|UnaryExpr)/, 'parentheses around the expression'],
  OffsetExpr: [/^(VectorSelector|MatrixSelector|SubqueryExpr|StepInvariantExpr)$/, anySelector],
  StepInvariantExpr: [/^(VectorSelector|MatrixSelector|SubqueryExpr|OffsetExpr)$/, anySelector],
};
/** Units in descending order. */
const duration = /^-?(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

export function grammarGaps(node: PromqlNode, target: PrometheusVersion): string[] {
  const own = problemOf(node) ?? (target === '2.42' ? problemBefore3(node) : undefined);
  const inner = node.children.flatMap((child) => grammarGaps(child, target));
  return own === undefined ? inner : [own, ...inner];
}

function problemOf(node: PromqlNode): string | undefined {
  const { name, text } = node;
  const [allowed, expected] = onlyAfter[name] ?? [];
  if (allowed !== undefined) {
    const operand = childOf(node, 'Expr') ?? childOf(node, 'VectorSelector');
    const isRange = name === 'MatrixSelector' || name === 'SubqueryExpr';
    const last = isRange ? operand : lastOperand(operand);
    if (last === undefined || allowed.test(last.name)) return undefined;
    const after = text.slice(last.to - node.from).trim();
    return `expected ${expected} before \`${after}\`, received \`${last.text}\``;
  }
  if (name === 'StringLiteral') return escapeProblem(text);
  if (name === 'DurationExpr' && /^0\D*$/.test(text))
    return `duration: expected more than zero, received \`${text}\``;
  if (name !== 'AggregateExpr') return undefined;
  const operator = calleeOf(node);
  const limit = hasParameter.test(operator) ? 2 : 1;
  const received = argumentsOf(node).length;
  // The type checker reports too few.
  return received > limit
    ? `\`${operator}\`: expected ${limit === 1 ? 'one argument' : '2 arguments'}, received ${received}`
    : undefined;
}

/** The grammar parses `a unless b offset 1h` as if `offset` applied to both; it applies to the last operand. */
function lastOperand(node: PromqlNode | undefined): PromqlNode | undefined {
  return node !== undefined && /^(Binary|Unary)Expr$/.test(node.name)
    ? lastOperand(node.children.at(-1))
    : node;
}

function problemBefore3({ name, text }: PromqlNode): string | undefined {
  const isNew =
    /^(QuotedLabelName|Anchored|Smoothed)/.test(name) ||
    (/^(FunctionIdentifier|AggregateOp)$/.test(name) && newFunctions.test(text.toLowerCase()));
  if (isNew)
    return `\`${text}\`: expected syntax or a function of Prometheus 2.42, received one of Prometheus 3; set \`target: '3'\`, or rewrite the expression`;
  return /^(Offset)?DurationExpr$/.test(name) && !duration.test(text.trim())
    ? `duration: expected units in descending order, such as \`1h30m\`, received \`${text}\``
    : undefined;
}

/** Escapes are those of Go: `"\d"` is an error, a regular expression needs `"\\d"`. */
function escapeProblem(literal: string): string | undefined {
  const quote = literal[0] ?? '';
  if (quote === '`') return undefined;
  const wrong = [...literal.slice(1, -1).matchAll(/\\(.)/gs)].find(
    ([, character = '']) => !/[abfnrtv\\xuU0-7]/.test(character) && character !== quote,
  );
  return (
    wrong &&
    `string ${literal}: expected a valid escape, received \`${wrong[0]}\`; write a backslash as \`\\\\\``
  );
}
