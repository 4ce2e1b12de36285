/**
 * Follows the labels through an expression, from its selectors to its result, and holds every use of one to what is there: a
 * sum by a label that the metric lacks, or two sides that can never match, give nothing, silently.
 */
import { nearest, shown } from '../../errors.js';
import type { PrometheusVersion } from '../settings.js';
import { grammarGaps } from './grammar-gaps.js';
import { matcherProblem, matchesNothing } from './matcher-checks.js';
import type { ParsedPromql, PromqlNode } from './promql.js';
import {
  argumentsOf,
  calleeOf,
  groupingOf,
  matchingOf,
  operatorOf,
  type Selector,
  selectorOf,
  stringOf,
  textOf,
} from './promql-parts.js';
import {
  type SeriesShape,
  shapeOfEither,
  shapeOfOnly,
  shapeWith,
  shapeWithout,
  unknownShape,
} from './series-shape.js';
import { binaryShape } from './vector-matching.js';

/** What may be read. */
export interface KnownSeries {
  readonly target: PrometheusVersion;
  /** What is read is the name of one series, not a selector of many. */
  readonly isSeries?: boolean;
  /** `undefined` for a name that there is not. */
  shapeOf(name: string): SeriesShape | undefined;
  isGauge(name: string): boolean;
  names(): Iterable<string>;
}

export interface ExpressionReading {
  /** Of the result; `undefined` for a number or a text. */
  readonly shape: SeriesShape | undefined;
  /** Series that it reads, by name, as they first occur. */
  readonly series: readonly string[];
  /** What is wrong, in words. */
  readonly problems: readonly string[];
}

const numbers = /^(time|pi|scalar)$/;
const numberLiterals = /^(NumberDurationLiteral\w*|StringLiteral)$/;
const counterFunctions = /^(rate|irate|increase)$/;

