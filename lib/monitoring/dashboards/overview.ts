/** The dashboard to begin with: each subject in a few panels, and the user's own metrics. */
import { aiCost } from '../../catalogue/provider.js';
import {
  activeAutonomousLoops,
  errors,
  escalations,
  pendingApprovals,
  queueDepth,
} from '../../catalogue/workflow.js';
import type { Thresholds } from '../alerts/thresholds.js';
import { selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import type { Board, Panel, Query, Row } from './board.js';
import { stat, timeSeries } from './panels.js';
import { answeringProcesses, versionTable } from './process-rows.js';
import { type BoardQueries, boardQueries, recorded, variable } from './queries.js';
import { ownRow } from './user-metrics.js';
import { targetVariables } from './variables.js';

export function overviewBoard(settings: BundleSettings): Board {
  const queries = boardQueries([]);
  const { parts } = settings;
  return {
    name: 'overview',
    title: 'overview',
    description: `Whether the ${parts.has('workflow') ? 'platform' : 'service'} does its work: each subject in a few panels. The links lead to a dashboard each.`,
    variables: targetVariables(settings),
    rows: [
      nowRow(queries, settings),
      ...(parts.has('workflow') ? [workRow(settings)] : []),
      ...(parts.has('provider') ? [providerRow()] : []),
      ...(parts.has('platform') ? [platformRow(parts.has('http'))] : parts.has('http') ? [inboundRow()] : []),
      ...(parts.has('workflow') ? [troubleRow(queries)] : []),
      ...ownRow(queries, settings.ownDefinitions),
      { title: 'Versions', panels: [versionTable(queries, 24)] },
    ],
  };
}

function nowRow(queries: BoardQueries, { thresholds, parts }: BundleSettings): Row {
  const firing = selector(alertStates, {
    service: variable('job'),
    alertstate: 'firing',
    severity: { noneOf: ['none'] },
  });
  return {
    title: 'Now',
    panels: [
      stat({
        title: 'Alerts that fire',
        description: 'Alerts of the service that fire; the Watchdog, which always does, is left out.',
        unit: 'short',
        colours: ['green', [1, 'red']],
        queries: [{ expression: `sum(${firing}) or vector(0)`, legend: 'all' }],
      }),
      answeringProcesses(queries),
      ...(parts.has('workflow') ? workStats(queries, thresholds) : []),
      ...(parts.has('provider') ? [costStat(queries)] : []),
    ],
  };
}

function workStats(queries: BoardQueries, thresholds: Thresholds): Panel[] {
  return [
    stat({
      title: 'Issues that succeed, last hour',
      description: 'Successes in all issues that ended in the last hour.',
      unit: 'percentunit',
      colours: ['red', [1 - thresholds.workflowFailureShare, 'green']],
      queries: [recorded('job:issues_success:ratio_rate1h', ['job'])],
    }),
    stat({
      title: 'Loops in progress',
      description: 'Autonomous loops in progress.',
      unit: 'short',
      queries: [queries.now(activeAutonomousLoops)],
    }),
    stat({
      title: 'Waiting',
      description: 'Items that wait in queues, and approvals that wait for a human.',
      unit: 'short',
      queries: [
        { ...queries.now(queueDepth), legend: 'queued' },
        { ...queries.now(pendingApprovals), legend: 'approvals' },
      ],
    }),
  ];
}

function costStat(queries: BoardQueries): Panel {
  return stat({
    title: 'AI cost in this time',
    description: 'What the requests to AI providers in the range of the dashboard cost.',
    unit: 'currencyUSD',
    queries: [queries.total(aiCost)],
  });
}

function workRow({ thresholds }: BundleSettings): Row {
  return {
    title: 'Workflows: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Workflows ended',
        description: 'Workflows that end, a second, over five minutes, by type.',
        unit: 'cps',
        min: 0,
        queries: [recorded('job_workflow:workflows_completed:rate5m', ['workflow_type'])],
      }),
      timeSeries({
        title: 'Share of workflows that fail',
        description: 'Failures in all that ended, over five minutes, by type.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        colours: ['green', [thresholds.workflowFailureShare, 'red']],
        queries: [recorded('job_workflow:workflows_failed:ratio_rate5m', ['workflow_type'])],
      }),
      timeSeries({
        title: 'Duration of workflows: p95',
        description: 'One workflow in twenty takes longer than this, by type.',
        unit: 's',
        min: 0,
        queries: [
          recorded('job_workflow:workflow_completion_duration_seconds:p95_rate5m', ['workflow_type']),
        ],
      }),
    ],
  };
}

