/**
 * Checks every expression of a bundle before Prometheus reads it: syntax, types, metrics, labels and values. All mistakes are one
 * error, each with its place and what to write instead.
 */
import { metricsError } from '../../errors.js';
import { type Alert, isAlert, type PanelQuery, type RecordingRule, type RuleGroup } from '../model.js';
import { type ExpressionReading, type KnownSeries, readLabels } from './expression-labels.js';
import { withoutGrafanaVariables } from './grafana-variables.js';
import type { PromqlParser } from './promql.js';

/** @param isSeries one series of a test, written as a selector: its `le` has one spelling */
export type ReadExpression = (expression: string, isSeries?: boolean) => ExpressionReading;

/** Reads each expression once. */
export function expressionReader(known: KnownSeries, parse: PromqlParser): ReadExpression {
  const readings = new Map<string, ExpressionReading>();
  return (expression, isSeries = false) => {
    const key = `${isSeries} ${expression}`;
    const found = readings.get(key);
    if (found !== undefined) return found;
    const reading = readLabels(parse(withoutGrafanaVariables(expression)), { ...known, isSeries });
    readings.set(key, reading);
    return reading;
  };
}

/**
 * Checks the expressions of rules, alerts, runbooks, tests and panels, and the labels in the texts of alerts.
 * @throws ERR_METRICS_INVALID_MONITORING: one error that lists every mistake
 */
export function checkExpressions(
  groups: readonly RuleGroup[],
  queries: readonly PanelQuery[],
  read: ReadExpression,
): void {
  const rules = groups.flatMap((group) => group.rules.map((rule) => ({ rule, place: placeOf(group, rule) })));
  const problemsAt = (place: string, expression: string, isSeries = false): string[] =>
    read(expression, isSeries).problems.map((problem) => shownProblem(place, problem, expression));
  const problems = [
    ...rules.flatMap(({ rule, place }) => {
      const own = problemsAt(place, rule.expression);
      if (!isAlert(rule)) return own;
      const beside = Object.entries(rule.tests).flatMap(([name, { series }]) =>
        Object.keys(series).flatMap((each) => problemsAt(`test \`${name}\` of ${place}`, each, true)),
      );
      return [...own, ...problemsAt(`runbook of ${place}`, rule.runbook.query), ...beside];
    }),
    ...queries.flatMap(({ dashboard, panel, expression }) =>
      problemsAt(`panel \`${panel}\` of dashboard \`${dashboard}\``, expression),
    ),
    ...rules.flatMap(({ rule, place }) => (isAlert(rule) ? templateProblems(rule, place, read) : [])),
  ];
  const [only, ...more] = problems;
  if (only === undefined) return;
  throw metricsError(
    'ERR_METRICS_INVALID_MONITORING',
    more.length === 0
      ? `Invalid monitoring bundle: ${only}`
      : `Invalid monitoring bundle, ${problems.length} problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}

function placeOf({ file }: RuleGroup, rule: Alert | RecordingRule): string {
  const what = isAlert(rule) ? `alert \`${rule.name}\`` : `record \`${rule.record}\``;
  return `${what} in prometheus/rules/${file}.yml`;
}

function shownProblem(place: string, problem: string, expression: string): string {
  return `${place}: ${problem}${problem.endsWith('?') ? '' : '.'} The expression: ${expression.replaceAll(/\s+/g, ' ').trim()}`;
}

/** `{{ $labels.x }}` of a label that the series of the alert lack is empty in the message. */
function templateProblems(alert: Alert, place: string, read: ReadExpression): string[] {
  const { labels, isOpen } = read(alert.expression).shape ?? { labels: new Map(), isOpen: false };
  if (isOpen) return [];
  const expected =
    labels.size === 0 ? 'no label, since its series have none' : `one of ${[...labels.keys()].join(', ')}`;
  const texts = [alert.summary, alert.description, ...Object.values(alert.labels ?? {})].join(' ');
  const used = new Set([...texts.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label));
  return [...used]
    .filter((label) => !labels.has(label))
    .map((label) =>
      shownProblem(
        place,
        `\`{{ $labels.${label} }}\`: expected ${expected}, received "${label}"`,
        alert.expression,
      ),
    );
}
