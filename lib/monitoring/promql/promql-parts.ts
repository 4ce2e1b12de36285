/** What stands in the nodes of a syntax tree. */
import type { LabelMatcher } from './matcher-checks.js';
import type { PromqlNode } from './promql.js';

export interface Selector {
  /** `undefined` for one that names none. */
  readonly name: string | undefined;
  /** Of `__name__=~"…"`. */
  readonly namePattern: LabelMatcher | undefined;
  readonly matchers: readonly LabelMatcher[];
}

export interface Grouping {
  readonly by: boolean;
  readonly labels: readonly string[];
}

export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** The side that may have several series for one of the other. */
  readonly many: 'left' | 'right' | undefined;
  /** Labels that the many take over from the one. */
  readonly taken: readonly string[];
}

export function childrenOf(node: PromqlNode): PromqlNode[] {
  const children: PromqlNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

export function textOf({ from, to }: PromqlNode, text: string): string {
  return text.slice(from, to);
}

export function selectorOf(node: PromqlNode, text: string): Selector {
  const identifier = node.getChild('Identifier');
  const list = node.getChild('LabelMatchers');
  const children = list === null ? [] : childrenOf(list);
  const quotedName = children.find(({ name }) => name === 'QuotedLabelName');
  const matchers = children.flatMap((child) => matcherOf(child, text));
  const named = matchers.find(({ label }) => label === '__name__');
  const given =
    identifier !== null
      ? textOf(identifier, text)
      : quotedName !== undefined
        ? stringOf(quotedName, text)
        : undefined;
  return {
    name: given ?? (named?.operator === '=' ? named.value : undefined),
    namePattern: named !== undefined && named.operator !== '=' ? named : undefined,
    matchers: matchers.filter(({ label }) => label !== '__name__'),
  };
}

function matcherOf(node: PromqlNode, text: string): LabelMatcher[] {
  const name = node.getChild('LabelName');
  const quoted = node.getChild('QuotedLabelName');
  const operator = node.getChild('MatchOp');
  const value = node.getChild('StringLiteral');
  if (operator === null || value === null || (name === null && quoted === null)) return [];
  const label = name !== null ? textOf(name, text) : quoted !== null ? stringOf(quoted, text) : '';
  return [
    {
      label,
      operator: textOf(operator, text) as LabelMatcher['operator'],
      value: stringOf(value, text),
    },
  ];
}

export function groupingOf(aggregate: PromqlNode, text: string): Grouping | undefined {
  const modifier = aggregate.getChild('AggregateModifier');
  if (modifier === null) return undefined;
  return {
    by: modifier.getChild('By') !== null,
    labels: labelsIn(modifier.getChild('GroupingLabels'), text),
  };
}

export function matchingOf(binary: PromqlNode, text: string): Matching | undefined {
  const clause = binary.getChild('MatchingModifierClause');
  if (clause === null) return undefined;
  const many =
    clause.getChild('GroupLeft') !== null
      ? 'left'
      : clause.getChild('GroupRight') !== null
        ? 'right'
        : undefined;
  const children = childrenOf(clause);
  const group = children.findIndex(({ name }) => name.startsWith('Group') && name !== 'GroupingLabels');
  const isLabels = ({ name }: PromqlNode): boolean => name === 'GroupingLabels';
  const before = group === -1 ? children : children.slice(0, group);
  const after = group === -1 ? [] : children.slice(group);
  return {
    on: clause.getChild('On') !== null,
    labels: labelsIn(before.find(isLabels) ?? null, text),
    many,
    taken: labelsIn(after.find(isLabels) ?? null, text),
  };
}

/** The operator of a binary expression: `or`, `/`, `==`. */
export function operatorOf(binary: PromqlNode, text: string): string {
  const [, ...rest] = childrenOf(binary).filter(({ name }) => name !== 'LineComment');
  const operator = rest[0];
  return operator === undefined ? '' : textOf(operator, text).toLowerCase();
}

export function argumentsOf(call: PromqlNode): PromqlNode[] {
  return call.getChild('FunctionCallBody')?.getChildren('Expr') ?? [];
}

/** The name of a function, or of an operator of aggregation. */
export function calleeOf(call: PromqlNode, text: string): string {
  const callee = call.getChild('FunctionIdentifier') ?? call.getChild('AggregateOp');
  return callee === null ? '' : textOf(callee, text).toLowerCase();
}

function labelsIn(node: PromqlNode | null, text: string): string[] {
  if (node === null) return [];
  return childrenOf(node)
    .filter(({ name }) => name === 'LabelName' || name === 'QuotedLabelName')
    .map((child) => (child.name === 'LabelName' ? textOf(child, text) : stringOf(child, text)));
}

/** The text of a literal, without quotes and escapes. */
export function stringOf(node: PromqlNode, text: string): string {
  const literal = textOf(node, text);
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner;
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return inner.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}
