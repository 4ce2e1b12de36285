/** Reads selectors, groupings and operators from a syntax tree. */
import type { LabelMatcher } from './matcher-checks.js';
import { childOf, type PromqlNode } from './promql.js';

export interface Selector {
  /** `undefined` for a selector without a name. */
  readonly name: string | undefined;
  /** Of `__name__=~"…"`. */
  readonly namePattern: LabelMatcher | undefined;
  readonly matchers: readonly LabelMatcher[];
}

export interface Matching {
  /** `false` for `ignoring`. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** The side that may have several series for one of the other. */
  readonly many: 'left' | 'right' | undefined;
  /** Labels of `group_left` or `group_right`. */
  readonly copied: readonly string[];
}

export function selectorOf(node: PromqlNode): Selector {
  const children = childOf(node, 'LabelMatchers')?.children ?? [];
  const matchers = children.flatMap(matcherOf);
  const named = matchers.find(({ label }) => label === '__name__');
  const isExact = named?.operator === '=';
  const quoted = children.find(({ name }) => name === 'QuotedLabelName');
  const given = childOf(node, 'Identifier')?.text ?? (quoted && stringOf(quoted));
  return {
    name: given ?? (isExact ? named.value : undefined),
    namePattern: isExact ? undefined : named,
    matchers: matchers.filter((matcher) => matcher !== named),
  };
}

function matcherOf(node: PromqlNode): LabelMatcher[] {
  const [label, operator, value] = node.children;
  if (label === undefined || operator?.name !== 'MatchOp' || value === undefined) return [];
  return [
    { label: labelOf(label), operator: operator.text as LabelMatcher['operator'], value: stringOf(value) },
  ];
}

export function groupingOf(aggregate: PromqlNode): { by: boolean; labels: readonly string[] } | undefined {
  const modifier = childOf(aggregate, 'AggregateModifier');
  return (
    modifier && {
      by: childOf(modifier, 'By') !== undefined,
      labels: labelsIn(childOf(modifier, 'GroupingLabels')),
    }
  );
}

export function matchingOf(binary: PromqlNode): Matching | undefined {
  const clause = childOf(binary, 'MatchingModifierClause');
  if (clause === undefined) return undefined;
  const lists = clause.children.filter(({ name }) => name === 'GroupingLabels');
  const [labels = [], copied = []] = lists.map(labelsIn);
  const many = childOf(clause, 'GroupLeft') ? 'left' : childOf(clause, 'GroupRight') && 'right';
  return { on: childOf(clause, 'On') !== undefined, labels, many, copied };
}

/** The operator of a binary expression: `or`, `/`, `==`. */
export function operatorOf(binary: PromqlNode): string {
  return binary.children[1]?.text.toLowerCase() ?? '';
}

export function argumentsOf(call: PromqlNode): PromqlNode[] {
  return childOf(call, 'FunctionCallBody')?.children.filter((child) => child.type.is('Expr')) ?? [];
}

/** The name of a function or an aggregation. */
export function calleeOf(call: PromqlNode): string {
  return (childOf(call, 'FunctionIdentifier') ?? childOf(call, 'AggregateOp'))?.text.toLowerCase() ?? '';
}

function labelsIn(list: PromqlNode | undefined): string[] {
  return list?.children.filter(({ name }) => name.endsWith('LabelName')).map(labelOf) ?? [];
}

function labelOf(node: PromqlNode): string {
  return node.name === 'QuotedLabelName' ? stringOf(node) : node.text;
}

/** The value of a string literal, without quotes and escapes. */
export function stringOf({ text }: PromqlNode): string {
  const inner = text.slice(1, -1);
  if (text.startsWith('`')) return inner;
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return inner.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}