export function readLabels(
  { text, root, problems: found }: ParsedPromql,
  known: KnownSeries,
): ExpressionReading {
  const problems = [...found];
  const series = new Set<string>();
  if (root === undefined) return { shape: unknownShape, series: [], problems };

  function need(shape: SeriesShape, label: string, what: string): void {
    if (shape.isOpen || shape.labels.has(label) || label === '__name__') return;
    const meant = nearest(label, shape.labels.keys());
    problems.push(
      `${what}: expected ${shape.labels.size === 0 ? 'no label, since the series have none' : `one of ${[...shape.labels.keys()].join(', ')}`}, received ${shown(label)}${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
    );
  }

  function selected(node: PromqlNode): SeriesShape {
    const selector = selectorOf(node, text);
    const shape = namedShape(selector);
    for (const matcher of selector.matchers) {
      need(shape, matcher.label, `label of \`${selector.name ?? textOf(node, text)}\``);
      const problem = matcherProblem(matcher, shape.labels.get(matcher.label) ?? {}, known);
      if (problem !== undefined) problems.push(`\`${selector.name ?? textOf(node, text)}\`, ${problem}`);
    }
    const absent = selector.matchers.filter(({ operator, value }) => operator === '=' && value === '');
    return shapeWithout(
      shape,
      absent.map(({ label }) => label),
    );
  }

  function namedShape({ name, namePattern, matchers }: Selector): SeriesShape {
    if (name !== undefined) {
      series.add(name);
      const shape = known.shapeOf(name);
      if (shape !== undefined) return shape;
      const meant = nearest(name, known.names());
      const parts = ['_bucket', '_sum', '_count'].filter((part) => known.shapeOf(name + part) !== undefined);
      problems.push(
        parts.length > 0
          ? `metric \`${name}\`: expected one of its parts (${parts.map((part) => name + part).join(', ')}), received ${shown(name)}`
          : `expected a metric of a definition or a recorded series, received ${shown(name)}${meant === undefined ? '; declare it in `definitions`, or record it in `recordingRules`' : `; did you mean \`${meant}\`?`}`,
      );
      return unknownShape;
    }
    if (namePattern === undefined) {
      // All series of a target, to count them: nothing but the labels of targets is in each.
      if (matchers.every(matchesNothing))
        problems.push('selector without a name: expected a matcher that an empty text does not match');
      for (const { label } of matchers)
        if (label !== 'job' && label !== 'instance')
          problems.push(`label \`${label}\`: expected the name of a metric beside it, received none`);
      return unknownShape;
    }
    const matching = [...known.names()].filter(
      (each) => matcherProblem(namePattern, { values: [each] }, known) === undefined,
    );
    for (const each of matching) series.add(each);
    if (matching.length === 0) problems.push(`no metric's name is matched by ${shown(namePattern.value)}`);
    return matching
      .map((each) => known.shapeOf(each) ?? unknownShape)
      .reduce(shapeOfEither, { labels: new Map(), isOpen: matching.length === 0 });
  }

  function aggregated(node: PromqlNode): SeriesShape {
    const operator = calleeOf(node, text);
    const operands = argumentsOf(node);
    const shapes = operands.map(shapeOf);
    const operand = shapes.at(-1) ?? unknownShape;
    const grouping = groupingOf(node, text);
    for (const label of grouping?.labels ?? [])
      need(operand, label, `label of \`${operator} ${grouping?.by === true ? 'by' : 'without'}\``);
    if (/^(topk|bottomk|limitk|limit_ratio)$/.test(operator)) return operand;
    const grouped =
      grouping === undefined
        ? shapeOfOnly(operand, [])
        : grouping.by
          ? shapeOfOnly(operand, grouping.labels)
          : shapeWithout(operand, grouping.labels);
    const [parameter] = operands;
    return operator === 'count_values' && parameter?.name === 'StringLiteral'
      ? shapeWith(grouped, [[stringOf(parameter, text), {}]])
      : grouped;
  }

  function called(node: PromqlNode): SeriesShape | undefined {
    const callee = calleeOf(node, text);
    const given = argumentsOf(node);
    const shapes = given.map(shapeOf);
    if (numbers.test(callee)) return undefined;
    const shape = shapes.find((each) => each !== undefined) ?? shapeOfOnly(unknownShape, []);
    const literals = given.map((each) => (each.name === 'StringLiteral' ? stringOf(each, text) : undefined));
    if (callee === 'label_replace' || callee === 'label_join') {
      for (const source of callee === 'label_replace' ? literals.slice(3, 4) : literals.slice(3))
        if (source !== undefined && source !== '') need(shape, source, `label that \`${callee}\` reads`);
      const [, made] = literals;
      return made === undefined ? unknownShape : shapeWith(shape, [[made, {}]]);
    }
    if (callee === 'info') return { ...shape, isOpen: true };
    if (callee === 'absent' || callee === 'absent_over_time') return absentShape(given[0]);
    if (/^histogram_(quantile|fraction)$/.test(callee)) {
      need(shape, 'le', `\`${callee}\` of what has no buckets by \`le\``);
      return shapeWithout(shape, ['le']);
    }
    if (counterFunctions.test(callee)) {
      const selector = given[0]?.getChild('VectorSelector') ?? null;
      const name = selector === null ? undefined : selectorOf(selector, text).name;
      if (name !== undefined && known.isGauge(name))
        problems.push(
          `\`${callee}\`: expected a counter, received the gauge \`${name}\`; use \`delta\` or \`deriv\``,
        );
    }
    return shape;
  }

  /** One series, with what the selector says of its labels. */
  function absentShape(given: PromqlNode | undefined): SeriesShape {
    const selector = given?.name === 'VectorSelector' ? given : (given?.getChild('VectorSelector') ?? null);
    const fixed =
      selector === null
        ? []
        : selectorOf(selector, text)
            .matchers.filter(({ operator, value }) => operator === '=' && value !== '')
            .map(({ label }) => label);
    return shapeOfOnly(unknownShape, fixed);
  }

  function shapeOf(node: PromqlNode): SeriesShape | undefined {
    if (numberLiterals.test(node.name)) return undefined;
    if (node.name === 'VectorSelector') return selected(node);
    if (node.name === 'AggregateExpr') return aggregated(node);
    if (node.name === 'FunctionCall') return called(node);
    if (node.name === 'BinaryExpr') {
      const { firstChild, lastChild } = node;
      if (firstChild === null || lastChild === null) return unknownShape;
      const sides = { left: shapeOf(firstChild), right: shapeOf(lastChild) };
      return binaryShape(sides, operatorOf(node, text), matchingOf(node, text), {
        need,
        tell: (problem) => problems.push(`${problem}, in \`${textOf(node, text)}\``),
      });
    }
    // Parentheses, ranges, subqueries, offsets: what is inside.
    const inner = node.getChild('Expr') ?? node.getChild('VectorSelector');
    return inner === null ? unknownShape : shapeOf(inner);
  }

  problems.push(...grammarGaps(root, text, known.target));
  const shape = shapeOf(root);
  return { shape, series: [...series], problems };
}
