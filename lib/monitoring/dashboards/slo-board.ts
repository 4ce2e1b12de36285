/** Service level objectives: their remaining error budgets, and how fast these burn. */
import { isAlert, type RuleGroup } from '../model.js';
import { promql, variable } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import { type Board, jobVariable, type Variable } from './board.js';
import { gauge, lines, panels, type Row, row, stat, styled, table, wide } from './panels.js';

const objective = 'slo:objective:ratio';
const budget = 'slo:error_budget_remaining:ratio';
const errorRatio = 'slo:sli_error:ratio_rate';

/** Windows of the recorded error ratios, in ascending order. */
const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const;

/** Records of objectives have the labels `job` and `slo`. */
const { record } = promql({ matchers: { job: variable('job') }, window: '' });
const of = (name: string): string => record(name, { slo: variable('slo') });

export function sloBoard(settings: BundleSettings, groups: readonly RuleGroup[]): Board {
  const rules = groups.flatMap((group) => group.rules);
  const records = new Set(rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record])));
  const has = records.has(objective);
  return {
    name: 'slo',
    values: { issues: settings.parts.has('workflow') ? '; for issues, over an hour' : '' },
    title: 'service levels',
    description: has
      ? 'The remaining error budget of each objective, and how fast it burns.'
      : 'No objective is defined. These indicators are candidates.',
    variables: [jobVariable(settings), ...(has ? [sloVariable] : [])],
    rows: [...(has ? objectiveRows(records) : []), ...indicatorRow(settings)],
  };
}

const sloVariable: Variable = {
  name: 'slo',
  label: 'Objective',
  description: 'Objectives of the job.',
  query: `label_values(${record(objective)}, slo)`,
};

function objectiveRows(records: ReadonlySet<string>): Row[] {
  const left = lines('percentunit', { '{{slo}}': of(budget) });
  const measured = windows.filter((window) => records.has(errorRatio + window));
  const over = (legend: string, expression: (errors: string) => string) =>
    Object.fromEntries(measured.map((window) => [`${legend}${window}`, expression(of(errorRatio + window))]));
  const burn = (errors: string) =>
    `${errors} / on (job, slo) group_left () (1 - max by (job, slo) (${of(objective)}))`;
  const shares = lines('percentunit', over('{{slo}} ', String));
  const budgets = panels`
    Error budget remaining ${gauge(left, ['red', [0.1, 'orange'], [0.5, 'green']])}
    Error budget remaining, over time ${styled(left, { min: undefined, max: 1, width: 10 })}
  `;
  return [
    row('Objectives and error budgets')`
      ${records.has(budget) && budgets}
      Objective ${styled(stat(lines('percentunit', { '{{slo}}': of(objective) })), { width: 6, height: 8 })}
    `,
    row('Errors and burn rates')`
      Share of bad events ${wide(shares)}
      Burn rate ${styled(lines('short', over('{{slo}} ', burn)), { width: 12, colours: ['green', [1, 'orange'], [14.4, 'red']] })}
      Burn rates now ${table(lines('short', over('', burn)))}
    `,
  ];
}

/** Part of the bundle, legend, start of the record of the failures, and of that of the durations. */
const indicators = [
  ['http', 'inbound requests', 'job:http_server_requests', 'job:http_server_request'],
  ['provider', 'AI requests, {{provider}}', 'job_provider:ai_requests', 'job_provider:ai_request'],
  ['workflow', 'workflows, {{workflow_type}}', 'job_workflow:workflows', 'job_workflow:workflow_completion'],
] as const;

/** Of each part of the bundle, with or without objectives. */
function indicatorRow({ parts }: BundleSettings): Row[] {
  const made = indicators.filter(([part]) => parts.has(part));
  if (made.length === 0) return [];
  const hasIssues = parts.has('workflow');
  const failures = lines('percentunit', {
    ...Object.fromEntries(
      made.map(([, legend, failed]) => [legend, record(`${failed}_failed:ratio_rate5m`)]),
    ),
    ...(hasIssues && { issues: `1 - ${record('job:issues_success:ratio_rate1h')}` }),
  });
  const durations = Object.fromEntries(
    made.map(([, legend, , timed]) => [legend, record(`${timed}_duration_seconds:p99_rate5m`)]),
  );
  return [
    row('Indicators: failures and durations by subject', { width: 12 })`
      Share of failures ${styled(failures, { max: 1 })}
      Durations: p99 ${lines('s', durations)}
    `,
  ];
}
