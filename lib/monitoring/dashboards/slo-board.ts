/** Service level objectives: what is left of their budgets, and how fast these burn. */
import type { BundlePart } from '../bundle-parts.js';
import { isAlert, type RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import type { Board, Query, Row, Variable } from './board.js';
import { gauge, stat, table, timeSeries } from './panels.js';
import { recorded } from './queries.js';
import { jobVariable } from './variables.js';

const objective = 'slo:objective:ratio';
const budget = 'slo:error_budget_remaining:ratio';
const errorRatio = 'slo:sli_error:ratio_rate';

/** Windows of what is recorded of each objective, the shortest first. */
const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const;

export function sloBoard(settings: BundleSettings, groups: readonly RuleGroup[]): Board {
  const records = new Set(
    groups.flatMap(({ rules }) => rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record]))),
  );
  const measured = windows.filter((window) => records.has(errorRatio + window));
  const has = records.has(objective);
  return {
    name: 'slo',
    title: 'service levels',
    description: has
      ? 'What each objective still allows, and how fast that is used up.'
      : 'No objective is defined: what one might be set on.',
    variables: [jobVariable(settings), ...(has ? [sloVariable] : [])],
    rows: [...(has ? [objectiveRow(records.has(budget)), burnRow(measured)] : []), ...indicatorRow(settings)],
  };
}

const sloVariable: Variable = {
  name: 'slo',
  label: 'Objective',
  description: 'Objectives of the service that have rules.',
  query: `label_values(${objective}{job=~"$job"}, slo)`,
};

/** Records of objectives have the labels `job` and `slo`, whatever else they have. */
function of(record: string): string {
  return `${record}{job=~"$job",slo=~"$slo"}`;
}

function objectiveRow(hasBudget: boolean): Row {
  return {
    title: 'Objectives and their budgets',
    panels: [
      ...(hasBudget
        ? [
            gauge({
              title: 'Budget that is left',
              description:
                'Share of the failures that the objective allows in its period, which have not happened. At 0 it is broken.',
              unit: 'percentunit',
              width: 8,
              colours: ['red', [0.1, 'orange'], [0.5, 'green']],
              queries: [{ expression: of(budget), legend: '{{slo}}' }],
            }),
            timeSeries({
              title: 'Budget that is left, over time',
              description:
                'How the budget goes. A step down is an incident, a slope a fault that no one has noticed.',
              unit: 'percentunit',
              max: 1,
              width: 10,
              queries: [{ expression: of(budget), legend: '{{slo}}' }],
            }),
          ]
        : []),
      stat({
        title: 'Objective',
        description: 'Share of events that must be good.',
        unit: 'percentunit',
        width: 6,
        height: 8,
        queries: [{ expression: of(objective), legend: '{{slo}}' }],
      }),
    ],
  };
}

function burnRow(measured: readonly string[]): Row {
  const errors = (window: string): Query => ({
    expression: of(errorRatio + window),
    legend: `{{slo}} ${window}`,
  });
  const burn = (window: string): Query => ({
    expression: `${of(errorRatio + window)} / on (job, slo) group_left () (1 - max by (job, slo) (${of(objective)}))`,
    legend: `{{slo}} ${window}`,
  });
  return {
    title: 'Errors and burn rates',
    panels: [
      timeSeries({
        title: 'Bad events, by share',
        description: 'Share of events that were bad, over each window.',
        unit: 'percentunit',
        min: 0,
        width: 12,
        queries: measured.map(errors),
      }),
      timeSeries({
        title: 'Burn rate',
        description:
          'How many times faster than allowed the budget is used, over each window. 1 uses it up just in its period; 14.4 over an hour, 2 % of 30 days in that hour, wakes someone.',
        unit: 'short',
        min: 0,
        width: 12,
        colours: ['green', [1, 'orange'], [14.4, 'red']],
        queries: measured.map(burn),
      }),
      table({
        title: 'Burn rates now',
        description: 'How many times faster than allowed each budget is used, over each window.',
        unit: 'short',
        queries: measured.map((window) => ({ ...burn(window), legend: window })),
      }),
    ],
  };
}

/** What the bundle records of its parts, whatever objective there is. */
function indicatorRow({ parts }: BundleSettings): Row[] {
  const of = (part: BundlePart, query: Query): Query[] => (parts.has(part) ? [query] : []);
  if (!(parts.has('http') || parts.has('provider') || parts.has('workflow'))) return [];
  return [
    {
      title: 'Indicators: errors and durations of each subject',
      panels: [
        timeSeries({
          title: 'Failures by share',
          description: `Failures in all, over five minutes${parts.has('workflow') ? '; of issues, over an hour, what did not succeed' : ''}.`,
          unit: 'percentunit',
          min: 0,
          max: 1,
          width: 12,
          queries: [
            ...of('http', {
              ...recorded('job:http_server_requests_failed:ratio_rate5m'),
              legend: 'inbound requests',
            }),
            ...of('provider', {
              ...recorded('job_provider:ai_requests_failed:ratio_rate5m'),
              legend: 'AI requests, {{provider}}',
            }),
            ...of('workflow', {
              ...recorded('job_workflow:workflows_failed:ratio_rate5m'),
              legend: 'workflows, {{workflow_type}}',
            }),
            ...of('workflow', {
              expression: `1 - ${recorded('job:issues_success:ratio_rate1h').expression}`,
              legend: 'issues',
            }),
          ],
        }),
        timeSeries({
          title: 'Durations: p99',
          description: 'One in a hundred takes longer than this.',
          unit: 's',
          min: 0,
          width: 12,
          queries: [
            ...of('http', {
              ...recorded('job:http_server_request_duration_seconds:p99_rate5m'),
              legend: 'inbound requests',
            }),
            ...of('provider', {
              ...recorded('job_provider:ai_request_duration_seconds:p99_rate5m'),
              legend: 'AI requests, {{provider}}',
            }),
            ...of('workflow', {
              ...recorded('job_workflow:workflow_completion_duration_seconds:p99_rate5m'),
              legend: 'workflows, {{workflow_type}}',
            }),
          ],
        }),
      ],
    },
  ];
}
