/**
 * Follows labels through an expression, from its selectors to its result. A sum by a label that the metric lacks, or two sides that
 * never match, are valid PromQL and silently return nothing.
 */
import { shown } from '../../errors.js';
import type { PrometheusVersion } from '../settings.js';
import { grammarGaps } from './grammar-gaps.js';
import { matcherProblem, matchesAbsent, suggestion } from './matcher-checks.js';
import { childOf, type ParsedPromql, type PromqlNode } from './promql.js';
import {
  argumentsOf,
  calleeOf,
  groupingOf,
  matchingOf,
  operatorOf,
  type Selector,
  selectorOf,
  stringOf,
} from './promql-parts.js';
import {
  type SeriesShape,
  shapeOf,
  shapeOfEither,
  shapeWith,
  shapeWithout,
  unknownShape,
} from './series-shape.js';

/** The series that an expression may read. */
export interface KnownSeries {
  readonly target: PrometheusVersion;
  /** Whether what is read is the name of one series, not a selector. */
  readonly isSeries?: boolean;
  shapeOf(name: string): SeriesShape | undefined;
  isGauge(name: string): boolean;
  /** Whether it is a native histogram, whose buckets have no label. */
  isNative(name: string): boolean;
  names(): Iterable<string>;
}

export interface ExpressionReading {
  /** Of the result; `undefined` for a number or a string. */
  readonly shape: SeriesShape | undefined;
  /** Names of the series that it reads, in the order of their first use. */
  readonly series: readonly string[];
  readonly problems: readonly string[];
}