function providerRow(): Row {
  return {
    title: 'AI providers: rate, errors, duration, cost',
    panels: [
      timeSeries({
        title: 'AI requests',
        description: 'Requests that start, a second, over five minutes, by provider.',
        unit: 'reqps',
        min: 0,
        width: 6,
        queries: [recorded('job_provider:ai_requests:rate5m', ['provider'])],
      }),
      timeSeries({
        title: 'Share of AI requests that fail',
        description: 'Failures in all that ended, over five minutes, by provider.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        width: 6,
        queries: [recorded('job_provider:ai_requests_failed:ratio_rate5m', ['provider'])],
      }),
      timeSeries({
        title: 'Duration of AI requests: p95',
        description: 'One request in twenty takes longer than this, by provider.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [recorded('job_provider:ai_request_duration_seconds:p95_rate5m', ['provider'])],
      }),
      timeSeries({
        title: 'AI cost an hour',
        description: 'What an hour at the pace of the last one costs, by provider.',
        unit: 'currencyUSD',
        min: 0,
        width: 6,
        stacked: true,
        queries: [
          {
            expression: `3600 * ${recorded('job_provider:ai_cost_usd:rate1h').expression}`,
            legend: '{{provider}}',
          },
        ],
      }),
    ],
  };
}

/** A service without git platforms has its requests here; with them they are beside the platforms'. */
function inboundRow(): Row {
  return {
    title: 'Inbound HTTP: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Inbound requests',
        description: 'Requests that end, a second, over five minutes, by route and method.',
        unit: 'reqps',
        min: 0,
        queries: [recorded('job_route:http_server_requests:rate5m', ['route', 'method'])],
      }),
      timeSeries({
        title: 'Share of inbound requests that fail',
        description: 'Answers of 500 and above in all, over five minutes.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [recorded('job:http_server_requests_failed:ratio_rate5m')],
      }),
      timeSeries({
        title: 'Duration of inbound requests: p95',
        description: 'One request in twenty takes longer than this.',
        unit: 's',
        min: 0,
        queries: [recorded('job:http_server_request_duration_seconds:p95_rate5m')],
      }),
    ],
  };
}

function platformRow(hasInbound: boolean): Row {
  const inbound = (record: string): Query[] =>
    hasInbound ? [{ ...recorded(record), legend: 'inbound requests' }] : [];
  const andInbound = hasInbound ? ', of inbound requests' : '';
  return {
    title: `Git platforms${hasInbound ? ' and HTTP' : ''}: rate, errors, duration`,
    panels: [
      timeSeries({
        title: 'Webhooks received',
        description: 'Webhooks that arrive, a second, over five minutes, by platform.',
        unit: 'cps',
        min: 0,
        queries: [recorded('job_platform:webhooks_received:rate5m', ['platform'])],
      }),
      timeSeries({
        title: 'Failures by share',
        description: `Failures in all, over five minutes: of webhooks by platform, of outbound requests by service${andInbound}.`,
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [
          { ...recorded('job_platform:webhooks_failed:ratio_rate5m'), legend: 'webhooks of {{platform}}' },
          { ...recorded('job_service:api_requests_failed:ratio_rate5m'), legend: 'requests to {{service}}' },
          ...inbound('job:http_server_requests_failed:ratio_rate5m'),
        ],
      }),
      timeSeries({
        title: 'Durations: p95',
        description: `One request in twenty takes longer than this: of outbound requests by service${andInbound}.`,
        unit: 's',
        min: 0,
        queries: [
          {
            ...recorded('job_service:api_request_duration_seconds:p95_rate5m'),
            legend: 'requests to {{service}}',
          },
          ...inbound('job:http_server_request_duration_seconds:p95_rate5m'),
        ],
      }),
    ],
  };
}

function troubleRow(queries: BoardQueries): Row {
  return {
    title: 'Trouble',
    panels: [
      timeSeries({
        title: 'Errors',
        description: 'Errors that no other metric counts, a second, by component and severity.',
        unit: 'cps',
        min: 0,
        width: 12,
        queries: [queries.perSecond(errors, ['component', 'severity'])],
      }),
      timeSeries({
        title: 'Escalations',
        description: 'Work handed to humans, a second, by reason.',
        unit: 'cps',
        min: 0,
        width: 12,
        queries: [queries.perSecond(escalations, ['reason'])],
      }),
    ],
  };
}
