/**
 * Every expression of a bundle, read before Prometheus would: its syntax and types, its metrics, labels and values. What does not
 * fit is one error with all of them, each with its place and the mend.
 */
import { metricsError } from '../../errors.js';
import { withoutGrafanaVariables } from '../dashboards/grafana-variables.js';
import { type Alert, isAlert, type PanelQuery, type RecordingRule, type RuleGroup } from '../model.js';
import { type ExpressionReading, type KnownSeries, readLabels } from './expression-labels.js';
import type { PromqlParser } from './promql.js';

/** An expression, and where it stands. */
export interface PlacedExpression {
  readonly place: string;
  readonly expression: string;
  /** One series of a test, written as a selector: its `le` has one text. */
  readonly isSeries?: boolean;
}

/** What was read of an expression, for whoever asks what it reads. */
export type ReadExpression = (expression: string, isSeries?: boolean) => ExpressionReading;

/** Reads each expression once. */
export function expressionReader(known: KnownSeries, parse: PromqlParser): ReadExpression {
  const readings = new Map<string, ExpressionReading>();
  return (expression, isSeries = false) => {
    const key = `${isSeries} ${expression}`;
    const found = readings.get(key);
    if (found !== undefined) return found;
    const parsed = parse(withoutGrafanaVariables(expression));
    const reading = readLabels(parsed, isSeries ? { ...known, isSeries } : known);
    readings.set(key, reading);
    return reading;
  };
}

/**
 * Checks all expressions of rules, alerts, their runbooks and tests, and panels.
 * @throws ERR_METRICS_INVALID_MONITORING: one error that lists every mistake
 */
export function checkExpressions(
  groups: readonly RuleGroup[],
  queries: readonly PanelQuery[],
  read: ReadExpression,
): void {
  const problems = [
    ...expressionsOf(groups, queries).flatMap(({ place, expression, isSeries }) =>
      read(expression, isSeries).problems.map((problem) => shownProblem(place, problem, expression)),
    ),
    ...groups.flatMap((group) =>
      group.rules.flatMap((rule) =>
        isAlert(rule) ? templateProblems(rule, placeOf(group, rule), read) : [],
      ),
    ),
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

/** All expressions with their places, in the order of the files. */
export function expressionsOf(
  groups: readonly RuleGroup[],
  queries: readonly PanelQuery[],
): PlacedExpression[] {
  const ofRules = groups.flatMap((group) =>
    group.rules.flatMap((rule) => {
      const place = placeOf(group, rule);
      const own = [{ place, expression: rule.expression }];
      return isAlert(rule) ? [...own, ...expressionsBeside(rule, place)] : own;
    }),
  );
  const ofPanels = queries.map(({ dashboard, panel, expression }) => ({
    place: `panel \`${panel}\` of dashboard \`${dashboard}\``,
    expression,
  }));
  return [...ofRules, ...ofPanels];
}

function expressionsBeside({ runbook, tests }: Alert, place: string): PlacedExpression[] {
  return [
    { place: `runbook of ${place}`, expression: runbook.query },
    ...Object.entries(tests).flatMap(([name, { series }]) =>
      Object.keys(series).map((expression) => ({
        place: `test \`${name}\` of ${place}`,
        expression,
        isSeries: true,
      })),
    ),
  ];
}

function placeOf({ file }: RuleGroup, rule: Alert | RecordingRule): string {
  const what = isAlert(rule) ? `alert \`${rule.name}\`` : `record \`${rule.record}\``;
  return `${what} in prometheus/rules/${file}.yml`;
}

function shownProblem(place: string, problem: string, expression: string): string {
  return `${place}: ${problem}. The expression: ${expression.replaceAll(/\s+/g, ' ').trim()}`;
}

/** `{{ $labels.x }}` of a label that the alert's series have not is empty in the message, at night. */
function templateProblems(alert: Alert, place: string, read: ReadExpression): string[] {
  const { shape } = read(alert.expression);
  const labels = shape?.labels ?? new Map<string, unknown>();
  if (shape?.isOpen === true) return [];
  const texts = [alert.summary, alert.description, ...Object.values(alert.labels ?? {})];
  const used = texts.flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label));
  return [...new Set(used)]
    .filter((label) => !labels.has(label))
    .map((label) =>
      shownProblem(
        place,
        `\`{{ $labels.${label} }}\`: expected ${labels.size === 0 ? 'no label, since its series have none' : `one of ${[...labels.keys()].join(', ')}`}, received "${label}"`,
        alert.expression,
      ),
    );
}