export function readLabels({ root, problems: found }: ParsedPromql, known: KnownSeries): ExpressionReading {
  const problems = [...found];
  const series = new Set<string>();
  if (root === undefined) return { shape: unknownShape, series: [], problems };

  function need(shape: SeriesShape, labels: readonly string[], what: string): void {
    for (const label of labels) {
      if (shape.isOpen || shape.labels.has(label) || label === '__name__') continue;
      const all = [...shape.labels.keys()];
      const expected = all.length === 0 ? 'no label, since the series have none' : `one of ${all.join(', ')}`;
      problems.push(`${what}: expected ${expected}, received ${shown(label)}${suggestion(label, all)}`);
    }
  }

  function selected(node: PromqlNode): SeriesShape {
    const selector = selectorOf(node);
    const shape = namedShape(selector);
    const name = selector.name ?? node.text;
    for (const matcher of selector.matchers) {
      need(shape, [matcher.label], `label of \`${name}\``);
      const problem = matcherProblem(matcher, shape.labels.get(matcher.label) ?? {}, known);
      if (problem !== undefined) problems.push(`\`${name}\`, ${problem}`);
    }
    const absent = selector.matchers.flatMap((each) =>
      each.operator === '=' && each.value === '' ? each.label : [],
    );
    return shapeWithout(shape, absent);
  }

  function namedShape({ name, namePattern, matchers }: Selector): SeriesShape {
    if (name !== undefined) {
      series.add(name);
      return known.shapeOf(name) ?? unknownName(name);
    }
    if (namePattern === undefined) {
      // All series of a target, to count them: only the labels of a target are on each of them.
      if (matchers.every(matchesAbsent))
        problems.push('selector without a name: expected a matcher that does not match an empty string');
      for (const { label } of matchers)
        if (label !== 'job' && label !== 'instance')
          problems.push(`label \`${label}\`: expected the name of a metric beside it, received none`);
      return unknownShape;
    }
    const names = [...known.names()].filter(
      (each) => matcherProblem(namePattern, { values: [each] }, known) === undefined,
    );
    for (const each of names) series.add(each);
    if (names.length === 0) problems.push(`no metric has a name that matches ${shown(namePattern.value)}`);
    return names
      .map((each) => known.shapeOf(each) ?? unknownShape)
      .reduce(shapeOfEither, { labels: new Map(), isOpen: names.length === 0 });
  }

  function unknownName(name: string): SeriesShape {
    const parts = ['_bucket', '_sum', '_count']
      .map((part) => name + part)
      .filter((part) => known.shapeOf(part));
    problems.push(
      parts.length > 0
        ? `metric \`${name}\`: expected one of its parts (${parts.join(', ')}), received ${shown(name)}`
        : `expected a metric of a definition or a recorded series, received ${shown(name)}${suggestion(name, known.names()) || '; declare it in `definitions`, or record it in `recordingRules`'}`,
    );
    return unknownShape;
  }

  function aggregated(node: PromqlNode): SeriesShape {
    const operator = calleeOf(node);
    const operands = argumentsOf(node);
    const operand = operands.map(shapeOfNode).at(-1) ?? unknownShape;
    const { by = true, labels = [] } = groupingOf(node) ?? {};
    need(operand, labels, `label of \`${operator} ${by ? 'by' : 'without'}\``);
    if (/^(topk|bottomk|limitk|limit_ratio)$/.test(operator)) return operand;
    const grouped = by ? shapeOf(labels, operand) : shapeWithout(operand, labels);
    const [parameter] = operands;
    return operator === 'count_values' && parameter?.name === 'StringLiteral'
      ? shapeWith(grouped, [[stringOf(parameter), {}]])
      : grouped;
  }

  function called(node: PromqlNode): SeriesShape | undefined {
    const callee = calleeOf(node);
    const given = argumentsOf(node);
    const shape = given.map(shapeOfNode).find((each) => each !== undefined) ?? shapeOf([]);
    if (/^(time|pi|scalar)$/.test(callee)) return undefined;
    if (callee === 'label_replace' || callee === 'label_join') {
      const [, made, ...rest] = given.map((each) =>
        each.name === 'StringLiteral' ? stringOf(each) : undefined,
      );
      const sources = rest.slice(1, callee === 'label_replace' ? 2 : undefined).flatMap((each) => each || []);
      need(shape, sources, `label that \`${callee}\` reads`);
      return made === undefined ? unknownShape : shapeWith(shape, [[made, {}]]);
    }
    if (callee === 'info') return { ...shape, isOpen: true };
    if (callee === 'absent' || callee === 'absent_over_time') return absentShape(given[0]);
    if (/^histogram_(quantile|fraction)$/.test(callee)) {
      if (!given.some(readsNative)) need(shape, ['le'], `\`${callee}\` of series without buckets by \`le\``);
      return shapeWithout(shape, ['le']);
    }
    if (/^(rate|irate|increase)$/.test(callee)) {
      const selector = given[0] && childOf(given[0], 'VectorSelector');
      const name = selector && selectorOf(selector).name;
      if (name !== undefined && known.isGauge(name))
        problems.push(
          `\`${callee}\`: expected a counter, received the gauge \`${name}\`; use \`delta\` or \`deriv\``,
        );
    }
    return shape;
  }

  function readsNative(node: PromqlNode): boolean {
    const name = node.name === 'VectorSelector' ? selectorOf(node).name : undefined;
    return name === undefined ? node.children.some(readsNative) : known.isNative(name);
  }

  /** One series, with the labels that the selector fixes. */
  function absentShape(given: PromqlNode | undefined): SeriesShape {
    const selector = given?.name === 'VectorSelector' ? given : given && childOf(given, 'VectorSelector');
    const matchers = selector === undefined ? [] : selectorOf(selector).matchers;
    return shapeOf(
      matchers.flatMap((each) => (each.operator === '=' && each.value !== '' ? each.label : [])),
    );
  }

  function combined(node: PromqlNode): SeriesShape | undefined {
    const [left, right] = [node.children[0], node.children.at(-1)].map((side) => side && shapeOfNode(side));
    if (left === undefined || right === undefined) return left ?? right;
    const operator = operatorOf(node);
    const { on, labels, many, copied } = matchingOf(node) ?? { on: false, labels: [], copied: [] };
    const either = shapeOfEither(left, right);
    if (on) {
      need(left, labels, `label of \`on\`, left of \`${operator}\``);
      need(right, labels, `label of \`on\`, right of \`${operator}\``);
    } else need(either, labels, 'label of `ignoring`');
    if (operator === 'or') return either;
    if (!on) needSameLabels(left, right, labels, node);
    if (operator === 'and' || operator === 'unless') return left;
    const [result, other] = many === 'right' ? [right, left] : [left, right];
    if (many === undefined) return on ? shapeOf(labels, left) : shapeWithout(left, labels);
    need(other, copied, `label of \`group_${many}\``);
    return shapeWith(result, shapeOf(copied, other).labels);
  }

  /** Without `on`, all labels of both sides must be equal: one that only one side has matches nothing. */
  function needSameLabels(
    left: SeriesShape,
    right: SeriesShape,
    ignored: readonly string[],
    node: PromqlNode,
  ): void {
    if (left.isOpen || right.isOpen) return;
    const all = [...new Set([...left.labels.keys(), ...right.labels.keys()])];
    const common = all.filter((label) => left.labels.has(label) && right.labels.has(label));
    const alone = all.filter((label) => !common.includes(label) && !ignored.includes(label));
    if (alone.length === 0) return;
    problems.push(
      `sides of \`${operatorOf(node)}\`: expected the same labels left and right, received ${alone.map((label) => `\`${label}\``).join(', ')} on one of them only; write \`on (${common.join(', ')})\` or \`ignoring (${alone.join(', ')})\`, in \`${node.text}\``,
    );
  }

  function shapeOfNode(node: PromqlNode): SeriesShape | undefined {
    if (/^(NumberDurationLiteral\w*|StringLiteral)$/.test(node.name)) return undefined;
    if (node.name === 'VectorSelector') return selected(node);
    if (node.name === 'AggregateExpr') return aggregated(node);
    if (node.name === 'FunctionCall') return called(node);
    if (node.name === 'BinaryExpr') return combined(node);
    // Parentheses, ranges, subqueries and offsets have the labels of what is inside.
    const inner = childOf(node, 'Expr') ?? childOf(node, 'VectorSelector');
    return inner === undefined ? unknownShape : shapeOfNode(inner);
  }

  problems.push(...grammarGaps(root, known.target));
  const shape = shapeOfNode(root);
  return { shape, series: [...series], problems };
}
